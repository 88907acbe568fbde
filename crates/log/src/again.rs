//! One save under several names. A device that takes a new name writes what may not have arrived again under it, with
//! the same time, account, kind and body. When it had arrived after all, or when two copies of a device do so, a stream
//! holds it more than once: all of them are kept, and it counts once.

use std::collections::BTreeMap;

use crate::context::Ctx;
use crate::entity::Entry;
use crate::id::{DeviceId, Dot, Writer};
use crate::op::Op;

/// The saves of a stream that bear several names.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Again {
    /// The names of each, in order.
    saves: Vec<Vec<Dot>>,
    /// Which of `saves` a name belongs to.
    by: BTreeMap<Dot, usize>,
    /// The name under which each counts, where they are.
    stands: Vec<Dot>,
    /// The names of each whose contexts count: those not refused, or all.
    heard: Vec<Vec<Dot>>,
}

/// Whether two operations of the device `dev` hold the same save: a device's clock gives no time twice. Bodies that
/// were erased say nothing and are no save any more.
fn same(a: &Entry, b: &Entry, dev: DeviceId) -> bool {
    a.hlc == b.hlc
        && a.kind == b.kind
        && a.user == b.user
        && a.text.is_some()
        && a.text == b.text
        && saw_alike(&a.ctx, &b.ctx, dev)
}

/// Whether two contexts tell the same of all other devices. A new name changes only what a device says of its own
/// lives; an old save that claims to have seen what others wrote since is another one, and is judged.
fn saw_alike(a: &Ctx, b: &Ctx, dev: DeviceId) -> bool {
    let others = |(writer, _): &(Writer, u32)| writer.dev != dev;
    a.iter().filter(others).eq(b.iter().filter(others))
}

/// As [`is_of`], for one that claims to have seen no more of its device's other lives.
pub(crate) fn says(entry: &Entry, op: &Op) -> bool {
    let own = op.dot().writer;
    let mut lives = op.header().ctx.iter().filter(|(writer, _)| writer.dev == own.dev && *writer != own);
    is_of(entry, op) && lives.all(|(writer, n)| n <= entry.ctx.get(writer))
}

/// Whether a held operation and one that may not be held are one save, by the rule for those that are ([`same`]).
pub(crate) fn is_of(entry: &Entry, op: &Op) -> bool {
    let header = op.header();
    entry.hlc == header.hlc
        && entry.kind == header.kind
        && entry.user == header.user
        && op.body_text().is_some_and(|text| entry.text.as_deref() == Some(text))
        && saw_alike(&entry.ctx, &header.ctx, op.dot().writer.dev)
}

impl Again {
    /// Finds them. Names are of one device and different lives. What only the authority says is no save.
    pub(crate) fn find(entries: &BTreeMap<Dot, Box<Entry>>) -> Self {
        let mut again = Self::default();
        let mut last: Option<Dot> = None;
        let mut lives = false;
        for dot in entries.keys() {
            lives |= last.is_some_and(|last| last.writer != dot.writer && last.writer.dev == dot.writer.dev);
            last = Some(*dot);
        }
        if !lives {
            return again;
        }
        let saves = entries.iter().filter(|(_, entry)| !entry.is_note());
        let mut sorted: Vec<(Dot, &Entry)> = saves.map(|(dot, entry)| (*dot, &**entry)).collect();
        crate::order_by_key(&mut sorted, |(dot, entry)| (dot.writer.dev, entry.hlc, *dot));
        let mut from = 0;
        while let Some((first, entry)) = sorted.get(from) {
            let alike =
                |(dot, other): &&(Dot, &Entry)| dot.writer.dev == first.writer.dev && other.hlc == entry.hlc;
            let run = sorted[from..].iter().take_while(alike).count();
            again.group(&sorted[from..from + run], entries);
            from += run;
        }
        again.stands = again.saves.iter().map(|names| names[0]).collect();
        again.heard = again.saves.clone();
        again
    }

    /// Puts those of one device and time together that are one save.
    fn group(&mut self, run: &[(Dot, &Entry)], entries: &BTreeMap<Dot, Box<Entry>>) {
        let mut groups: Vec<Vec<Dot>> = Vec::new();
        for (dot, entry) in run {
            let fits = |names: &&mut Vec<Dot>| {
                same(&entries[&names[0]], entry, dot.writer.dev)
                    && names.iter().all(|name| name.writer != dot.writer)
            };
            match groups.iter_mut().find(fits) {
                Some(names) => names.push(*dot),
                None => groups.push(vec![*dot]),
            }
        }
        for names in groups.into_iter().filter(|names| names.len() > 1) {
            let at = self.saves.len();
            self.by.extend(names.iter().map(|dot| (*dot, at)));
            self.saves.push(names);
        }
    }

    /// Decides under which name each counts: the first one that was not refused, or else the first.
    pub(crate) fn choose(&mut self, refused: impl Fn(Dot) -> bool) {
        self.heard.clear();
        for (names, stands) in self.saves.iter().zip(&mut self.stands) {
            let good: Vec<Dot> = names.iter().copied().filter(|dot| !refused(*dot)).collect();
            let good = if good.is_empty() { names.clone() } else { good };
            *stands = good[0];
            self.heard.push(good);
        }
    }

    /// Whether this name is one that does not count, because another one of the same save does.
    pub(crate) fn is_echo(&self, dot: Dot) -> bool {
        self.by.get(&dot).is_some_and(|at| self.stands[*at] != dot)
    }

    /// The names of all saves that have several.
    pub(crate) fn saves(&self) -> &[Vec<Dot>] {
        &self.saves
    }

    /// All names of a save.
    fn names<'a>(&'a self, dot: &'a Dot) -> &'a [Dot] {
        self.by.get(dot).map_or(std::slice::from_ref(dot), |at| &self.saves[*at])
    }

    /// Whether the author of `by` had seen `what` when it wrote: under any name of `what`, and any of `by` that was not
    /// refused. Two saves that bear several names may each have been written again on top of the other, in different
    /// lives: then the later one by the device's clock had seen the earlier one, or neither would stand.
    pub(crate) fn seen<'a>(&self, by: Dot, what: Dot, entry: impl Fn(Dot) -> &'a Entry) -> bool {
        let seen = |by: Dot, what: Dot| {
            let what = self.names(&what);
            let by = self.by.get(&by).map_or(std::slice::from_ref(&by), |at| &self.heard[*at]);
            by.iter().any(|by| {
                let ctx = &entry(*by).ctx;
                what.iter().any(|what| ctx.covers(*what))
            })
        };
        let twice = self.by.contains_key(&by) && self.by.contains_key(&what);
        let later = || (entry(by).hlc, by) > (entry(what).hlc, what);
        seen(by, what) && (!twice || later() || !seen(what, by))
    }
}
