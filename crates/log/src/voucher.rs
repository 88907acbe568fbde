//! Who says that a device belongs to a person: vouchers, one signed by the bearer of the one before, the first by the
//! key of whoever founded the township. A key record carries all of them, so whoever knows that one key can check it,
//! whatever else has arrived.
//!
//! An invitation holds the private half of a key that was made for it, with a voucher of the inviter for the person.
//! The device that takes it up signs a voucher for its own key with it, and needs it no more.

use serde::{Deserialize, Serialize};

use crate::hex;
use crate::id::DeviceId;
use crate::key::Point;
use crate::sign::{self, Signature};

/// Stands before what is signed, so that it can never mean anything elsewhere.
const DOMAIN: &str = "gridbook-voucher-1\n";
/// Most steps from the founder to a device.
const LONGEST: usize = 16;

/// One step: the bearer of the key before says that this key is that person's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voucher {
    #[serde(rename = "k")]
    key: String,
    #[serde(rename = "u")]
    user: String,
    /// The device whose key it is; an invitation's belongs to none.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    dev: Option<DeviceId>,
    /// Whether it may vouch for other people, too.
    #[serde(rename = "i", default, skip_serializing_if = "std::ops::Not::not")]
    invites: bool,
    #[serde(rename = "g", default)]
    sig: String,
}

/// A signature that has to be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Whose.
    pub by: Point,
    /// Of what.
    pub bytes: Vec<u8>,
    /// It.
    pub signature: Signature,
}

impl Voucher {
    /// Not signed yet.
    pub fn new(point: &Point, user: &str, dev: Option<DeviceId>, invites: bool) -> Self {
        Self { key: hex::encode(point), user: user.to_owned(), dev, invites, sig: String::new() }
    }

    /// What the bearer of the key before signs.
    pub fn bytes(&self) -> Vec<u8> {
        let dev = self.dev.map_or_else(|| "-".to_owned(), |dev| dev.to_string());
        // The account last: it may hold anything.
        format!("{DOMAIN}{} {dev} {} {}", self.key, u8::from(self.invites), self.user).into_bytes()
    }

    /// With its signature.
    #[must_use]
    pub fn signed(self, signature: &Signature) -> Self {
        Self { sig: sign::encode(signature), ..self }
    }

    /// Whether it may vouch for other people, too.
    pub fn invites(&self) -> bool {
        self.invites
    }

    fn point(&self) -> Option<Point> {
        hex::decode::<65>(&self.key).filter(|point| point[0] == 4)
    }
}

/// How vouchers lead to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The signatures that must be good.
    pub steps: Vec<Step>,
    /// Whether the bearer of the key may vouch for other people: everybody on the way says so, not the bearer alone.
    pub invites: bool,
}

/// The way by which `point` is the key of a device of `user`, if `root` is whom everybody believes. `None` where no
/// signature helps: the steps do not lead there, or somebody vouches who may not.
pub fn way(root: &Point, chain: &[Voucher], dev: DeviceId, user: &str, point: &Point) -> Option<Way> {
    if chain.len() > LONGEST {
        return None;
    }
    let (mut by, mut invites, mut who) = (*root, true, None);
    let mut steps = Vec::with_capacity(chain.len());
    for voucher in chain {
        if !invites && who != Some(voucher.user.as_str()) {
            return None;
        }
        steps.push(Step { by, bytes: voucher.bytes(), signature: sign::decode(&voucher.sig)? });
        by = voucher.point()?;
        invites &= voucher.invites;
        who = Some(voucher.user.as_str());
    }
    let leads = match chain.last() {
        None => true,
        Some(last) => last.dev == Some(dev) && last.user == user,
    };
    (leads && by == *point).then_some(Way { steps, invites })
}

/// Whom a device believes, and how that leads to its own key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trust {
    root: String,
    #[serde(default)]
    chain: Vec<Voucher>,
}

impl Trust {
    /// Of whoever founds a township: their own key is the one that everybody believes.
    pub fn founded(point: &Point) -> Self {
        Self { root: hex::encode(point), chain: Vec::new() }
    }

    /// One step further.
    #[must_use]
    pub fn and(mut self, voucher: Voucher) -> Self {
        self.chain.push(voucher);
        self
    }

    /// The key that is believed; `None` where the text is none.
    pub fn root(&self) -> Option<Point> {
        hex::decode::<65>(&self.root)
    }

    /// The steps from there.
    pub fn chain(&self) -> &[Voucher] {
        &self.chain
    }

    /// Whether its last bearer may vouch for other people.
    pub fn invites(&self) -> bool {
        self.chain.iter().all(Voucher::invites)
    }
}
