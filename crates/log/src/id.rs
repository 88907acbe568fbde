//! Names of things: entities, devices, writers, dots and operations.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::hex;

/// Makes a fixed-size byte identifier: hex text for people and JSON, raw bytes in packed form.
macro_rules! byte_id {
    ($(#[$meta:meta])* $name:ident, $len:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// Reads the lower-case hex text; `None` for anything else.
            pub fn parse(text: &str) -> Option<Self> {
                hex::decode(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                if s.is_human_readable() { s.collect_str(self) } else { self.0.serialize(s) }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                if d.is_human_readable() {
                    let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                    Self::parse(&text).ok_or_else(|| D::Error::custom(concat!("not a ", stringify!($name))))
                } else {
                    <[u8; $len]>::deserialize(d).map(Self)
                }
            }
        }
    };
}

byte_id!(
    /// One entity, and so one stream: a household, a visit, a case, an area. 32 hex digits, ordered by the
    /// time of its making (OFF-03).
    EntityId,
    16
);
byte_id!(
    /// One device's log identity, drawn at random when the device's database is made. 16 hex digits.
    DeviceId,
    8
);

impl EntityId {
    /// Makes an identifier from the time in milliseconds since 1970 and ten random bytes.
    pub fn new(now_ms: u64, random: [u8; 10]) -> Self {
        let mut bytes = [0u8; 16];
        bytes[..6].copy_from_slice(&now_ms.to_be_bytes()[2..]);
        bytes[6..].copy_from_slice(&random);
        Self(bytes)
    }

    /// The time in it, in milliseconds since 1970. For display and ordering of lists only.
    pub fn made_at(&self) -> u64 {
        self.0[..6].iter().fold(0, |acc, b| (acc << 8) | u64::from(*b))
    }
}

/// A device in one of its lives. A clone or a restored backup starts a new epoch, so that no two writers ever
/// use the same numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Writer {
    /// The device.
    pub dev: DeviceId,
    /// Its life, from 1.
    pub epoch: u32,
}

impl Writer {
    /// Reads `<dev>.<epoch>`.
    pub fn parse(text: &str) -> Option<Self> {
        let (dev, epoch) = text.split_once('.')?;
        Some(Self { dev: DeviceId::parse(dev)?, epoch: hex::decimal(epoch)? })
    }

    /// Whether this is `now` or one of the lives its device had before.
    pub fn is_life_of(self, now: Self) -> bool {
        self.dev == now.dev && self.epoch <= now.epoch
    }
}

impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.dev, self.epoch)
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One operation of a writer inside one stream; `n` counts from 1 without holes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Dot {
    /// Who wrote it.
    pub writer: Writer,
    /// Its place among that writer's operations in this stream, from 1.
    pub n: u32,
}

impl Dot {
    /// Reads `<dev>.<epoch>.<n>`; `n` is at least 1.
    pub fn parse(text: &str) -> Option<Self> {
        let (writer, n) = text.rsplit_once('.')?;
        let n = hex::decimal(n)?;
        (n > 0).then_some(Self { writer: Writer::parse(writer)?, n })
    }
}

impl fmt::Display for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.writer, self.n)
    }
}

impl fmt::Debug for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The name of an operation everywhere: its stream and its dot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OpId {
    /// The stream.
    pub entity: EntityId,
    /// The place in it.
    pub dot: Dot,
}

impl OpId {
    /// Reads `<entity>/<dev>.<epoch>.<n>`.
    pub fn parse(text: &str) -> Option<Self> {
        let (entity, dot) = text.split_once('/')?;
        Some(Self { entity: EntityId::parse(entity)?, dot: Dot::parse(dot)? })
    }
}

impl fmt::Display for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.entity, self.dot)
    }
}

impl fmt::Debug for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
