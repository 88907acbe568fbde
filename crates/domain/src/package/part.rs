//! Parts of the package that are read when they are first asked for: a start shows no form and takes no step.

use std::sync::OnceLock;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A part of the package: its text, and what it means once that was asked for.
#[derive(Debug, Clone)]
pub struct Part<T> {
    text: Option<Box<RawValue>>,
    read: OnceLock<T>,
}

impl<T: DeserializeOwned + Default> Part<T> {
    /// What it says. The package's checksum held, so a text that cannot be read is of a later shape; it counts as
    /// empty, and whoever looks something up in it says that it is not there.
    pub fn get(&self) -> &T {
        self.read.get_or_init(|| self.parse().ok().flatten().unwrap_or_default())
    }

    /// To be changed.
    pub fn get_mut(&mut self) -> &mut T {
        self.get();
        self.text = None;
        self.read.get_mut().expect("it was read a line above")
    }

    /// Whether it can be read, for those who make or take in a package.
    ///
    /// # Errors
    /// Where the text is of another shape.
    pub fn check(&self) -> Result<(), serde_json::Error> {
        if let Some(value) = self.parse()? {
            // Read already: it says the same.
            let _ = self.read.set(value);
        }
        Ok(())
    }

    fn parse(&self) -> Result<Option<T>, serde_json::Error> {
        self.text.as_ref().map(|text| serde_json::from_str(text.get())).transpose()
    }
}

impl<T> Default for Part<T> {
    fn default() -> Self {
        Self { text: None, read: OnceLock::new() }
    }
}

impl<T> From<T> for Part<T> {
    fn from(value: T) -> Self {
        Self { text: None, read: OnceLock::from(value) }
    }
}

impl<T: DeserializeOwned + Default + PartialEq> PartialEq for Part<T> {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<T: DeserializeOwned + Default + Serialize> Serialize for Part<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.get().serialize(to)
    }
}

impl<'de, T> Deserialize<'de> for Part<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self { text: Some(Box::<RawValue>::deserialize(from)?), read: OnceLock::new() })
    }
}
