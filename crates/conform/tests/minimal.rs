//! The suite against the minimal server (Python's standard library): whole, it passes; with one rule broken, exactly
//! the check of that rule says so.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use gridbook_conform::{Options, Report, Verdict, run};

/// A server process of ours; ends with the test.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(script: &str, arguments: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/contract").join(script);
        let mut process = Command::new("python3")
            .arg("-B")
            .arg(script)
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect(
                "these tests need python3 (its standard library is enough); install it and run them again",
            );
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("http://"), "the server printed no address: {line:?}");
        Self { process, url: line.trim().to_owned() }
    }

    async fn check(&self) -> Report {
        run(&self.url, &Options { write: true, ..Options::default() }).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Breaks one rule and demands that exactly these checks notice.
async fn caught(rule: &str, by: &[&str]) {
    let report = Server::start("broken_server.py", &[rule]).check().await;
    assert_eq!(report.failed(), by, "{rule}\n{report}");
    assert!(report.breaks_its_word());
}

#[tokio::test]
async fn the_minimal_server_passes_level_0_whole() {
    let report = Server::start("minimal_server.py", &["0"]).check().await;
    assert!(report.passed(0), "{report}");
    assert!(!report.breaks_its_word());
    assert_eq!(report.announced, [0]);
}

#[test]
fn the_minimal_server_is_small() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/contract/minimal_server.py");
    let lines = std::fs::read_to_string(path).unwrap().lines().count();
    assert!(lines <= 200, "{lines} lines");
}

#[tokio::test]
async fn a_finding_says_what_was_sent_wanted_and_got() {
    let report = Server::start("broken_server.py", &["Clones"]).check().await;
    let failed = report.outcomes.iter().find(|o| o.demand.id == "push.clone").unwrap();
    let Verdict::Failed(finding) = &failed.verdict else { panic!("{report}") };
    assert!(finding.sent.starts_with("POST /sync/v1/push {"), "{finding:?}");
    assert!(finding.expected.contains("clone") && finding.got.starts_with("200 {"), "{finding:?}");
    let page = report.to_string();
    assert!(page.contains("不通过 push.clone") && page.contains("级别 0:不符合约定"), "{page}");
}

#[tokio::test]
async fn nothing_is_written_unless_it_was_asked_for() {
    let server = Server::start("minimal_server.py", &["0"]);
    let report = run(&server.url, &Options::default()).await;
    assert!(report.failed().is_empty() && !report.passed(0), "{report}");
    assert!(report.outcomes.iter().all(|o| o.demand.writes == matches!(o.verdict, Verdict::Unchecked(_))));
    // A second run that may write finds an empty log: its first page from the beginning holds only its own.
    assert!(server.check().await.passed(0));
}

#[tokio::test]
async fn a_server_that_is_not_there_fails_and_does_not_pass() {
    let mut server = Server::start("minimal_server.py", &["0"]);
    server.process.kill().unwrap();
    server.process.wait().unwrap();
    let report = server.check().await;
    assert_eq!(report.failed(), ["caps.fields"]);
    assert!(report.breaks_its_word() && report.unchecked().len() > 10);
}

/// What level 2 says of a server that has something to be asked for.
async fn second(rule: &str, failed: &[&str]) {
    let only_level_2 = Options { from: 2, level: Some(2), write: true, ..Options::default() };
    let server = Server::start("second_server.py", &[rule]);
    assert!(server.check().await.passed(0), "something is there to be counted");
    let report = run(&server.url, &only_level_2).await;
    assert_eq!(report.failed(), failed, "{rule}\n{report}");
    assert_eq!(report.passed(2), failed.is_empty(), "{report}");
    assert!(!report.breaks_its_word(), "level 2 is not announced");
}

macro_rules! second {
    ($($test:ident $rule:literal: $($check:literal),*;)*) => {$(
        #[tokio::test]
        async fn $test() {
            second($rule, &[$($check),*]).await;
        }
    )*};
}

second! {
    a_server_that_keeps_level_2 "Second": ;
    a_count_without_the_latest "Miscounts": "fp.sum";
    everything_in_one_place "Misplaces": "fp.places";
    a_cursor_of_another_moment "Elsewhen": "fp.sum", "fp.places";
    a_gap_between_packed_pages "Gap": "snapshot.whole", "snapshot.mixed";
    packed_bytes_that_are_others "Damages": "snapshot.whole", "snapshot.mixed";
    every_place_for_one "Anywhere": "snapshot.place";
    packed_pages_without_end "Endless": "snapshot.cursor";
    news_that_are_not_heard "Deaf": "status.news";
    news_that_are_none "Restless": "status.news";
}

macro_rules! broken {
    ($($test:ident $rule:literal: $($check:literal),+;)*) => {$(
        #[tokio::test]
        async fn $test() {
            caught($rule, &[$($check),+]).await;
        }
    )*};
}

broken! {
    an_entry_skipped_at_the_border_of_a_page "Border": "pull.pages";
    a_cursor_that_goes_back_at_the_end "Back": "pull.idle";
    a_cursor_that_stands_still "Stuck": "pull.pages";
    a_page_over_its_limit "Overfull": "pull.pages";
    the_newest_first "Reverse": "pull.order";
    a_page_that_changes "Shuffle": "pull.repeat";
    others_hidden_with_ones_own "Hides": "pull.not";
    a_beginning_that_is_cut_off "Forgets": "pull.beginning";
    a_cursor_that_was_never_given "AnyCursor": "pull.bad_cursor";
    no_time_of_arrival "Undated": "pull.fields";
    fields_dropped "Unknown": "push.bytes";
    a_repeat_stored_twice "Copies": "push.dup";
    a_fork_that_wins "LastWins": "push.fork";
    a_clone_taken_for_its_original "Clones": "push.clone";
    a_hole_in_a_record "Holes": "push.defer";
    one_bad_operation_for_all "Poison": "push.malformed";
    results_in_another_order "Sorted": "push.results";
    half_of_too_many "Greedy": "push.too_many";
    a_new_field_taken_for_an_error "Strict": "push.extra_fields";
    what_is_stored_late "Late": "pull.race";
    no_version_in_the_answer "Silent": "caps.header";
    every_version_welcome "AnyVersion": "caps.other_version";
    no_words_for_people "English": "error.words";
    no_gzip "Plain": "push.gzip";
    text_that_is_no_utf8 "Lax": "push.bad_utf8";
    a_limit_of_nothing "Anything": "pull.bad_limit";
}
