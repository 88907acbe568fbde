//! The agreement and how it is kept: instalments, what is late, who is urged (MED-08, MED-10).

use chrono::NaiveDate;

use super::Mediation;

/// How an instalment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Performance {
    /// Kept, on time or late.
    Done,
    /// Not due yet.
    Open,
    /// Past its day, and nobody was urged.
    Late,
    /// Past its day; the debtor was urged.
    Urged,
}

/// An instalment of an agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instalment<'a> {
    /// The id of its row.
    pub row: &'a str,
    /// Its place in order of the days, from 1.
    pub n: usize,
    /// The last day.
    pub due: NaiveDate,
    /// Amount in fen; zero for an act.
    pub fen: u64,
    /// What is to be done, where it is no payment.
    pub act: &'a str,
    /// When it was kept.
    pub performed_on: Option<NaiveDate>,
    /// How it stands.
    pub state: Performance,
}

/// The instalments in order of their days.
pub fn instalments<'a>(file: &Mediation<'a>, today: NaiveDate) -> Vec<Instalment<'a>> {
    let mut list: Vec<Instalment<'a>> = file
        .rows("instalments")
        .into_iter()
        .filter_map(|row| {
            let (due, performed_on) = (row.date("due")?, row.date("performed_on"));
            let state = match performed_on {
                Some(_) => Performance::Done,
                None if today <= due => Performance::Open,
                None if row.date("urged_on").is_some_and(|urged| urged > due) => Performance::Urged,
                None => Performance::Late,
            };
            Some(Instalment {
                row: row.id,
                n: 0,
                due,
                fen: row.cents("amount").unwrap_or(0),
                act: row.text("act"),
                performed_on,
                state,
            })
        })
        .collect();
    gridbook_log::order_by_key(&mut list, |part| part.due);
    for (at, part) in list.iter_mut().enumerate() {
        part.n = at + 1;
    }
    list
}

/// The sum of all instalments, in fen.
pub fn total(file: &Mediation<'_>) -> u64 {
    file.rows("instalments").iter().filter_map(|row| row.cents("amount")).sum()
}

/// What has to follow from how the agreement is kept, in words; empty = nothing.
pub fn advice(file: &Mediation<'_>, today: NaiveDate) -> Vec<String> {
    let confirmed = file.text("confirm_result") == "confirmed";
    instalments(file, today)
        .into_iter()
        .filter_map(|part| match part.state {
            Performance::Done | Performance::Open => None,
            Performance::Late => Some(format!("第 {} 期已过期, 请催促履行", part.n)),
            Performance::Urged if confirmed => {
                Some(format!("第 {} 期催促后仍未履行, 可申请法院强制执行", part.n))
            }
            Performance::Urged => Some(format!("第 {} 期催促后仍未履行, 建议向法院起诉", part.n)),
        })
        .collect()
}

/// What the agreement still lacks before it takes effect. An oral one takes effect when it is reached.
pub fn unsigned(file: &Mediation<'_>) -> Vec<&'static str> {
    let mut list = Vec::new();
    let mut need = |holds: bool, what: &'static str| {
        if !holds {
            list.push(what);
        }
    };
    need(!file.rows("terms").is_empty(), "协议内容");
    need(file.date("agreed_on").is_some(), "生效日期");
    match file.text("agreement_kind") {
        "written" => {
            need(file.yes("signed_parties"), "当事人签名");
            need(file.yes("signed_mediator"), "调解员签名");
            need(file.yes("sealed"), "盖章");
            need(file.photo("photo_agreement") > 0, "签好的协议照片");
            // Whoever pays or is paid by a written agreement is known by a document.
            let known = total(file) == 0
                || file
                    .rows("parties")
                    .iter()
                    .all(|party| party.text("kind") == "organisation" || !party.text("id_no").is_empty());
            need(known, "付款协议要有当事人证件号码");
        }
        "oral" => {}
        _ => need(false, "书面协议还是口头协议"),
    }
    list
}
