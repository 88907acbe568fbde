//! Which kind of network a device is on, and whether photos wait for another one (OFF-04).

/// What a browser says of the network, if it says anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// Wi-Fi or a cable.
    Free,
    /// Paid by the megabyte, or handed on by another phone.
    Metered,
    /// The browser does not say.
    #[default]
    Unknown,
}

impl Link {
    /// By the name that browsers give it (`navigator.connection.type`).
    pub fn named(name: Option<&str>) -> Self {
        match name {
            Some("wifi" | "ethernet") => Self::Free,
            Some("cellular" | "bluetooth" | "wimax") => Self::Metered,
            _ => Self::Unknown,
        }
    }

    /// Whether photos stay on the device for now. Where the browser does not say they go: a switch that holds
    /// evidence back for ever because nobody can tell would do harm. Text always goes.
    pub fn holds_photos(self, only_wifi: bool) -> bool {
        only_wifi && self == Self::Metered
    }
}

#[cfg(test)]
mod tests {
    use super::Link;

    #[test]
    fn photos_wait_only_where_the_network_is_known_to_cost() {
        for (name, held) in [
            (Some("cellular"), true),
            (Some("bluetooth"), true),
            (Some("wifi"), false),
            (Some("ethernet"), false),
            (Some("unknown"), false),
            (Some("none"), false),
            (None, false),
        ] {
            assert_eq!(Link::named(name).holds_photos(true), held, "{name:?}");
            assert!(!Link::named(name).holds_photos(false), "{name:?}");
        }
    }
}
