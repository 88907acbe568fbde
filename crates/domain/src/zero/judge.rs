//! Who may declare a period of zero reports, and end it early (FLOW-20).

use chrono::{Days, NaiveDate};
use gridbook_log::body::Set;
use gridbook_log::{Create, Entity};
use serde_json::Value;

use super::{DECLARE, ENDED, MAX_AHEAD_DAYS, MAX_AREAS, MAX_DAYS, MAX_LABEL, Period};
use crate::admit::Refusal;
use crate::announced::Announced;
use crate::date;
use crate::package::Package;
use crate::record::RecordKind;
use crate::role::Actor;
use crate::territory::{AreaCode, AreaLevel};

/// What a declaration is.
const THIS: Announced = Announced {
    kind: RecordKind::ZeroPeriod,
    permission: DECLARE,
    said: &["label", "from", "to", "by", "areas"],
};

/// Whether a new period can be read, holds together, and is declared by somebody who may in all of its areas.
///
/// # Errors
/// [`Refusal`]: unreadable, shared otherwise than with everybody, without sense, or not theirs to declare.
pub(crate) fn judge_create(
    package: &Package,
    actor: &Actor,
    create: &Create,
    [today, written]: [NaiveDate; 2],
) -> Result<(), Refusal> {
    let area = THIS.placed(create)?;
    let period = Period::read(&create.set, 0).ok_or_else(|| THIS.bad())?;
    for (place, code) in period.areas.iter().enumerate() {
        // Whoever reports is a village or lies in one, and is named once.
        let level = AreaCode::parse(code).map(|code| code.level());
        let sound = level.is_ok_and(|level| level >= AreaLevel::Village);
        if !sound || period.areas[..place].contains(code) {
            return Err(Refusal::BadArea(code.clone()));
        }
    }
    let problem = |path, words: &str| Err(THIS.invalid(path, words));
    if period.areas.is_empty() {
        return problem("areas", "请选由哪些村或网格报告");
    }
    if period.areas.len() > MAX_AREAS {
        return problem("areas", "一次最多 400 个村或网格，请分几次宣布");
    }
    Announced::covered(&period.areas, &area)?;
    THIS.demand(package, actor, &period.areas, today)?;
    if period.label.trim().is_empty() || period.label.chars().count() > MAX_LABEL {
        return problem("label", "名称要填，最多 30 个字");
    }
    if period.to < period.from {
        return problem("to", "最后一天不能早于第一天");
    }
    if (period.to - period.from).num_days() >= MAX_DAYS {
        return problem("to", "一次最多 92 天，到期后可以再宣布");
    }
    // A declaration may travel for some days; it never makes anybody late on a day before it was written.
    if period.from < written.min(today) {
        return problem("from", "第一天不能早于今天");
    }
    if period.from > written.min(today) + Days::new(MAX_AHEAD_DAYS) {
        return problem("from", "第一天最多在 31 天以后");
    }
    Ok(())
}

/// Whether a period may be changed like this: ended from that day on. What was asked for otherwise stays as it was said.
///
/// # Errors
/// [`Refusal`]: ended already, something else, without sense, or not theirs to change.
pub(crate) fn judge_set(
    package: &Package,
    actor: &Actor,
    entity: &Entity,
    set: &Set,
    [today, written]: [NaiveDate; 2],
) -> Result<(), Refusal> {
    let period = Period::of(entity).ok_or(Refusal::Missing)?;
    if !set.blobs.is_empty() {
        return Err(THIS.bad());
    }
    THIS.demand(package, actor, &period.areas, today)?;
    if period.ended.is_some() {
        return Err(Refusal::NotLegalNow { action: "set".to_owned(), state: ENDED.to_owned() });
    }
    if let Some(path) = set.set.keys().find(|path| !matches!(path.as_str(), "ended" | "ended_by")) {
        return Err(Refusal::UnexpectedPath(path.clone()));
    }
    let ended = set.set.get("ended").and_then(Value::as_str).and_then(date::parse);
    let Some(ended) = ended else {
        return Err(THIS.invalid("ended", "请写明从哪一天起不再报告"));
    };
    if ended > period.to {
        return Err(THIS.invalid("ended", "这个时段已经到期，不用再结束"));
    }
    // Who did not report on a day that is over is not let off afterwards.
    if ended < written.min(today) {
        return Err(THIS.invalid("ended", "已经过去的日子不能取消，只能从今天起结束"));
    }
    if set.set.get("ended_by").and_then(Value::as_str) != Some(actor.user.as_str()) {
        return Err(THIS.invalid("ended_by", "提前结束要写明是谁结束的"));
    }
    Ok(())
}
