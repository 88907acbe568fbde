//! What a password of an account has to be; asked where it is chosen, so that nobody waits for the server to say no, and
//! judged by the server.

/// Fewest characters of a password.
pub const SHORTEST: usize = 8;
/// Most bytes of a password.
pub const LONGEST: usize = 200;

/// Why a password is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Fewer than [`SHORTEST`] characters.
    #[error("密码至少 8 位")]
    Short,
    /// More than [`LONGEST`] bytes.
    #[error("密码太长，最多 200 个字母数字")]
    Long,
    /// The account itself, or one character again and again.
    #[error("密码太容易猜到")]
    Guessed,
}

/// Whether this may be the password of an account; an empty `user` is one that is not known here.
///
/// # Errors
/// [`WeakPassword`]
pub fn password(user: &str, new: &str) -> Result<(), WeakPassword> {
    if new.chars().count() < SHORTEST {
        Err(WeakPassword::Short)
    } else if new.len() > LONGEST {
        Err(WeakPassword::Long)
    } else if new == user || new.chars().all(|c| new.starts_with(c)) {
        Err(WeakPassword::Guessed)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_enough_and_not_guessed() {
        assert_eq!(password("ann", "柳溪村的老槐树下"), Ok(()), "eight characters, whatever they are");
        assert_eq!(password("ann", "1234567"), Err(WeakPassword::Short));
        assert_eq!(password("ann", "柳溪村"), Err(WeakPassword::Short), "bytes do not count");
        assert_eq!(password("ann", &"ab".repeat(100)), Ok(()));
        assert_eq!(password("ann", &"abc".repeat(67)), Err(WeakPassword::Long));
        assert_eq!(password("chen_ann", "chen_ann"), Err(WeakPassword::Guessed));
        assert_eq!(password("", "aaaaaaaaa"), Err(WeakPassword::Guessed));
        assert!(WeakPassword::Short.to_string().contains(&SHORTEST.to_string()));
        assert!(WeakPassword::Long.to_string().contains(&LONGEST.to_string()));
    }
}
