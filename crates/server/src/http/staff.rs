//! The accounts of a township's people, for those who keep its data.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use chrono::NaiveDate;
use gridbook_domain::role::{Actor, Assignment, NotYours, is_account};
use gridbook_domain::territory::AreaCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{self, Segment};
use super::session::Session;
use crate::accounts;
use crate::admission::Admission;
use crate::app::App;
use crate::clock::china_day;
use crate::problem::ApiError;
use crate::sql;
use crate::writer::rights::Person;

/// Most people in one import.
const MAX_PEOPLE: usize = 2000;

/// Somebody of the staff.
#[derive(Serialize, ToSchema)]
pub(super) struct Staff {
    user: String,
    name: String,
    /// Last four digits only.
    phone_tail: Option<String>,
    #[schema(value_type = Vec<Object>)]
    assignments: Vec<Assignment>,
    disabled: bool,
    /// Has set a password.
    active: bool,
    /// Milliseconds since 1970; by day.
    last_seen: Option<i64>,
}

/// Answer of `GET /api/staff`.
#[derive(Serialize, ToSchema)]
pub(super) struct StaffList {
    staff: Vec<Staff>,
}

/// Everybody, in order of account names.
#[utoipa::path(get, path = "/api/staff", tag = "staff", security(("token" = [])),
    responses((status = 200, body = StaffList), (status = 403, description = "forbidden")))]
pub(super) async fn list(State(app): State<Arc<App>>, session: Session) -> Result<Json<StaffList>, ApiError> {
    if !session.manages_staff(&app) && !session.grants_by_name(&app) {
        return Err(ApiError::forbidden());
    }
    Ok(Json(StaffList { staff: read(&app, None).await? }))
}

async fn read(app: &App, only: Option<&str>) -> Result<Vec<Staff>, ApiError> {
    let rows = sql::query(
        "SELECT a.account, a.name, a.phone, a.disabled, a.password IS NOT NULL AS active,
                (SELECT MAX(seen_at) FROM sessions s WHERE s.tenant = a.tenant AND s.account = a.account) AS seen
         FROM accounts a WHERE a.tenant = ? AND (? IS NULL OR a.account = ?) ORDER BY a.account",
    )
    .bind(app.tenant.id)
    .bind(only)
    .bind(only)
    .fetch_all(&app.readers)
    .await?;
    let mut held: std::collections::HashMap<String, Vec<Assignment>> = std::collections::HashMap::new();
    let roles = sql::query(
        "SELECT account, role, area, unit, valid_from, valid_to FROM assignments
         WHERE tenant = ? AND (? IS NULL OR account = ?) ORDER BY account, ord",
    )
    .bind(app.tenant.id)
    .bind(only)
    .bind(only)
    .fetch_all(&app.readers)
    .await?;
    for row in &roles {
        held.entry(row.try_get("account")?).or_default().push(accounts::assignment_of(row)?);
    }
    rows.iter()
        .map(|row| {
            let user: String = row.try_get("account")?;
            let phone: Option<String> = row.try_get("phone")?;
            let tail = phone.map(|p| p.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect());
            Ok(Staff {
                assignments: held.remove(&user).unwrap_or_default(),
                user,
                name: row.try_get("name")?,
                phone_tail: tail,
                disabled: row.try_get("disabled")?,
                active: row.try_get("active")?,
                last_seen: row.try_get("seen")?,
            })
        })
        .collect::<Result<_, sqlx::Error>>()
        .map_err(ApiError::from)
}

/// One person of an import, checked before by the desk with the same rules.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewStaff {
    user: String,
    name: String,
    #[serde(default)]
    phone: Option<String>,
    #[schema(value_type = Vec<Object>)]
    assignments: Vec<Assignment>,
}

/// Body of `POST /api/staff/import`.
#[derive(Deserialize, ToSchema)]
pub(super) struct Import {
    staff: Vec<NewStaff>,
}

/// Answer of an import.
#[derive(Serialize, ToSchema)]
pub(super) struct Imported {
    created: usize,
    updated: usize,
}

fn is_name(name: &str) -> bool {
    (1..=40).contains(&name.trim().chars().count()) && !name.chars().any(char::is_control)
}

/// `left`: what became of what was asked.
fn bad_name(user: &str, left: &str) -> ApiError {
    let words = format!("账号“{}”的姓名不合要求:1 到 40 个字,不能换行;{left},请改好再试。", shown(user));
    ApiError::bad("bad_name", words)
}

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(20).collect()
}

