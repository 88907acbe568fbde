//! A share of a whole, as reports show it (domain data 4.14.1): the counts always, the per cent with one decimal
//! rounded half up, and none where the whole is too small to mean anything.

/// Wholes below this show their counts only.
const SMALL: usize = 5;

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Share {
    /// How many.
    pub part: usize,
    /// Of how many.
    pub whole: usize,
}

impl Share {
    /// Counts one.
    pub fn count(&mut self, counts: bool) {
        self.whole += 1;
        self.part += usize::from(counts);
    }

    /// Tenths of a per cent, rounded half up; `None` of nothing.
    pub const fn permille(self) -> Option<usize> {
        if self.whole == 0 { None } else { Some((self.part * 2000 + self.whole) / (2 * self.whole)) }
    }

    /// In words: `98.6%（2720/2760）`, `2/3`, `—`.
    pub fn words(self) -> String {
        match self.permille() {
            None => "—".to_owned(),
            Some(_) if self.whole < SMALL => format!("{}/{}", self.part, self.whole),
            Some(of) => format!("{}.{}%（{}/{}）", of / 10, of % 10, self.part, self.whole),
        }
    }
}

/// The same of small counts.
pub(crate) fn permille(part: u32, whole: u32) -> Option<u32> {
    let share = Share { part: part as usize, whole: whole as usize };
    share.permille().and_then(|of| u32::try_from(of).ok())
}

#[cfg(test)]
mod tests {
    use super::Share;

    #[test]
    fn rounded_half_up_with_counts() {
        let words = |part, whole| Share { part, whole }.words();
        assert_eq!(words(2720, 2760), "98.6%（2720/2760）");
        assert_eq!(words(128, 363), "35.3%（128/363）");
        assert_eq!(words(125, 125), "100.0%（125/125）");
        assert_eq!(words(1, 2000), "0.1%（1/2000）");
        assert_eq!(words(2, 3), "2/3");
        assert_eq!(words(0, 0), "—");
    }
}
