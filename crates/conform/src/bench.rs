//! What the checks share: the connection, the accounts, and where each stands in its feed.

use std::collections::BTreeSet;

use gridbook_log::{Op, OpId, WireOp};
use gridbook_sync::wire::{Caps, Entry, PullReply, PushReply, PushResult};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::check::{Check, Done, Stop};
use crate::http::{Answer, Ask, Client};
use crate::pen::{self, Pen};
use crate::report::{Finding, Verdict};
use crate::{Account, Options, Secret};

/// An area of the invented township.
const AREA: &str = "510000100201001";
/// Pages that one walk takes at most: a server whose feed never ends is told so.
const MAX_PAGES: usize = 100_000;

/// An account that is signed in.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) user: String,
    pub(crate) token: Option<String>,
    /// Prefixes it reads; `None` when nobody said.
    pub(crate) areas: Option<Vec<String>>,
    /// Whether it signed in at `/api/sign-in`, and what was wrong with that.
    pub(crate) signed_in: Option<Result<(), String>>,
    /// All before it is known.
    tail: Option<String>,
}

impl Person {
    fn sees(&self, area: &str) -> bool {
        self.areas.as_ref().is_none_or(|areas| areas.iter().any(|prefix| area.starts_with(prefix.as_str())))
    }
}

/// A feed followed to its end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Walk {
    pub(crate) pages: Vec<Vec<Entry>>,
    pub(crate) cursor: String,
    /// The request for the last page.
    pub(crate) asked: String,
    /// What is wrong with the way itself.
    pub(crate) astray: Option<String>,
    pub(crate) last: Option<PullReply>,
}

impl Walk {
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.pages.iter().flatten()
    }

    pub(crate) fn ops(&self) -> impl Iterator<Item = &WireOp> {
        self.entries().filter_map(|entry| if let Entry::Op { op, .. } = entry { Some(op) } else { None })
    }

    pub(crate) fn has(&self, id: OpId) -> bool {
        self.times(id) > 0
    }

    pub(crate) fn times(&self, id: OpId) -> usize {
        self.ops().filter(|op| pen::header(op).is_some_and(|h| h.id == id)).count()
    }

    /// Demands these operations.
    pub(crate) fn must_have<'a>(&self, ops: impl IntoIterator<Item = &'a Op>) -> Done {
        let here: BTreeSet<OpId> = self.ops().filter_map(|op| Some(pen::header(op)?.id)).collect();
        match ops.into_iter().find(|op| !here.contains(&op.id())) {
            None => Ok(()),
            Some(op) => Err(self.broken(
                format!("下发 {}", op.id()),
                format!("{} 页共 {} 条,没有它", self.pages.len(), self.entries().count()),
            )),
        }
    }

    pub(crate) fn broken(&self, expected: impl Into<String>, got: impl Into<String>) -> Stop {
        Stop::Broken(Finding { sent: self.asked.clone(), expected: expected.into(), got: got.into() })
    }
}

/// Everything a check works with.
pub(crate) struct Bench {
    pub(crate) http: Client,
    pub(crate) caps: Option<Caps>,
    pub(crate) people: Vec<Person>,
    pub(crate) area: String,
    write: bool,
    /// Why nothing but the open endpoints can be asked.
    locked: Option<String>,
    secrets: Vec<String>,
}

#[derive(Deserialize)]
struct SignedIn {
    token: String,
    profile: Value,
}

impl Bench {
    pub(crate) async fn set_up(base: &str, options: &Options) -> Self {
        let mut locked = None;
        let mut bench = Self {
            http: Client::new(base, options.timeout),
            caps: None,
            people: Vec::new(),
            area: AREA.to_owned(),
            write: options.write,
            locked: None,
            secrets: Vec::new(),
        };
        if let Ok(answer) = bench.http.ask(Ask::get("/sync/v1/caps")).await {
            bench.caps = answer.read().ok();
        }
        for account in &options.accounts {
            let person = bench.enter(account).await;
            if let Some(Err(why)) = &person.signed_in {
                locked = Some(format!("账号 {} 登录不成:{why}", person.user));
            }
            bench.people.push(person);
        }
        if bench.people.is_empty() {
            bench.people.push(Person {
                user: "conform".to_owned(),
                token: None,
                areas: None,
                signed_in: None,
                tail: None,
            });
            let answer = bench.http.ask(Ask::get("/sync/v1/pull?limit=1")).await;
            if answer.is_ok_and(|a| a.status == 401) {
                locked = Some("服务器要求登录,请用 --user 和 --password 给一个测试账号".to_owned());
            }
        }
        let own = bench.people[0].areas.as_ref().and_then(|areas| areas.first().cloned());
        bench.area = options.area.clone().or(own).unwrap_or_else(|| AREA.to_owned());
        bench.locked = locked;
        bench
    }

