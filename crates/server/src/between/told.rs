//! What the program says of its work: whether it runs, what was carried, what waits and why, since when, when it is tried again.

use chrono::{DateTime, FixedOffset};
use gridbook_server::bridge::Book;
use gridbook_sync::relay::Broken;
use gridbook_sync::relay::between::Unfit;

/// Why a round did not end well, and what to do.
pub(super) fn words(unfit: Unfit) -> String {
    match unfit {
        Unfit::Authorities => {
            "两处各有自己的编号单位，转到一起会出现两套编号，什么也没有转送。请先让一处停止编号、搬到另一处\
                               （docs/deploy.md 14），再转送。"
                .to_owned()
        }
        Unfit::Broken(Broken::Offline) => {
            "有一处连不上，这一轮没有转完；已经转到的都在，下一轮接着转。".to_owned()
        }
        Unfit::Broken(Broken::SignedOut) => {
            "账号或密码不对，或已停用，这一轮没有转完；已经转到的都在，没有转的一条也不丢。请核对账号和密码文件；密码换过的，\
             改好文件后把转送程序停下再开。每 15 分钟自动再试一次。"
                .to_owned()
        }
        Unfit::Broken(Broken::Backend(409 | 410)) => {
            "有一处退回了旧的备份或重新建过；下一轮从头核对，已有的不会重复收下。".to_owned()
        }
        Unfit::Broken(Broken::Backend(status)) => {
            format!("有一处回答 {status}，这一轮没有转完；已经转到的都在，下一轮接着转。")
        }
    }
}

/// Whether a program carries at this moment.
pub(super) fn running(runs: bool) -> &'static str {
    if runs {
        "转送程序正在运行。"
    } else {
        "转送程序没有在运行：两边新写的都还在原处，一条不丢；启动以后接着转。"
    }
}

/// Why something waits.
fn why(code: &str) -> &str {
    match code {
        "defer" => "这一件前面的记录还没有到，到了就转",
        "signature" => "服务器不认得作者设备的签名：请作者用这部手机在服务器上登录、同步一次",
        "foreign_author" => "作者在服务器上没有账号：请先建账号，作者再登录、同步一次",
        "author_disabled" => "作者的账号在服务器上停用了",
        other => other,
    }
}

/// What waits until the other side takes it, a line for each reason.
pub(super) fn waits(book: &Book) -> String {
    let line = |(code, waits): (String, gridbook_sync::relay::between::Waits)| {
        let since = waits.since.map(|at| format!("，最早的从 {} 等起", clock(at))).unwrap_or_default();
        format!(
            "\n还有 {} 条等着再转：{}{since}，下次再试不早于 {}。",
            waits.ops,
            why(&code),
            clock(waits.next)
        )
    };
    book.waits().into_iter().map(line).collect()
}

/// What the book says: when, how many, what waits.
pub(super) fn told(book: &Book) -> String {
    let last = &book.last;
    let mut text = if last.at == 0 {
        "还没有转完过一轮。".to_owned()
    } else {
        format!("上次核对：{}，两处的记录都看过。", clock(last.at))
    };
    if last.carried_at > 0 {
        let (ops, photos) = (last.there.0 + last.back.0, last.there.1 + last.back.1);
        text.push_str(&format!("上次转送：{}，{ops} 条，照片 {photos} 张。", clock(last.carried_at)));
        text.push_str(&format!("一共转送 {} 条，照片 {} 张。", last.all.0, last.all.1));
    }
    if last.refused != (0, 0) {
        text.push_str(&format!("没有收 {} 条，照片 {} 张。", last.refused.0, last.refused.1));
    }
    if let Some(trouble) = &last.trouble {
        text.push_str(&format!("\n从 {} 起没有转成：{}", clock(trouble.since), words(trouble.why)));
        if trouble.rests_until > 0 {
            text.push_str(&format!("下次再试不早于 {}。", clock(trouble.rests_until)));
        }
    }
    text.push_str(&waits(book));
    if book.photos_due() > 0 {
        let next = book.photos_next().filter(|at| *at > 0);
        let next = next.map(|at| format!("，下次再找不早于 {}", clock(at))).unwrap_or_default();
        text.push_str(&format!("\n还有 {} 张照片没有等到，来了就转{next}。", book.photos_due()));
    }
    text
}

/// A moment by China's clocks.
pub(super) fn clock(ms: u64) -> String {
    let east8 = FixedOffset::east_opt(8 * 3600);
    let at = i64::try_from(ms).ok().and_then(DateTime::from_timestamp_millis);
    at.zip(east8)
        .map(|(at, east8)| at.with_timezone(&east8).format("%Y-%m-%d %H:%M:%S").to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// A day in May, eight in the morning.
    const MORNING: u64 = 1_779_062_400_000;

    /// A book as it is written, with these words in it.
    fn book(last: &str, ways: &str) -> Book {
        let writer = r#"{"dev":"0101010101010101","epoch":1}"#;
        let text = format!(
            r#"{{"places":["http://a/","http://b/"],"writer":{writer},"nonce":"n","last":{last},"ways":{ways}}}"#
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("relay.json");
        std::fs::write(&path, text).unwrap();
        Book::read(&path).unwrap().unwrap()
    }

    #[test]
    fn a_moment_is_told_by_chinas_clocks() {
        assert_eq!(clock(MORNING), "2026-05-18 08:00:00");
    }

    #[test]
    fn a_book_of_a_version_before_is_told_from() {
        let over: Vec<u8> = (0..32).collect();
        let over = serde_json::to_string(&over).unwrap();
        let held = r#"{"streams":{"07070707070707070707070707070707":{"ops":[[{"h":"x"},"signature"]],"due":{"looks":1,"at":1779066000000,"told":false}}},"again":null}"#;
        let book = book(
            r#"{"at":1779062400000,"carried_at":1779062400000,"there":[3,1],"back":[2,0],"all":[9,4],"refused":[1,0]}"#,
            &format!(r#"{{"there":{{"cursor":"5","over":[{over}],"held":{held}}}}}"#),
        );
        let text = told(&book);
        for words in [
            "08:00:00，5 条，照片 1 张",
            "一共转送 9 条，照片 4 张",
            "没有收 1 条",
            "1 条等着再转：服务器不认得",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(text.contains("下次再试不早于 2026-05-18 09:00:00"), "{text}");
        assert!(
            !text.contains("等起") && !text.contains("没有转成"),
            "what was not written down is not said: {text}"
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_since_when_and_what_to_do() {
        let trouble = r#"{"trouble":{"why":{"broken":"signed_out"},"since":1779062400000,"rests_until":1779063300000}}"#;
        let text = told(&book(trouble, "{}"));
        for words in
            ["还没有转完过一轮", "从 2026-05-18 08:00:00 起没有转成", "密码", "不早于 2026-05-18 08:15:00"]
        {
            assert!(text.contains(words), "{words}: {text}");
        }
    }
}
