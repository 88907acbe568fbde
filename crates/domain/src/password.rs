//! A password that somebody sets, as far as a screen can judge it before the server does.

/// Characters at least.
pub const LEAST: usize = 8;

/// Why a new password and its repetition are not sent at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// The two are not the same.
    Differ,
    /// Fewer than [`LEAST`] characters.
    Short,
}

impl Unfit {
    /// For the screen.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Differ => "两次填写的新密码不一样",
            Self::Short => "新密码至少 8 位",
        }
    }
}

/// Whether a new password may be sent.
///
/// # Errors
/// [`Unfit`]; nothing has changed.
pub fn check(new: &str, again: &str) -> Result<(), Unfit> {
    if new != again {
        Err(Unfit::Differ)
    } else if new.chars().count() < LEAST {
        Err(Unfit::Short)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_no_new_password() {
        assert_eq!(check("qinghe-26", "qinghe-27"), Err(Unfit::Differ));
        assert_eq!(check("qinghe", "qinghe"), Err(Unfit::Short));
        assert_eq!(check("青禾镇柳溪村", "青禾镇柳溪村"), Err(Unfit::Short), "characters, not bytes");
        assert_eq!(check("青禾镇柳溪村一组", "青禾镇柳溪村一组"), Ok(()));
    }
}
