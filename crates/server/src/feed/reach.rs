//! Who sees what: channels an entity lies on, patterns a reader holds, and what follows between two moments.

use chrono::NaiveDate;
use gridbook_domain::admit::Reach;
use gridbook_domain::confidential::apart::out_of_sight;
use gridbook_domain::record::RecordKind;
use gridbook_domain::restricted::Restricted;
use gridbook_domain::territory::covers;
use gridbook_log::Entity;

/// The channel that everyone in the tenant reads.
pub const EVERYONE: &str = "*";

/// The channels an entity lies on: `a:<area>`, `u:<unit>`, `p:<account>`, `*`. Its author always keeps it. What
/// was refused at its creation is nobody else's. What is confidential lies on none, not even its author's: no feed, pack
/// or fingerprint ever meets it, and who hears it asks for it (`crate::confidential`). What goes to people by name lies
/// with those who are named in it `today`, and with its author only while it is `own` still (VISIT-09).
pub fn channels(entity: &Entity, creator: &str, own: bool, today: NaiveDate) -> Vec<String> {
    if entity.type_() == Some(RecordKind::Confidential.as_str()) {
        return Vec::new();
    }
    if entity.type_() == Some(RecordKind::Restricted.as_str())
        && entity.creation().is_some_and(|made| made.rejected.is_none())
    {
        let held = Restricted::of(entity);
        let named = |user: &&str| held.as_ref().is_some_and(|held| held.names(user, today));
        let mut out: Vec<String> =
            entity.users().into_iter().filter(named).map(|user| format!("p:{user}")).collect();
        out.extend(own.then(|| format!("p:{creator}")));
        out.sort_unstable();
        out.dedup();
        return out;
    }
    let mut out = vec![format!("p:{creator}")];
    // What turned out to be confidential leaves everybody else's device (ROLE-11).
    if out_of_sight(entity) {
        return out;
    }
    if entity.creation().is_some_and(|c| c.rejected.is_none()) {
        out.extend(entity.area().map(|area| format!("a:{area}")));
        out.extend(entity.units().iter().map(|unit| format!("u:{unit}")));
        out.extend(entity.users().iter().map(|user| format!("p:{user}")));
        if entity.for_all() {
            out.push(EVERYONE.to_owned());
        }
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// The area in which a wide reach finds what is written to an entity from now on; none of what went out of sight, whose area
/// stays what it was.
pub fn lies_in(entity: &Entity) -> Option<&str> {
    entity.area().filter(|_| !out_of_sight(entity))
}

/// What a person reads, as patterns, sorted: `a:` ones are prefixes, the others are exact.
pub fn patterns(user: &str, reach: &Reach) -> Vec<String> {
    let mut out = vec![EVERYONE.to_owned(), format!("p:{user}")];
    out.extend(reach.areas.iter().map(|area| format!("a:{area}")));
    out.extend(reach.units.iter().map(|unit| format!("u:{unit}")));
    out.sort_unstable();
    out.dedup();
    out
}

/// Whether a pattern takes a channel in.
pub fn matches(pattern: &str, channel: &str) -> bool {
    match (pattern.strip_prefix("a:"), channel.strip_prefix("a:")) {
        (Some(prefix), Some(code)) => covers(prefix, code),
        _ => pattern == channel,
    }
}

/// A span of sequence numbers, from the first on; `to` is the first that is outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// First inside.
    pub from: i64,
    /// First outside; `i64::MAX` while it lasts.
    pub to: i64,
}

/// Something held for a span: a reader's pattern or an entity's channel.
#[derive(Clone, Debug)]
pub struct Held {
    /// Pattern or channel.
    pub what: String,
    /// When.
    pub span: Span,
}

/// When an entity on `placed` was visible to the holder of `rights`; joined and in order.
pub fn visible(placed: &[Held], rights: &[Held]) -> Vec<Span> {
    let mut spans: Vec<Span> = placed
        .iter()
        .flat_map(|p| rights.iter().filter(|r| matches(&r.what, &p.what)).map(move |r| (p.span, r.span)))
        .map(|(p, r)| Span { from: p.from.max(r.from), to: p.to.min(r.to) })
        .filter(|s| s.from < s.to)
        .collect();
    spans.sort_unstable();
    let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.from <= last.to => last.to = last.to.max(span.to),
            _ => joined.push(span),
        }
    }
    joined
}

/// Whether any span holds that moment.
pub fn at(spans: &[Span], seq: i64) -> bool {
    spans.iter().any(|s| s.from <= seq && seq < s.to)
}

/// What an entity is to a reader whose cursor moves from one moment to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Visible all the time: what is new follows.
    Kept,
    /// Not visible all the time, but now: everything follows.
    Entered,
    /// Visible then, not now: purge it.
    Left,
    /// Neither then nor now.
    Unseen,
}

/// Compares two moments, `from` < `to`, for an entity that began at `first`.
pub fn standing(spans: &[Span], first: i64, from: i64, to: i64) -> Standing {
    let start = from.max(first);
    if spans.iter().any(|s| s.from <= start && to < s.to) {
        Standing::Kept
    } else if at(spans, to) {
        Standing::Entered
    } else if first <= from && at(spans, from) {
        Standing::Left
    } else {
        Standing::Unseen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(what: &str, from: i64, to: i64) -> Held {
        Held { what: what.to_owned(), span: Span { from, to } }
    }

    #[test]
    fn prefixes_reach_down_and_nothing_else_does() {
        assert!(matches("a:510000100", "a:510000100201003"));
        assert!(!matches("a:510000100201", "a:510000100202001"));
        assert!(!matches("a:510000100", "u:510000100"));
        assert!(matches("u:U01", "u:U01"));
        assert!(!matches("u:U0", "u:U01"));
    }

    #[test]
    fn a_gap_in_between_means_everything_again() {
        let rights = [held("a:510000100201", 1, i64::MAX)];
        let placed = [held("a:510000100201001", 5, 8), held("a:510000100201002", 9, i64::MAX)];
        let spans = visible(&placed, &rights);
        assert_eq!(standing(&spans, 5, 6, 7), Standing::Kept);
        assert_eq!(standing(&spans, 5, 6, 8), Standing::Left);
        assert_eq!(standing(&spans, 5, 6, 10), Standing::Entered);
        assert_eq!(standing(&spans, 5, 9, 10), Standing::Kept);
        assert_eq!(standing(&spans, 5, 2, 7), Standing::Kept);
        assert_eq!(standing(&[], 5, 2, 7), Standing::Unseen);
    }

    #[test]
    fn moving_inside_the_reader_s_area_is_no_gap() {
        let rights = [held("a:510000100", 1, i64::MAX)];
        let placed = [held("a:510000100201001", 5, 8), held("a:510000100202002", 8, i64::MAX)];
        assert_eq!(standing(&visible(&placed, &rights), 5, 6, 10), Standing::Kept);
    }
}