fn check_roles(app: &App, user: &str, assignments: &[Assignment]) -> Result<(), ApiError> {
    let bad = |what: &str| {
        Err(ApiError::bad(
            "bad_assignment",
            format!("账号“{}”的{what}不对,没有改动;请核对后再试。", shown(user)),
        ))
    };
    if assignments.len() > 20 {
        return bad("角色数量");
    }
    for held in assignments {
        if !app.admission.knows_role(&held.role) {
            return bad("角色");
        }
        let county = app.tenant.township.get(..6).unwrap_or(&app.tenant.township);
        let inside = |code: &String| AreaCode::parse(code).is_ok() && code.starts_with(county);
        if held.area.as_ref().is_some_and(|code| !inside(code)) {
            return bad("区域编码");
        }
        if held.unit.as_ref().is_some_and(|u| u.is_empty() || u.len() > 64 || u.chars().any(char::is_control))
        {
            return bad("单位编码");
        }
        if held.to.is_none() && app.admission.role_ends(&held.role) {
            return bad("到期日(专门授权要写明到哪天)");
        }
        if matches!((held.from, held.to), (Some(from), Some(to)) if to < from) {
            return bad("起止日期");
        }
    }
    Ok(())
}

/// What ranks above one's own, or is given by name, is given, changed and taken back by whoever may do it himself.
fn not_yours(cause: &NotYours) -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, cause.code(), cause.giving())
}

/// The same for letting the holder in, and for keeping him out.
pub(super) fn not_your_account(cause: &NotYours) -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, cause.code(), cause.letting_in())
}

/// Whoever changes accounts, and what about them he may change.
struct Giver {
    actor: Actor,
    /// Keeps the directory: everything but what is given by name.
    manages: bool,
    today: NaiveDate,
    by: Arc<dyn Admission>,
}

impl Giver {
    fn of(app: &App, session: Session) -> Self {
        let (manages, today) = (session.manages_staff(app), china_day(app.clock.now_ms()));
        Self { actor: session.actor, manages, today, by: app.admission.clone() }
    }

    /// A sheet of staff need not tell what is given by name: that stays, unless the sheet says otherwise.
    fn keep(&self, was: &[Assignment], next: &mut Vec<Assignment>) {
        for held in was.iter().filter(|held| self.by.role_ends(&held.role)) {
            if next.iter().all(|told| told.role != held.role) {
                next.push(held.clone());
            }
        }
    }

    /// # Errors
    /// `role_above`, `grant`, or `forbidden` for whoever gives by name only and wants to change another role.
    fn judge(&self, was: &[Assignment], next: &[Assignment]) -> Result<(), ApiError> {
        self.by.regrant(&self.actor, was, next, self.today).map_err(|cause| not_yours(&cause))?;
        let others = |list: &[Assignment]| {
            list.iter().filter(|held| !self.by.role_ends(&held.role)).cloned().collect::<Vec<_>>()
        };
        if !self.manages && others(was) != others(next) { Err(ApiError::forbidden()) } else { Ok(()) }
    }
}

fn own_account() -> ApiError {
    ApiError::conflict("own_account", "不能停用自己的账号或改自己的角色;请由另一位管理员操作。")
}

/// Adds people or brings them up to date: all or nobody.
#[utoipa::path(post, path = "/api/staff/import", tag = "staff", security(("token" = [])), request_body = Import,
    responses((status = 200, body = Imported), (status = 400, description = "bad_user, bad_name, bad_assignment"),
        (status = 403, description = "forbidden, role_above, grant"), (status = 409, description = "own_account")))]
pub(super) async fn import(
    State(app): State<Arc<App>>,
    session: Session,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Imported>, ApiError> {
    if !session.manages_staff(&app) {
        return Err(ApiError::forbidden());
    }
    let asked: Import = body::json_max(&headers, body, 1024 * 1024).await?;
    if asked.staff.len() > MAX_PEOPLE {
        let words = format!("一次最多导入 {MAX_PEOPLE} 人,没有导入任何人;请把表分成几份,一份一份导入。");
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", words));
    }
    for person in &asked.staff {
        // A sheet of all staff holds its importer too: fine, as long as the own roles stay.
        if person.user == session.actor.user && person.assignments != session.actor.assignments {
            return Err(own_account());
        }
        if !is_account(&person.user) || person.user == "gridbook" {
            let words = "不合要求:用 2 到 64 个小写字母、数字、下划线;没有导入任何人。";
            return Err(ApiError::bad("bad_user", format!("账号“{}”{words}", shown(&person.user))));
        }
        if !is_name(&person.name) {
            return Err(bad_name(&person.user, "没有导入任何人"));
        }
        check_roles(&app, &person.user, &person.assignments)?;
        if person
            .phone
            .as_ref()
            .is_some_and(|p| p.len() > 20 || !p.bytes().all(|b| b.is_ascii_digit() || b == b'-'))
        {
            return Err(ApiError::bad(
                "bad_phone",
                format!("账号“{}”的电话不对;没有导入任何人。", shown(&person.user)),
            ));
        }
    }
    let mut people: Vec<Person> = asked
        .staff
        .into_iter()
        .map(|p| Person {
            user: p.user,
            name: p.name.trim().to_owned(),
            phone: p.phone,
            assignments: p.assignments,
        })
        .collect();
    let total = people.len();
    let giver = Giver::of(&app, session);
    let created = app
        .writer
        .run(move |ledger| {
            Box::pin(async move {
                for person in &mut people {
                    let was = accounts::assignments(&mut ledger.conn, ledger.tenant.id, &person.user).await?;
                    giver.keep(&was, &mut person.assignments);
                    giver.judge(&was, &person.assignments).map_err(|mut error| {
                        // A sheet has many rows.
                        error.message = format!("账号“{}”：{}", shown(&person.user), error.message).into();
                        error
                    })?;
                }
                ledger.save_people(&people).await
            })
        })
        .await?;
    Ok(Json(Imported { created, updated: total.saturating_sub(created) }))
}

/// Body of `PATCH /api/staff/{user}`; what is absent stays.
#[derive(Deserialize, ToSchema)]
pub(super) struct ChangeStaff {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<Object>>)]
    assignments: Option<Vec<Assignment>>,
    #[serde(default)]
    disabled: Option<bool>,
}

