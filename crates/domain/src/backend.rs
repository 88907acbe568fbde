//! Where an account's records go, as far as it changes what people are told and what may go there.

mod phone;

pub use phone::{Left, steps};

use crate::record::RecordKind;

/// A kind of place where an account's records go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Destination {
    /// The township's server: it knows people and decides who reads what.
    #[default]
    Server,
    /// A folder or a database that everybody with its password reads.
    Share,
    /// Nowhere: this device, and files carried by hand.
    Alone,
}

impl Destination {
    /// Whether a device that holds records of these kinds may send there: what only people by name may read does not go
    /// where everybody reads (VISIT-09).
    pub fn admits(self, kinds: impl IntoIterator<Item = RecordKind>) -> bool {
        self != Self::Share || !kinds.into_iter().any(|kind| kind == RecordKind::Restricted)
    }

    /// What becomes of this device's records when the account changes over to it.
    pub const fn changing(self) -> &'static str {
        match self {
            Self::Alone => "本机的记录都留着；没有送出的还是没有送出，要靠随身文件带走。",
            Self::Server | Self::Share => "本机的记录都留着，没有送出的会送到新的地方。",
        }
    }

    /// Words on the button that hands on a file which somebody brought.
    pub const fn hand_on(self) -> &'static str {
        match self {
            Self::Server => "交到服务器",
            Self::Share => "交到共享",
            Self::Alone => "收进这台设备",
        }
    }

    /// What is to be known after such a file was handed on; empty when it has arrived where it is read.
    pub const fn handed_on(self) -> &'static str {
        match self {
            Self::Server | Self::Share => "",
            Self::Alone => "只收进了这台设备，还没有交到别处。文件请留着，有了后端再交一次。",
        }
    }

    /// Words on the button that compares; `None` where there is nothing to compare with.
    pub const fn compare(self) -> Option<&'static str> {
        match self {
            Self::Server => Some("与服务器核对"),
            Self::Share => Some("与共享核对"),
            Self::Alone => None,
        }
    }

    /// With what a comparison is made, in a sentence.
    pub const fn other_side(self) -> &'static str {
        match self {
            Self::Server => "服务器",
            Self::Share => "共享",
            Self::Alone => "别处",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_some_may_read_goes_to_no_share() {
        let held = [RecordKind::Household, RecordKind::Restricted];
        assert!(!Destination::Share.admits(held));
        assert!(Destination::Share.admits([RecordKind::Household, RecordKind::Visit]));
        assert!(Destination::Server.admits(held));
        assert!(Destination::Alone.admits(held), "it stays where it is");
    }

    #[test]
    fn without_a_backend_nothing_is_said_to_be_sent() {
        let alone = Destination::Alone;
        assert!(!alone.changing().contains("会送到"));
        assert!(Destination::Server.changing().contains("会送到新的地方"));
        assert!(!alone.hand_on().contains('交'));
        assert!(alone.handed_on().contains("没有交到别处"));
        assert!(Destination::Share.handed_on().is_empty());
        assert_eq!(alone.compare(), None);
    }

    #[test]
    fn a_share_is_not_called_a_server() {
        let share = Destination::Share;
        for words in [share.hand_on(), share.compare().unwrap_or_default(), share.other_side()] {
            assert!(words.contains("共享") && !words.contains("服务器"), "{words}");
        }
    }
}
