//! Damage: what broken disks, cut lines and ill will do to bytes.

use gridbook_sync::sim::Rng;

/// What parsers trip over.
const TOKENS: [&[u8]; 30] = [
    b"0",
    b"-1",
    b"1",
    b"255",
    b"65536",
    b"4294967295",
    b"4294967296",
    b"9223372036854775807",
    b"18446744073709551615",
    b"18446744073709551616",
    b"1e999",
    b"-0.0",
    b"null",
    b"{}",
    b"[]",
    b"\"\"",
    b"\\u0000",
    b"\\ud800",
    b"\xff\xff\xff\xff",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\x00\x00\x00\x80",
    b"\x1f\x8b",
    b"&#x110000;",
    b"%",
    b"<![CDATA[",
    b"<!--",
    b"\n",
    b" ",
    b"+",
    "\u{202e}中".as_bytes(),
];

/// Opens something again and again.
const NESTS: [&[u8]; 5] = [b"[", b"{\"a\":", b"<a>", b"<D:response>", b"(("];

/// Largest input that is made, in bytes.
const MOST: usize = 64 * 1024;

fn place(rng: &mut Rng, bytes: &[u8]) -> usize {
    rng.below(bytes.len() as u64 + 1) as usize
}

fn range(rng: &mut Rng, bytes: &[u8]) -> std::ops::Range<usize> {
    let (one, two) = (place(rng, bytes), place(rng, bytes));
    let (from, to) = (one.min(two), one.max(two));
    from..to.min(from + 1 + rng.below(400) as usize)
}

/// One of the seeds, damaged in one to six ways.
pub fn some(rng: &mut Rng, seeds: &[&[u8]]) -> Vec<u8> {
    let pick = |rng: &mut Rng| seeds[rng.below(seeds.len() as u64) as usize];
    let mut bytes = pick(rng).to_vec();
    for _ in 0..1 + rng.below(6) {
        match rng.below(10) {
            0 if !bytes.is_empty() => {
                let at = rng.below(bytes.len() as u64) as usize;
                bytes[at] ^= 1 << rng.below(8);
            }
            1 if !bytes.is_empty() => {
                let at = rng.below(bytes.len() as u64) as usize;
                bytes[at] = [0, 1, 0x7f, 0x80, 0xff, b'0', b'"', b'<'][rng.below(8) as usize];
            }
            2 => bytes.truncate(place(rng, &bytes)),
            3 => {
                bytes.drain(range(rng, &bytes));
            }
            4 => {
                let part = bytes[range(rng, &bytes)].to_vec();
                let at = place(rng, &bytes);
                bytes.splice(at..at, part);
            }
            5 => {
                let other = pick(rng);
                let part = other[range(rng, other)].to_vec();
                let at = range(rng, &bytes);
                bytes.splice(at, part);
            }
            6 => number(rng, &mut bytes),
            7 if rng.chance(20) => {
                let nest = NESTS[rng.below(NESTS.len() as u64) as usize];
                let deep = nest.repeat(1 + rng.below(8000) as usize);
                let at = place(rng, &bytes);
                bytes.splice(at..at, deep);
            }
            _ => {
                let token = TOKENS[rng.below(TOKENS.len() as u64) as usize];
                let at = place(rng, &bytes);
                let to = (at + rng.below(2) as usize * token.len()).min(bytes.len());
                bytes.splice(at..to, token.iter().copied());
            }
        }
    }
    bytes.truncate(MOST);
    bytes
}

/// Another number in the place of one.
fn number(rng: &mut Rng, bytes: &mut Vec<u8>) {
    let starts: Vec<usize> = (0..bytes.len())
        .filter(|at| bytes[*at].is_ascii_digit() && (*at == 0 || !bytes[at - 1].is_ascii_digit()))
        .collect();
    if starts.is_empty() {
        return;
    }
    let from = starts[rng.below(starts.len() as u64) as usize];
    let to = bytes[from..].iter().position(|b| !b.is_ascii_digit()).map_or(bytes.len(), |n| from + n);
    let token = TOKENS[rng.below(12) as usize];
    bytes.splice(from..to, token.iter().copied());
}
