//! Reading test runners' closing lines: how many tests passed, failed, or did not run.

use std::ops::AddAssign;

/// Counts of one or more test runs.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// Ignored, skipped, cancelled, to be done: whatever was there and was not run.
    pub(crate) skipped: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// Sums the closing lines of libtest (also under wasm-bindgen), nextest and node's runner in `output`.
pub(crate) fn read(output: &str) -> Tally {
    let mut tally = Tally::default();
    for line in output.lines() {
        let line = plain(line);
        let line = line.trim();
        if let Some(counts) = line.strip_prefix("test result: ") {
            tally += words(counts);
        } else if let Some(counts) = line.strip_prefix("Summary [").and_then(|rest| rest.split_once("run: "))
        {
            tally += words(counts.1);
        } else if let Some((name, count)) = node(line) {
            match name {
                "pass" => tally.passed += count,
                "fail" => tally.failed += count,
                "cancelled" | "skipped" | "todo" => tally.skipped += count,
                _ => {}
            }
        }
    }
    tally
}

/// `12 passed (1 slow), 1 failed; 2 ignored` and the like: each number belongs to the word after it.
fn words(counts: &str) -> Tally {
    let mut tally = Tally::default();
    let words: Vec<&str> =
        counts.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    for pair in words.windows(2) {
        let Ok(count) = pair[0].parse::<u64>() else { continue };
        match pair[1] {
            "passed" => tally.passed += count,
            "failed" | "timed" => tally.failed += count,
            "ignored" | "skipped" => tally.skipped += count,
            _ => {}
        }
    }
    tally
}

/// `ℹ pass 12`, or `# pass 12` from its other reporter.
fn node(line: &str) -> Option<(&str, u64)> {
    let rest = line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# "))?;
    let (name, count) = rest.split_once(' ')?;
    Some((name, count.parse().ok()?))
}

/// The line without colours.
fn plain(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = after.split_once(|c: char| c.is_ascii_alphabetic()).map_or("", |(_, text)| text);
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::{Tally, read};

    #[test]
    fn libtest() {
        let output = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.00s\n\
                      test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(read(output), Tally { passed: 4, failed: 2, skipped: 1 });
    }

    #[test]
    fn nextest_in_colour() {
        let output = "\u{1b}[32;1m     Summary\u{1b}[0m [   1.2s] \u{1b}[1m9\u{1b}[0m tests run: \u{1b}[1m6\u{1b}[0m passed \
                      (1 slow), 2 failed, 1 timed out, 4 skipped";
        assert_eq!(read(output), Tally { passed: 6, failed: 3, skipped: 4 });
    }

    #[test]
    fn node_spec_and_tap() {
        let output = "ℹ tests 6\nℹ suites 0\nℹ pass 2\nℹ fail 1\nℹ cancelled 1\nℹ skipped 1\nℹ todo 1\nℹ duration_ms 8.5";
        assert_eq!(read(output), Tally { passed: 2, failed: 1, skipped: 3 });
        assert_eq!(read("# tests 2\n# pass 2\n# fail 0\n"), Tally { passed: 2, failed: 0, skipped: 0 });
    }

    #[test]
    fn other_text_counts_for_nothing() {
        assert_eq!(read("3 passed on to the unit\nSummary of 4 passed cases\n# a title 7"), Tally::default());
    }
}
