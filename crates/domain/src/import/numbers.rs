//! Phones and identity numbers: what sheets damage most.

use super::cell::Cell;
use super::problem::{NoteCode, ProblemCode};
use super::template::{Column, ColumnKind};
use super::text::{quote, tail_of_id};
use super::value::RowReader;
use crate::validate::{self, ValueError};

impl RowReader<'_> {
    /// One phone number, or several.
    pub(super) fn phones(&mut self, id: &str) -> Vec<String> {
        let Some((column, cell, text)) = self.clean(id) else { return Vec::new() };
        if self.damaged(column, cell, &text) {
            return Vec::new();
        }
        let many: Vec<&str> = text
            .split(['、', '，', ',', '；', ';', '/', '\\'])
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .collect();
        if column.kind == ColumnKind::Phone && many.len() > 1 {
            let message = format!("{} 有 {} 个号码，这里只填一个。", quote(&text), many.len());
            self.problem(column, ProblemCode::BadPhone, message);
            return Vec::new();
        }
        many.into_iter().filter_map(|part| self.phone_number(column, cell, part)).collect()
    }

    fn phone_number(&mut self, column: &Column, cell: &Cell, text: &str) -> Option<String> {
        if validate::phone(text).is_ok() {
            self.number_as_text(column, cell, text);
            return Some(text.to_owned());
        }
        let bare: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        if validate::mobile(&bare) {
            self.note(
                column,
                NoteCode::Trimmed,
                format!("号码里的空格和短横已去掉，读作 {}。", quote(&bare)),
            );
            return Some(bare);
        }
        let zeroed = format!("0{bare}");
        if matches!(bare.len(), 9..=11)
            && !bare.starts_with('0')
            && validate::landline(&zeroed)
            && !bare.starts_with('1')
        {
            let message = format!(
                "{} 像是座机号丢了最前面的 0（应为 {zeroed}？）。请把该列设成文本格式，核对后重填。",
                quote(text)
            );
            self.problem(column, ProblemCode::LeadingZeroLost, message);
            return None;
        }
        let message =
            format!("{} 不是有效的电话。手机为 1 开头的 11 位，座机带区号如 0838-2345678。", quote(text));
        self.problem(column, ProblemCode::BadPhone, message);
        None
    }

    /// A resident identity number.
    pub(super) fn id_number(&mut self, id: &str) -> Option<validate::ResidentId> {
        let (column, cell, text) = self.clean(id)?;
        if self.damaged(column, cell, &text) {
            return None;
        }
        match validate::resident_id(&text, self.today) {
            Ok(found) => {
                if found.number != text {
                    self.note(column, NoteCode::IdLetter, "末位小写 x 读作大写 X。".to_owned());
                }
                Some(found)
            }
            Err(fault) => {
                let zeros = text.len() == 18 && text.ends_with("000");
                let (code, why) = match fault {
                    _ if zeros => (
                        ProblemCode::PrecisionLost,
                        "末三位是 000，多半是存成数字时丢了。请把该列设成文本格式，对照证件重填。",
                    ),
                    ValueError::IdDate => (ProblemCode::BadIdNumber, "里面的出生日期不对。请对照证件重填。"),
                    ValueError::IdCheck => {
                        (ProblemCode::BadIdNumber, "校验位不对，多半抄错了一位。请对照证件重填。")
                    }
                    _ => (ProblemCode::BadIdNumber, "应为 18 位，末位可以是 X。请对照证件重填。"),
                };
                self.problem(column, code, format!("身份证号 {} {why}", quote(&tail_of_id(&text))));
                None
            }
        }
    }
}