/// Changes name, roles, or whether the person may sign in. Takes effect at the person's next request.
#[utoipa::path(patch, path = "/api/staff/{user}", tag = "staff", security(("token" = [])),
    params(("user" = String, Path)), request_body = ChangeStaff,
    responses((status = 200, body = Staff), (status = 403, description = "forbidden, role_above, grant"),
        (status = 404, description = "not_found"), (status = 409, description = "own_account")))]
pub(super) async fn change(
    State(app): State<Arc<App>>,
    session: Session,
    Segment(user): Segment,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Staff>, ApiError> {
    if !session.manages_staff(&app) && !session.grants_by_name(&app) {
        return Err(ApiError::forbidden());
    }
    let asked: ChangeStaff = body::json(&headers, body).await?;
    if !session.manages_staff(&app) && (asked.name.is_some() || asked.disabled.is_some()) {
        return Err(ApiError::forbidden());
    }
    if user == session.actor.user && (asked.disabled == Some(true) || asked.assignments.is_some()) {
        return Err(own_account());
    }
    if asked.name.as_ref().is_some_and(|name| !is_name(name)) {
        return Err(bad_name(&user, "没有改动"));
    }
    check_roles(&app, &user, asked.assignments.as_deref().unwrap_or_default())?;
    let (target, giver) = (user.clone(), Giver::of(&app, session));
    app.writer
        .run(move |ledger| Box::pin(async move { apply(ledger, &giver, &target, asked).await }))
        .await?;
    read(&app, Some(&user)).await?.into_iter().next().map(Json).ok_or_else(ApiError::not_found)
}

async fn apply(
    ledger: &mut crate::writer::Ledger,
    giver: &Giver,
    user: &str,
    asked: ChangeStaff,
) -> Result<(), ApiError> {
    let tenant = ledger.tenant.id;
    if accounts::account(&mut ledger.conn, tenant, user).await?.is_none() {
        return Err(ApiError::not_found());
    }
    let was = accounts::assignments(&mut ledger.conn, tenant, user).await?;
    if let Some(next) = &asked.assignments {
        giver.judge(&was, next)?;
    }
    let judged = match asked.disabled {
        Some(true) => giver.by.shut_out(&giver.actor, &was, giver.today),
        Some(false) => giver.by.let_in(&giver.actor, &was, giver.today),
        None => Ok(()),
    };
    judged.map_err(|cause| not_your_account(&cause))?;
    if let Some(name) = asked.name {
        sql::query("UPDATE accounts SET name = ? WHERE tenant = ? AND account = ?")
            .bind(name.trim())
            .bind(tenant)
            .bind(user)
            .execute(&mut ledger.conn)
            .await?;
    }
    if let Some(disabled) = asked.disabled {
        sql::query("UPDATE accounts SET disabled = ? WHERE tenant = ? AND account = ?")
            .bind(disabled)
            .bind(tenant)
            .bind(user)
            .execute(&mut ledger.conn)
            .await?;
        if disabled {
            crate::quarantine::remember(ledger, user, i64::MAX).await?;
            sql::query("DELETE FROM sessions WHERE tenant = ? AND account = ?")
                .bind(tenant)
                .bind(user)
                .execute(&mut ledger.conn)
                .await?;
        }
    }
    match asked.assignments {
        Some(assignments) => ledger.assign(user, &assignments).await,
        None => ledger.refresh_rights(user).await,
    }
}
