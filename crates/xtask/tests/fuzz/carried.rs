//! Files that are carried by hand: what is inside, and the seal around it.

use gridbook_carry::{OpenError, open, seal};
use gridbook_sync::bundle::{Bundle, FORMAT, Head};

use super::Target;
use super::log::{ops, wires};

const PASSPHRASE: &str = "山 茶 水 鹿";
/// Most bytes that a file of these tests may unfold to.
const MAX: usize = 1024 * 1024;

fn bundle() -> Vec<u8> {
    let blob = b"not really a picture".to_vec();
    // Its SHA-256, as everybody can tell who has the bytes.
    let name = "e2b8acc2d9f3f8c2dc1a5f3e3c0c6d5b7d3ea2f2bd47f9be4f1df3c0a7b1f4c1".to_owned();
    let head = Head {
        gridbook_bundle: FORMAT,
        user: "ann".to_owned(),
        name: "何秀兰".to_owned(),
        township: "t1".to_owned(),
        writer: ops()[0].dot().writer,
        made_at: 1,
        ops: wires().len(),
        blobs: 1,
        reader: None,
        part: None,
    };
    Bundle { head, ops: wires(), blobs: vec![(name, blob)] }.write()
}

fn lines(bytes: &[u8], _: u64) {
    if let Ok(bundle) = Bundle::read(bytes) {
        assert_eq!(Bundle::read(&bundle.write()).as_ref(), Ok(&bundle));
        gridbook_sync::relay::authors(&bundle);
    }
}

fn sealed(bytes: &[u8], _: u64) {
    if let Ok(plain) = open(bytes, PASSPHRASE, MAX) {
        assert!(plain.len() <= MAX);
    }
}

pub fn targets() -> Vec<Target> {
    let mut without = Bundle::read(&plain()).unwrap();
    without.ops.truncate(1);
    without.head.ops = 1;
    // A bomb: a few bytes that want to be many.
    let bomb = seal(&vec![0; 64 * 1024 * 1024], PASSPHRASE).unwrap();
    assert_eq!(open(&bomb, PASSPHRASE, MAX), Err(OpenError::TooLarge));
    vec![
        Target { name: "bundle", seeds: vec![bundle(), plain(), without.write()], run: lines },
        Target { name: "sealed", seeds: vec![seal(&plain(), PASSPHRASE).unwrap(), bomb], run: sealed },
    ]
}

/// One that reads.
fn plain() -> Vec<u8> {
    let mut whole = String::from_utf8(bundle()).unwrap();
    let at = whole.find("{\"blob\"").unwrap();
    let to = at + whole[at..].find('\n').unwrap() + 1;
    whole.replace_range(at..to, "");
    let lines = wires().len();
    whole
        .replace("\"blobs\":1", "\"blobs\":0")
        .replace(&format!("\"lines\":{}", lines + 1), &format!("\"lines\":{lines}"))
        .into_bytes()
}
