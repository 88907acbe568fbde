//! Who may announce a warning, let it last longer, raise it or lift it.

use chrono::{Days, NaiveDate};
use gridbook_log::body::Set;
use gridbook_log::{Create, Entity};
use serde_json::Value;

use super::{ANNOUNCE, MAX_AHEAD_DAYS, MAX_AREAS, MAX_ISSUER, MAX_MS, MAX_NOTE, Warning, WarningKind};
use crate::admit::Refusal;
use crate::announced::Announced;
use crate::calendar::{DAY_MS, day_of};
use crate::package::Package;
use crate::record::RecordKind;
use crate::role::Actor;
use crate::territory::{AreaCode, AreaLevel};
use crate::validate::instant;

/// What an announcement is.
const THIS: Announced = Announced {
    kind: RecordKind::Warning,
    permission: ANNOUNCE,
    said: &["what", "level", "categories", "areas", "from", "until", "issued_by", "note"],
};

/// Whether a new warning can be read, holds together, and is announced by somebody who may in all of its areas.
///
/// # Errors
/// [`Refusal`]: unreadable, shared otherwise than with everybody, without sense, or not theirs to announce.
pub(crate) fn judge_create(
    package: &Package,
    actor: &Actor,
    create: &Create,
    (today, written): (NaiveDate, u64),
) -> Result<(), Refusal> {
    let area = THIS.placed(create)?;
    let warning = Warning::read(&create.set, &area, 0).ok_or_else(|| THIS.bad())?;
    for code in &warning.areas {
        // A zone is no step of the code: no area lies under one.
        let sound = AreaCode::parse(code).is_ok_and(|code| code.level() != AreaLevel::Zone);
        if !sound || warning.areas.len() > MAX_AREAS {
            return Err(Refusal::BadArea(code.clone()));
        }
    }
    Announced::covered(&warning.areas, &area)?;
    THIS.demand(package, actor, &warning.areas, today)?;
    let problem = |path, words: &str| Err(THIS.invalid(path, words));
    let Some(kind) = warning.kind(package) else { return problem("what", "请选预警的种类") };
    if kind.days.is_some() {
        if !warning.is_plain() {
            return problem("level", "这一种不分级别");
        }
        // What is for named people only is announced to nobody (VISIT-09).
        let known = |id: &String| package.category(id).is_some();
        let count = warning.categories.len();
        if count == 0 || count > package.categories.len() || !warning.categories.iter().all(known) {
            return problem("categories", "请选要上门的户类");
        }
        if warning.note.trim().is_empty() {
            return problem("note", "请写明有什么变化");
        }
    } else if package.level(&warning.level).is_none() {
        return problem("level", "请选预警的级别");
    } else if !warning.categories.is_empty() {
        return Err(Refusal::UnexpectedPath("categories".to_owned()));
    }
    if warning.until <= warning.from {
        return problem("until", "截止时间要晚于开始时间");
    }
    if warning.until <= written {
        return problem("until", "截止时间已经过了");
    }
    if warning.until - warning.from > kind.longest() {
        return problem("until", &format!("一次最多发布 {} 天，到期前可以延长", kind.longest() / DAY_MS));
    }
    // Households are called on as soon as it is announced: a wrong year would send people out for long.
    if day_of(warning.from) > today + Days::new(MAX_AHEAD_DAYS) {
        return problem("from", "开始时间最多在 7 天以后");
    }
    if warning.issued_by.chars().count() > MAX_ISSUER {
        return problem("issued_by", "发布单位最多 30 个字");
    }
    if warning.note.chars().count() > MAX_NOTE {
        return problem("note", "说明最多 200 个字");
    }
    Ok(())
}

/// Whether a warning may be changed like this: later until, a more severe level, or lifted. What was announced otherwise
/// stays as it was said; one that is less severe is announced anew, so that nobody mistakes it for the old one.
///
/// # Errors
/// [`Refusal`]: lifted already, something else, without sense, or not theirs to change.
pub(crate) fn judge_set(
    package: &Package,
    actor: &Actor,
    entity: &Entity,
    set: &Set,
    (today, written): (NaiveDate, u64),
) -> Result<(), Refusal> {
    let warning = Warning::of(entity, package).ok_or(Refusal::Missing)?;
    if !set.blobs.is_empty() {
        return Err(THIS.bad());
    }
    THIS.demand(package, actor, &warning.areas, today)?;
    if warning.lifted.is_some() {
        let state = super::LIFTED.to_owned();
        return Err(Refusal::NotLegalNow { action: "set".to_owned(), state });
    }
    // By the time at which it was said: what was said without a network may arrive later.
    if warning.until <= written {
        return Err(THIS.invalid("until", "这条预警已经到期，要继续请发布新的"));
    }
    let longest = warning.kind(package).map_or(MAX_MS, WarningKind::longest);
    for (path, value) in &set.set {
        let said = value.as_str().unwrap_or_default();
        match path.as_str() {
            "until" => {
                let later = instant(said).filter(|until| *until > warning.until);
                let later = later.ok_or_else(|| THIS.invalid("until", "延长后的截止时间要比原来的晚"))?;
                if later - warning.until > longest {
                    return Err(THIS.invalid("until", &format!("一次最多延长 {} 天", longest / DAY_MS)));
                }
            }
            "level" if package.rank(said) < package.rank(&warning.level) && !warning.is_plain() => {}
            "level" => return Err(THIS.invalid("level", "级别只能往上提；要降级请先解除，再发布新的预警")),
            "lifted" => {
                if instant(said).is_none() {
                    return Err(THIS.invalid("lifted", "解除预警要写明时间"));
                }
                if set.set.get("lifted_by").and_then(Value::as_str) != Some(actor.user.as_str()) {
                    return Err(THIS.invalid("lifted_by", "解除预警要写明是谁解除的"));
                }
            }
            "lifted_by" if set.set.contains_key("lifted") => {}
            _ => return Err(Refusal::UnexpectedPath(path.clone())),
        }
    }
    Ok(())
}
