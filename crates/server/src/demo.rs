//! `--demo`: an invented township, loaded through the same import and the same admission as a real one, with some
//! weeks of history so that no screen is empty.

mod history;
mod scribe;

use gridbook_domain::import::{Existing, Options, Preview, RowDraft, Vocabulary, preview};
use gridbook_domain::package::Package;
use gridbook_domain::record::RecordKind;
use gridbook_log::{Body, Create, Placement};
use gridbook_sheets::demo::{accounts, township};
use serde_json::Value;

use crate::app::App;
use crate::clock::china_day;
use crate::password;
use crate::problem::ApiError;
use crate::sql;
use crate::writer::Ledger;
use crate::writer::rights::Person;
use scribe::Scribe;

/// The printed password of every demo account.
pub const PASSWORD: &str = "gridbook-demo";
/// Whose device loads the township.
const STEWARD: &str = "zhuangan01";
/// Whose device loads the staff: the sheet names people above the steward too.
const ADMINISTRATOR: &str = "guanli01";
/// Makes the demo's sheets the same each time.
pub const SEED: u64 = 20_260_401;
pub(super) const DAY_MS: u64 = 24 * 3600 * 1000;

/// Why the demo could not be filled.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The database refused.
    #[error("{0}")]
    Storage(ApiError),
    /// The generated sheets could not be read back.
    #[error("演示数据表读不出来:{0}")]
    Sheets(String),
    /// The database holds a real township.
    #[error("这个数据库不是演示库,没有写入任何演示数据;请换一个 --db,或去掉 --demo。")]
    NotDemo,
}

impl From<ApiError> for DemoError {
    fn from(error: ApiError) -> Self {
        Self::Storage(error)
    }
}

/// Fills an empty demo database; returns what to print: the accounts and their password.
///
/// # Errors
/// [`DemoError`]. A database with anything in it stays as it is.
pub async fn fill(app: &App) -> Result<String, DemoError> {
    if !app.tenant.demo {
        return Err(DemoError::NotDemo);
    }
    let known: i64 = sql::query_scalar("SELECT COUNT(*) FROM accounts WHERE tenant = ?")
        .bind(app.tenant.id)
        .fetch_one(&app.readers)
        .await
        .map_err(ApiError::from)?;
    if known == 0 {
        let now = app.clock.now_ms();
        let drafts = read_back(now)?;
        // One job: a demo is there whole or not at all.
        app.writer.run(move |ledger| Box::pin(load(ledger, drafts, now))).await?;
    }
    Ok(words())
}

/// Sheets to bytes to cells to drafts, as any township's file goes.
fn read_back(now: u64) -> Result<Vec<RowDraft>, DemoError> {
    let vocabulary = Vocabulary::of(Package::builtin());
    let sheets = |e: &dyn std::fmt::Display| DemoError::Sheets(e.to_string());
    let mut book = Vec::new();
    for (name, bytes) in township(SEED, &vocabulary).csv() {
        let sheet =
            gridbook_sheets::read_csv(&name, &bytes, gridbook_sheets::gb18030).map_err(|e| sheets(&e))?;
        book.push(sheet);
    }
    let options = Options {
        today: china_day(now),
        row_prefix: "demo".to_owned(),
        accept: std::collections::BTreeSet::new(),
    };
    let Preview { ok, bad, .. } = preview(&book, &vocabulary, &Existing::default(), &options);
    match bad.first() {
        None => Ok(ok),
        Some(problem) => Err(DemoError::Sheets(problem.message.clone())),
    }
}

async fn load(ledger: &mut Ledger, drafts: Vec<RowDraft>, now: u64) -> Result<(), ApiError> {
    ledger.travel(Some(now - 45 * DAY_MS));
    let people: Vec<Person> = drafts.iter().filter(|d| d.kind == RecordKind::Staff).map(person).collect();
    ledger.save_people(&people).await?;
    let hash = password::hash_now(PASSWORD, true).ok_or_else(ApiError::unavailable)?;
    sql::query("UPDATE accounts SET password = ? WHERE tenant = ?")
        .bind(hash)
        .bind(ledger.tenant.id)
        .execute(&mut ledger.conn)
        .await?;
    let (staff, drafts): (Vec<_>, Vec<_>) = drafts.into_iter().partition(|d| d.kind == RecordKind::Staff);
    let mut administrator = Scribe::new(ledger, ADMINISTRATOR).await?;
    for chunk in staff.chunks(500) {
        administrator.create_all(ledger, chunk.iter().map(create).collect(), now - 45 * DAY_MS).await?;
    }
    let mut steward = Scribe::new(ledger, STEWARD).await?;
    let mut households = Vec::new();
    for chunk in drafts.chunks(500) {
        let made: Vec<Body> = chunk.iter().map(create).collect();
        let ids = steward.create_all(ledger, made, now - 45 * DAY_MS).await?;
        households.extend(chunk.iter().zip(ids).filter(|(d, _)| d.kind == RecordKind::Household).map(
            |(d, id)| history::House {
                id,
                area: d.area.clone(),
                address: d.values.get("address_text").and_then(Value::as_str).unwrap_or("").to_owned(),
                head: d.values.get("head").and_then(Value::as_str).unwrap_or("").to_owned(),
            },
        ));
    }
    history::write(ledger, &households, now).await?;
    ledger.travel(None);
    Ok(())
}

fn create(draft: &RowDraft) -> Body {
    let all = draft.kind.is_directory().then_some(true);
    let area = Some(draft.area.clone()).filter(|a| !a.is_empty());
    Body::Create(Create {
        type_: draft.kind.as_str().to_owned(),
        form: (draft.kind == RecordKind::Household).then(|| "F-HOUSEHOLD/1".to_owned()),
        place: Placement { area, all, ..Placement::default() },
        set: draft.values.clone(),
        ..Create::default()
    })
}

/// The account that a row of the staff sheet asks for.
fn person(draft: &RowDraft) -> Person {
    let text = |path: &str| draft.values.get(path).and_then(Value::as_str).map(str::to_owned);
    Person {
        user: draft.key.clone(),
        name: text("name").unwrap_or_default(),
        phone: text("phone"),
        assignments: gridbook_domain::authority::assignments(&draft.values),
    }
}

fn words() -> String {
    let mut text = format!("演示镇:青禾镇(虚构)。演示账号的密码都是 {PASSWORD}\n");
    for account in accounts() {
        text.push_str(&format!("  {:<12}{}\n", account.user, account.about));
    }
    text
}
