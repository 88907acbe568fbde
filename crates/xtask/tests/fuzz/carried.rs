//! Files that are carried by hand: what is inside, and the seal around it.

use gridbook_carry::{OpenError, open, seal};
use gridbook_sync::bundle::{Bundle, FORMAT, Head};
use sha2::{Digest as _, Sha256};

use super::Target;
use super::log::{ops, wires};

const PASSPHRASE: &str = "山 茶 水 鹿";
/// Most bytes that a file of these tests may unfold to.
const MAX: usize = 1024 * 1024;

fn bundle() -> Vec<u8> {
    let blob = b"not really a picture".to_vec();
    let name = Sha256::digest(&blob).iter().map(|byte| format!("{byte:02x}")).collect();
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
    let mut short = Bundle::read(&plain()).unwrap();
    short.ops.truncate(1);
    short.head.ops = 1;
    // A beginning that is refused for its own sake would keep all that follows from being tried.
    let bundles = [(bundle(), 1), (plain(), 0), (short.write(), 0)].map(|(bytes, photos)| {
        assert_eq!(Bundle::read(&bytes).unwrap().blobs.len(), photos);
        bytes
    });
    // A bomb: a few bytes that want to be many.
    let bomb = seal(&vec![0; 64 * 1024 * 1024], PASSPHRASE).unwrap();
    assert_eq!(open(&bomb, PASSPHRASE, MAX), Err(OpenError::TooLarge));
    vec![
        Target { name: "bundle", seeds: bundles.to_vec(), run: lines },
        Target { name: "sealed", seeds: vec![seal(&plain(), PASSPHRASE).unwrap(), bomb], run: sealed },
    ]
}

/// The same without its photo.
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
