//! Putting lists in order. The machinery is compiled once, whatever the list holds: a generic sort for each of two
//! dozen types was a tenth of the phone's code.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use crate::body::kind;
use crate::have::Have;
use crate::op::Op;

/// Puts a list in order; equal items keep their places.
pub fn order_by<T>(list: &mut Vec<T>, mut compare: impl FnMut(&T, &T) -> Ordering) {
    if list.len() < 2 {
        return;
    }
    let order = places(list.len(), &mut |a, b| compare(&list[a], &list[b]));
    if order.iter().enumerate().all(|(at, place)| at == *place) {
        return;
    }
    let mut slots: Vec<Option<T>> = std::mem::take(list).into_iter().map(Some).collect();
    list.extend(order.into_iter().filter_map(|place| slots[place].take()));
}

/// Puts a list in the order of a key; equal items keep their places.
pub fn order_by_key<T, K: Ord>(list: &mut Vec<T>, key: impl Fn(&T) -> K) {
    order_by(list, |a, b| key(a).cmp(&key(b)));
}

/// Whether everything that an operation of a stream builds on is held: its author's operations before it, what it had
/// seen of others, and before all of them the creation.
pub fn ready(have: &Have, op: &Op) -> bool {
    let dot = op.dot();
    dot.n == have.upto(dot.writer) + 1
        && op.header().ctx.iter().all(|(writer, n)| writer == dot.writer || have.upto(writer) >= n)
        && (!have.is_empty() || op.header().kind == kind::CREATE)
}

/// The operations of a stream, causes first, then by time and name: a clock that runs ahead puts no answer before what it
/// answers. What misses a cause comes last.
pub fn causes_first(mut ops: Vec<Op>) -> Vec<Op> {
    order_by_key(&mut ops, |op| (op.header().hlc, op.dot()));
    let (mut have, mut out) = (Have::default(), Vec::with_capacity(ops.len()));
    while !ops.is_empty() {
        let mut later = Vec::new();
        let before = out.len();
        for op in ops {
            if ready(&have, &op) {
                have.insert(op.dot());
                out.push(op);
            } else {
                later.push(op);
            }
        }
        if out.len() == before {
            out.append(&mut later);
        }
        ops = later;
    }
    out
}

/// A map of what comes, the last of a key counting. Put in one by one: `collect` sorts first, with machinery of its own
/// for each type.
pub fn map_of<K: Ord, V>(items: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    for (key, value) in items {
        map.insert(key, value);
    }
    map
}

/// A set of what comes, as [`map_of`].
pub fn set_of<K: Ord>(items: impl IntoIterator<Item = K>) -> BTreeSet<K> {
    let mut set = BTreeSet::new();
    for item in items {
        set.insert(item);
    }
    set
}

#[inline(never)]
fn places(len: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    order.sort_by(|a, b| compare(*a, *b));
    order
}

#[cfg(test)]
mod tests {
    use super::{order_by, order_by_key};

    #[test]
    fn equal_items_keep_their_places() {
        let mut list = vec![(2, 'a'), (1, 'b'), (2, 'c'), (1, 'd'), (0, 'e')];
        order_by_key(&mut list, |one| one.0);
        assert_eq!(list, [(0, 'e'), (1, 'b'), (1, 'd'), (2, 'a'), (2, 'c')]);
        order_by(&mut list, |a, b| b.1.cmp(&a.1));
        assert_eq!(list.iter().map(|one| one.1).collect::<String>(), "edcba");
    }

    #[test]
    fn nothing_is_lost_from_long_lists() {
        let mut list: Vec<String> = (0..1000u32).map(|n| (n * 7919 % 1000).to_string()).collect();
        let mut sorted = list.clone();
        sorted.sort();
        order_by(&mut list, Ord::cmp);
        assert_eq!(list, sorted);
    }
}