    async fn enter(&mut self, account: &Account) -> Person {
        let mut person = Person {
            user: account.user.clone(),
            token: None,
            areas: (!account.areas.is_empty()).then(|| account.areas.clone()),
            signed_in: None,
            tail: None,
        };
        let mut profile = Value::Null;
        match &account.secret {
            Secret::Token(token) => {
                self.secrets.push(token.clone());
                person.token = Some(token.clone());
                if let Ok(answer) = self.http.ask(Ask::get("/api/me").token(Some(token))).await {
                    profile = answer.read().unwrap_or(Value::Null);
                }
            }
            Secret::Password(password) => {
                self.secrets.push(password.clone());
                let body = json!({ "user": account.user, "password": password, "device": "一致性检查" });
                let answer = self.http.ask(Ask::json("/api/sign-in", &body)).await;
                person.signed_in = Some(match answer.map(|a| (a.status, a.read::<SignedIn>())) {
                    Ok((_, Ok(signed))) => {
                        self.secrets.push(signed.token.clone());
                        person.token = Some(signed.token);
                        profile = signed.profile;
                        Ok(())
                    }
                    // The answer may hold a token: only its status is told.
                    Ok((status, Err(_))) => Err(format!("POST /api/sign-in 回答 {status}")),
                    Err(_) => Err("POST /api/sign-in 没有回答".to_owned()),
                });
            }
        }
        if person.areas.is_none() {
            let assignments = profile["actor"]["assignments"].as_array();
            person.areas = assignments
                .map(|list| list.iter().filter_map(|a| Some(a["area"].as_str()?.to_owned())).collect());
        }
        person
    }

    /// Makes one check.
    pub(crate) async fn judge(&mut self, check: &Check) -> Verdict {
        let closed = check.demand.id != "caps.fields" && self.caps.is_none();
        if closed {
            return Verdict::Unchecked("/sync/v1/caps 读不出来".to_owned());
        }
        if check.demand.writes && !self.write {
            return Verdict::Unchecked(
                "要写入测试记录才能查;加 --write(写入的虚构记录会留在服务器上)".to_owned(),
            );
        }
        if let Some(why) = &self.locked
            && !check.demand.id.starts_with("caps.")
        {
            return Verdict::Unchecked(why.clone());
        }
        match (check.run)(self).await {
            Ok(()) => Verdict::Passed,
            Err(Stop::Unchecked(why)) => Verdict::Unchecked(self.scrubbed(why)),
            Err(Stop::Broken(Finding { sent, expected, got })) => Verdict::Failed(Finding {
                sent: self.scrubbed(sent),
                expected: self.scrubbed(expected),
                got: self.scrubbed(got),
            }),
        }
    }

    /// Without tokens and passwords, wherever they came from.
    fn scrubbed(&self, text: String) -> String {
        self.secrets.iter().filter(|s| !s.is_empty()).fold(text, |text, secret| text.replace(secret, "***"))
    }

    pub(crate) fn caps(&self) -> &Caps {
        self.caps.as_ref().expect("checks other than the first need it and are not made without")
    }

    pub(crate) fn token(&self, who: usize) -> Option<&String> {
        self.people.get(who).and_then(|p| p.token.as_ref())
    }

    /// A new device of an account.
    pub(crate) fn pen(&self, who: usize) -> Pen {
        Pen::new(who, &self.people[who].user, self.caps().now)
    }

    /// An account that does not see the area of the test entities.
    pub(crate) fn stranger(&self) -> Done<usize> {
        let strangers = (1..self.people.len()).filter(|i| !self.people[*i].sees(&self.area));
        let with_area = |i: &usize| self.people[*i].areas.as_ref().is_some_and(|areas| !areas.is_empty());
        strangers.clone().find(with_area).or_else(|| strangers.clone().next()).ok_or_else(|| {
            Stop::Unchecked(format!(
                "需要另一个账号,看不到 {} 的记录;请再给一组 --user、--password",
                self.area
            ))
        })
    }

    pub(crate) fn needs_accounts(&self) -> Done {
        if self.people[0].token.is_some() {
            Ok(())
        } else {
            Err(Stop::Unchecked("需要测试账号;请用 --user 和 --password 给出".to_owned()))
        }
    }

