//! `gridbook-server conform URL`: asks any server whether it keeps the published contract.

use std::process::ExitCode;

use gridbook_conform::{Account, Options, Secret, run};
use lexopt::{Arg, Parser, ValueExt};

/// The URL, and what to check with.
fn asked(mut parser: Parser) -> Result<(String, Options), lexopt::Error> {
    let mut url = None;
    let mut options = Options::default();
    parser.next()?; // the command itself
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Value(value) if url.is_none() => url = Some(value.string()?),
            Arg::Long("user") => options.accounts.push(Account::new(parser.value()?.string()?, "")),
            Arg::Long("password") => prove(&mut options, Secret::Password(parser.value()?.string()?))?,
            Arg::Long("token") => prove(&mut options, Secret::Token(parser.value()?.string()?))?,
            Arg::Long("level") => options.level = Some(parser.value()?.parse()?),
            Arg::Long("area") => options.area = Some(parser.value()?.string()?),
            Arg::Long("write") => options.write = true,
            other => return Err(other.unexpected()),
        }
    }
    Ok((url.ok_or("缺少服务器地址")?, options))
}

/// A password or token belongs to the account named before it.
fn prove(options: &mut Options, secret: Secret) -> Result<(), lexopt::Error> {
    let account = options.accounts.last_mut().ok_or("--password 和 --token 要写在它的 --user 后面")?;
    account.secret = secret;
    Ok(())
}

/// 0 when nothing fails that the server announces, 1 when something does, 2 when the line cannot be understood.
pub(crate) fn main(usage: &str) -> ExitCode {
    let (url, options) = match asked(Parser::from_env()) {
        Ok(asked) => asked,
        Err(error) => {
            eprintln!("{error}\n\n{usage}");
            return ExitCode::from(2);
        }
    };
    if !url.starts_with("http://") && !url.starts_with("https://") {
        eprintln!("地址 {url} 要以 http:// 或 https:// 开头。");
        return ExitCode::from(2);
    }
    let Some(runtime) = crate::runtime() else { return ExitCode::FAILURE };
    let report = runtime.block_on(run(&url, &options));
    print!("{report}");
    if report.breaks_its_word() {
        eprintln!("服务器宣布的级别里有不通过的,见上。");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn line(words: &[&str]) -> Result<(String, Options), lexopt::Error> {
        asked(Parser::from_args(["conform"].iter().chain(words)))
    }

    #[test]
    fn every_account_has_its_own_secret() {
        let words = [
            "http://h",
            "--user",
            "a",
            "--password",
            "p",
            "--user",
            "b",
            "--token",
            "t",
            "--level",
            "1",
            "--write",
        ];
        let (url, options) = line(&words).unwrap();
        assert_eq!(url, "http://h");
        assert_eq!((options.level, options.write), (Some(1), true));
        let users: Vec<&str> = options.accounts.iter().map(|a| a.user.as_str()).collect();
        assert_eq!(users, ["a", "b"]);
        assert!(matches!(&options.accounts[0].secret, Secret::Password(p) if p == "p"));
        assert!(matches!(&options.accounts[1].secret, Secret::Token(t) if t == "t"));
    }

    #[test]
    fn a_line_that_makes_no_sense_is_told_so() {
        for words in
            [&[][..], &["http://h", "more"], &["http://h", "--password", "p"], &["http://h", "--level", "x"]]
        {
            assert!(line(words).is_err(), "{words:?}");
        }
    }
}
