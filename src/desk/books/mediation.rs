//! Mediation in figures (4.10.5).

use gridbook_domain::mediation::Mediation;
use gridbook_domain::mediation::capital::digits;
use gridbook_domain::mediation::indicator::indicators as reckon;
use gridbook_domain::record::RecordKind;

use super::Asked;
use super::figures::{Figures, cases, summaries, table, texts};
use crate::app::App;

pub(super) async fn indicators(app: App, asked: &Asked) -> Figures {
    let package = app.package();
    let list = summaries(app, |s| s.kind == RecordKind::Mediation && asked.covers(&s.area));
    let files = cases(app, &list, |_, case| Some(case)).await;
    let sum = reckon(&package, files.iter().map(Mediation::of), asked.from, asked.to);
    let rate = |permille: Option<u32>| {
        permille.map_or_else(|| "—".to_owned(), |of| format!("{}.{}%", of / 10, of % 10))
    };
    let share = |count: u32, of: Option<u32>| format!("{count}（{}）", rate(of));
    let days = if sum.concluded == 0 {
        "—".to_owned()
    } else {
        let tenths = sum.days * 10 / i64::from(sum.concluded);
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    let lines = [
        ("受理", sum.accepted.to_string()),
        ("结案", sum.concluded.to_string()),
        ("其中书面协议", sum.written.to_string()),
        ("其中口头协议", sum.oral.to_string()),
        ("和好撤回", sum.withdrawn.to_string()),
        ("成功率", rate(sum.success_permille())),
        ("平均天数", days),
        ("十个工作日内结案", share(sum.within_target, sum.target_permille())),
        ("三十天内结案", share(sum.within_30, sum.within_30_permille())),
        ("司法确认", share(sum.confirmed, sum.confirmed_permille())),
        ("协议金额（元）", digits(sum.fen)),
        ("到期履行率", rate(sum.performed_permille())),
        ("反复", sum.relapsed.to_string()),
        ("转为刑事案件", sum.crimes.to_string()),
    ];
    let rows = lines.map(|(name, figure)| vec![name.to_owned(), figure]).to_vec();
    let form = package.form("F-MEDIATION");
    let label = |id: &str| {
        let choices =
            form.and_then(|form| form.field("source")).map_or(&[][..], |field| package.choices(field));
        choices
            .iter()
            .find(|choice| choice.id == id)
            .map_or_else(|| id.to_owned(), |choice| choice.label.clone())
    };
    let sources = sum.by_source.iter().map(|(id, count)| vec![label(id), count.to_string()]).collect();
    let leads = sum.by_mediator.iter().map(|(name, count)| vec![name.clone(), count.to_string()]).collect();
    Figures {
        tables: vec![
            texts("调解指标", &[("指标", 20.0), ("数", 20.0)], rows),
            table("按来源", &["案件来源", "受理"], sources),
            table("按主持调解员", &["调解员", "结案"], leads),
        ],
        ..Figures::default()
    }
}