    pub(crate) async fn push_values(&self, pen: &Pen, ops: &[Value]) -> Done<(Answer, PushReply)> {
        let answer =
            self.http.ask(Ask::json("/sync/v1/push", &pen.request(ops)).token(self.token(pen.who))).await?;
        let reply: PushReply = answer.read()?;
        if reply.results.len() == ops.len() {
            Ok((answer, reply))
        } else {
            Err(answer.broken(format!("{} 个结果,每条操作一个", ops.len())))
        }
    }

    /// Pushes; a result for each operation.
    pub(crate) async fn push(&self, pen: &Pen, ops: &[&Op]) -> Done<(Answer, PushReply)> {
        let ops: Vec<Value> = ops.iter().map(|op| pen::wire(op)).collect();
        self.push_values(pen, &ops).await
    }

    /// Pushes and demands these results.
    pub(crate) async fn push_as(
        &self,
        pen: &Pen,
        ops: &[&Op],
        wanted: &[(gridbook_sync::wire::Verdict, Option<&str>)],
    ) -> Done {
        let (answer, reply) = self.push(pen, ops).await?;
        matches(&answer, &reply.results, wanted)
    }

    /// Pushes and demands that all is stored.
    pub(crate) async fn store(&self, pen: &Pen, ops: &[&Op]) -> Done {
        let wanted = vec![(gridbook_sync::wire::Verdict::Ok, None); ops.len()];
        self.push_as(pen, ops, &wanted).await
    }

    /// One page. `query` without the cursor.
    pub(crate) async fn page(&self, who: usize, cursor: &str, query: &str) -> Done<(Answer, PullReply)> {
        let cursor: String = cursor.bytes().map(escaped).collect();
        let ask = Ask::get(format!("/sync/v1/pull?cursor={cursor}{query}")).token(self.token(who));
        let answer = self.http.ask(ask).await?;
        let reply = answer.read()?;
        Ok((answer, reply))
    }

    /// Follows the feed to its end. That there is one is the business of `pull.pages`.
    pub(crate) async fn walk(&self, who: usize, cursor: &str, query: &str) -> Done<Walk> {
        let walk = self.wander(who, cursor, query).await?;
        match &walk.astray {
            None => Ok(walk),
            Some(_) => Err(Stop::Unchecked("翻页走不到底;先改好 pull.pages".to_owned())),
        }
    }

    /// Follows the feed as far as it goes.
    pub(crate) async fn wander(&self, who: usize, cursor: &str, query: &str) -> Done<Walk> {
        let mut walk = Walk { cursor: cursor.to_owned(), ..Walk::default() };
        let mut been = BTreeSet::from([cursor.to_owned()]);
        loop {
            let (answer, reply) = self.page(who, &walk.cursor, query).await?;
            walk.asked = answer.asked;
            walk.cursor.clone_from(&reply.cursor);
            walk.pages.push(reply.entries.clone());
            let more = reply.more;
            walk.last = Some(reply);
            if !more {
                return Ok(walk);
            }
            if !been.insert(walk.cursor.clone()) || walk.pages.len() >= MAX_PAGES {
                walk.astray =
                    Some(format!("第 {} 页的 cursor 先前已经给过,而 more 是 true", walk.pages.len()));
                return Ok(walk);
            }
        }
    }

    /// What is new for an account since this was last asked.
    pub(crate) async fn news(&mut self, who: usize) -> Done<Walk> {
        let walk = self.walk(who, &self.people[who].tail.clone().unwrap_or_default(), "").await?;
        self.people[who].tail = Some(walk.cursor.clone());
        Ok(walk)
    }

    /// Where an account stands now, at the end of its feed.
    pub(crate) async fn tail(&mut self, who: usize) -> Done<String> {
        Ok(self.news(who).await?.cursor)
    }
}

/// Demands these results, in order.
pub(crate) fn matches(
    answer: &Answer,
    results: &[PushResult],
    wanted: &[(gridbook_sync::wire::Verdict, Option<&str>)],
) -> Done {
    let same = results.len() == wanted.len()
        && results
            .iter()
            .zip(wanted)
            .all(|(got, (r, code))| got.r == *r && code.is_none_or(|code| got.code.as_deref() == Some(code)));
    if same {
        return Ok(());
    }
    let words: Vec<Value> = wanted.iter().map(|(r, code)| json!({ "r": r, "code": code })).collect();
    Err(answer.broken(format!("结果依次是 {}", Value::from(words))))
}

/// A byte in a query.
pub(crate) fn escaped(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}
