//! What a command was given: checked against what it takes before anything is done.

use crate::failure::Failure;

/// Whether somebody asks how a command is used.
pub(crate) fn help(args: &[String]) -> bool {
    args.iter().any(|arg| arg == "--help" || arg == "-h")
}

/// Arguments of which each is known, and none is there twice.
#[derive(Debug)]
pub(crate) struct Given<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Given<'a> {
    /// Checks arguments against what a command takes: `--tests` a switch, `--listen A` an option with a value.
    ///
    /// # Errors
    /// The first that is not known, has no value or comes again, and what the command takes.
    pub(crate) fn of(args: &'a [String], takes: &[&str]) -> Result<Self, Failure> {
        let mut given: Vec<(&str, &str)> = Vec::new();
        let mut rest = args.iter().map(String::as_str);
        while let Some(name) = rest.next() {
            let wrong = |what: &str| {
                let known = if takes.is_empty() { "nothing".to_owned() } else { takes.join(" ") };
                Err(Failure::new(format!("`{name}` {what}; this command takes {known}")))
            };
            let Some(known) = takes.iter().find(|known| known.split(' ').next() == Some(name)) else {
                return wrong("is not known");
            };
            if given.iter().any(|(before, _)| *before == name) {
                return wrong("is there twice");
            }
            let value = if known.contains(' ') { rest.next() } else { Some("") };
            let Some(value) = value.filter(|value| !value.starts_with("--")) else {
                return wrong("needs a value");
            };
            given.push((name, value));
        }
        Ok(Self(given))
    }

    /// Whether a switch is there.
    pub(crate) fn switch(&self, name: &str) -> bool {
        self.text(name).is_some()
    }

    /// The value of an option.
    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(held, _)| *held == name).map(|(_, value)| *value)
    }

    /// The same as a whole number.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Failure> {
        let read = |text: &str| {
            let wrong = |_| Failure::new(format!("{name} needs a whole number, not `{text}`"));
            text.parse().map_err(wrong)
        };
        self.text(name).map(read).transpose()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    fn refused(line: &str, takes: &[&str]) -> String {
        Given::of(&words(line), takes).unwrap_err().to_string()
    }

    #[test]
    fn what_is_known_is_read() {
        let args = words("--on webdav --seeds 12");
        let given = Given::of(&args, &["--seeds N", "--from K", "--on STORE"]).unwrap();
        assert_eq!((given.text("--on"), given.number("--seeds").unwrap()), (Some("webdav"), Some(12)));
        assert_eq!(given.number("--from").unwrap(), None);
        assert!(Given::of(&words("--tests"), &["--tests"]).unwrap().switch("--tests"));
        assert!(!Given::of(&[], &["--tests"]).unwrap().switch("--tests"));
    }

    #[test]
    fn what_is_not_known_is_refused_with_what_is() {
        assert_eq!(refused("--fast", &[]), "`--fast` is not known; this command takes nothing");
        assert_eq!(
            refused("--listen x --tests", &["--listen A"]),
            "`--tests` is not known; this command takes --listen A"
        );
        assert!(refused("memory", &["--on STORE"]).starts_with("`memory` is not known"));
    }

    #[test]
    fn a_value_that_is_missing_or_there_twice_is_refused() {
        assert!(refused("--listen", &["--listen A"]).starts_with("`--listen` needs a value"));
        assert!(
            refused("--from --seeds 3", &["--seeds N", "--from K"]).starts_with("`--from` needs a value")
        );
        assert!(refused("--tests --tests", &["--tests"]).starts_with("`--tests` is there twice"));
        let args = words("--minutes five");
        let given = Given::of(&args, &["--minutes N"]).unwrap();
        assert!(given.number("--minutes").unwrap_err().to_string().contains("whole number"));
    }

    #[test]
    fn help_is_asked_for_anywhere() {
        assert!(help(&words("--only work --help")) && help(&words("-h")));
        assert!(!help(&words("--only help")));
    }
}
