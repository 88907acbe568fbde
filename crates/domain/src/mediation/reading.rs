//! What the parties read before they sign: the agreement as it will be printed, as plain lines for a small screen
//! (MED-04, MED-07).

use chrono::NaiveDate;

use super::document::{BLANK, Block, Document, document};
use super::{Mediation, edited, print, track};
use crate::form::{Form, Photos, Values};
use crate::package::Package;

/// The agreement that a record holds so far, by what stands in it now: of a file, or of the one form of an oral
/// mediation. `None` where nothing was agreed, or the form has no agreement.
pub fn agreement(
    package: &Package,
    form: &Form,
    values: &Values,
    number: Option<&str>,
    today: NaiveDate,
) -> Option<Document> {
    let mut values = values.clone();
    let said = |path: &str| values.get(path).and_then(serde_json::Value::as_str).unwrap_or_default();
    let id = match form.id.as_str() {
        one if track::is_oral(one) && matches!(said("oral_result"), "oral" | "written") => {
            print::oral(&mut values);
            "oral_agreement"
        }
        "F-MEDIATION" => match said("agreement_kind") {
            "written" => "agreement",
            "oral" => "oral_agreement",
            _ => return None,
        },
        _ => return None,
    };
    let (template, photos) = (package.template(id)?, Photos::new());
    let file = Mediation { values: &values, photos: &photos, number, state: "" };
    let mut made = document(package, Some(form), &file, template, today);
    if let Some(blocks) = edited::blocks(&values, id) {
        made.blocks = blocks;
    }
    Some(made)
}

/// A document as plain lines, one after the other: rows of a table with the name of each column. What nobody said yet is
/// left out of the rows.
pub fn lines(document: &Document) -> Vec<String> {
    let mut lines = Vec::new();
    for block in &document.blocks {
        match block {
            Block::Paragraph(text) => lines.push(text.clone()),
            Block::Table { head, rows } if head.is_empty() => {
                lines.extend(rows.iter().map(|cells| cells.join("：")));
            }
            Block::Table { head, rows } => lines.extend(rows.iter().map(|cells| {
                let said = head.iter().zip(cells).filter(|(_, cell)| *cell != BLANK);
                said.map(|(name, cell)| format!("{name}：{cell}")).collect::<Vec<_>>().join("，")
            })),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::{Value, json};

    use super::*;

    const DAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 5, 20).unwrap();

    fn read(form: &str, values: &Value) -> Option<String> {
        let package = Package::builtin();
        let values: Values = serde_json::from_value(values.clone()).unwrap();
        agreement(package, package.form(form)?, &values, None, DAY).map(|paper| lines(&paper).join("\n"))
    }

    #[test]
    fn the_agreement_is_read_before_it_is_signed() {
        let oral = |result: &str| {
            read(
                "F-ORAL",
                &json!({
                    "facts": "为鸡进菜地争吵", "oral_result": result, "agreement_text": "赔菜苗两百株",
                    "performance_mode": "当面交付", "performance_by": "2026-05-20", "category": "neighbor",
                    "parties/p1/side": "applicant", "parties/p1/name": "钟小满",
                    "parties/p2/side": "respondent", "parties/p2/name": "季大寒"
                }),
            )
        };
        let said = oral("oral").unwrap();
        for part in
            ["当事人：钟小满与季大寒", "一、赔菜苗两百株", "期次：1，日期：2026年5月20日，做什么：当面交付"]
        {
            assert!(said.contains(part), "{part} in {said}");
        }
        assert_eq!(oral("failed"), None, "there is nothing to sign");
        let mut file = json!({
            "agreement_kind": "written", "terms/t1/term": "修复排水沟", "copies": 3,
            "instalments/z1/due": "2026-06-01", "instalments/z1/amount": 4000.5
        });
        let said = read("F-MEDIATION", &file).unwrap();
        assert!(said.contains("一、修复排水沟") && said.contains("金额（元）：4,000.50"), "{said}");
        assert!(said.contains("本协议一式3份"), "{said}");
        // Edited at the desk, it is read as it will be printed.
        let blocks = vec![Block::Paragraph("按镇里改过的文字".to_owned())];
        file[edited::path("agreement")] = edited::value(blocks, &[]);
        assert_eq!(read("F-MEDIATION", &file).unwrap(), "按镇里改过的文字");
        assert_eq!(read("F-MEDIATION", &json!({"terms/t1/term": "修复排水沟"})), None);
        assert_eq!(read("F-DISPUTE", &json!({"agreement_kind": "written"})), None);
    }
}
