//! Cleaning and checking single cells. Whatever is read otherwise than written leaves a note.

use chrono::NaiveDate;

use super::cell::{Cell, CellKind};
use super::dates::{self, DateFault};
use super::existing::Vocabulary;
use super::preview::RowRef;
use super::problem::{Note, NoteCode, ProblemCode, RowProblem};
use super::template::{Column, ColumnKind};
use super::text::{bare_label, half_width, is_scientific, parts, quote};
use crate::territory::{AreaCode, AreaCodeError};

/// A number in a sheet keeps this many digits; the rest become zeros.
const SHEET_DIGITS: usize = 15;

/// One row while it is being read: its cells by column, and what was found.
pub(super) struct RowReader<'a> {
    pub(super) at: RowRef,
    pub(super) cells: Vec<(&'static Column, &'a Cell)>,
    pub(super) problems: Vec<RowProblem>,
    pub(super) notes: Vec<Note>,
    pub(super) vocabulary: &'a Vocabulary,
    pub(super) today: NaiveDate,
}

impl<'a> RowReader<'a> {
    /// Says what is wrong with a column.
    pub(super) fn problem(&mut self, column: &Column, code: ProblemCode, message: String) {
        let column = column.header.to_owned();
        self.problems.push(RowProblem { at: self.at.clone(), column, code, message });
    }

    /// Says what was read how.
    pub(super) fn note(&mut self, column: &Column, code: NoteCode, message: String) {
        self.notes.push(Note { at: self.at.clone(), column: column.header.to_owned(), code, message });
    }

    fn cell(&self, id: &str) -> Option<(&'static Column, &'a Cell)> {
        self.cells.iter().find(|(column, _)| column.id == id).copied()
    }

    /// The cleaned content of a column; `None` when it is empty or unusable (then a problem says why).
    pub(super) fn clean(&mut self, id: &str) -> Option<(&'static Column, &'a Cell, String)> {
        let (column, cell) = self.cell(id)?;
        match cell.kind {
            CellKind::MergedInto => {
                let message = "这里是合并单元格，不知道该归哪一行。请取消合并，每行都填上。".to_owned();
                self.problem(column, ProblemCode::Merged, message);
                return None;
            }
            CellKind::Error => {
                let message = format!("单元格是错误值 {}。请改成实际内容。", quote(&cell.text));
                self.problem(column, ProblemCode::ErrorValue, message);
                return None;
            }
            _ => {}
        }
        let text = self.tidy(column, cell);
        if text.is_empty() {
            if column.required {
                let message = format!("必填项“{}”是空的。请补上再导入。", column.header);
                self.problem(column, ProblemCode::Required, message);
            }
            return None;
        }
        if text.contains('\u{FFFD}') {
            let message =
                format!("{} 里有认不出的字。请把文件另存为 xlsx 或 UTF-8 的 csv 再导入。", quote(&text));
            self.problem(column, ProblemCode::Garbled, message);
            return None;
        }
        if cell.kind == CellKind::Date && !matches!(column.kind, ColumnKind::Date | ColumnKind::Birth) {
            let message = format!(
                "这里应填文字，表格软件却存成了日期 {}。请把该列设成文本格式后重填。",
                quote(&cell.text)
            );
            self.problem(column, ProblemCode::DateInText, message);
            return None;
        }
        if cell.kind == CellKind::Formula {
            self.note(column, NoteCode::FormulaValue, format!("由公式算出，按结果 {} 读入。", quote(&text)));
        }
        Some((column, cell, text))
    }

    /// Leaves out what cannot be seen and folds full-width characters where a code or number is meant.
    fn tidy(&mut self, column: &Column, cell: &Cell) -> String {
        let hidden = |c: char| matches!(c, '\u{FEFF}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{00AD}');
        let mut text: String = cell
            .text
            .chars()
            .filter(|c| !hidden(*c))
            .map(|c| if c.is_whitespace() || c.is_control() { ' ' } else { c })
            .collect();
        text = text.trim().to_owned();
        if let Some(rest) = text.strip_prefix('\'') {
            text = rest.to_owned();
        }
        let name = column.kind == ColumnKind::Name;
        if name && text.contains(' ') && !text.chars().any(|c| c.is_ascii_alphabetic()) {
            text.retain(|c| c != ' ');
        }
        if text != cell.text {
            self.note(
                column,
                NoteCode::Trimmed,
                format!("去掉了空格或看不见的字符，读作 {}。", quote(&text)),
            );
        }
        if !matches!(
            column.kind,
            ColumnKind::Text(_)
                | ColumnKind::Name
                | ColumnKind::Categories
                | ColumnKind::Roles
                | ColumnKind::Choices(_)
        ) {
            let folded = half_width(&text);
            if folded != text {
                self.note(column, NoteCode::FullWidth, format!("全角字符按半角读作 {}。", quote(&folded)));
                text = folded;
            }
        }
        text
    }

    fn too_long(&mut self, column: &Column, text: &str, max: usize) -> bool {
        let count = text.chars().count();
        if count > max {
            let message = format!("有 {count} 个字，最多 {max} 个。请缩短。");
            self.problem(column, ProblemCode::TooLong, message);
        }
        count > max
    }

    /// Numbers that a sheet has damaged; `true` when a problem was found.
    pub(super) fn damaged(&mut self, column: &Column, cell: &Cell, text: &str) -> bool {
        if is_scientific(text) {
            let message = format!(
                "{} 是科学记数，原来的号码已看不全。请把该列设成文本格式，对照原件重填。",
                quote(text)
            );
            self.problem(column, ProblemCode::ScientificNotation, message);
            return true;
        }
        if cell.kind == CellKind::Number && text.bytes().filter(u8::is_ascii_digit).count() > SHEET_DIGITS {
            let message = format!(
                "{} 被存成了数字，表格软件只保留前 15 位，后面的已变成 0。请把该列设成文本格式，对照原件重填。",
                quote(text)
            );
            self.problem(column, ProblemCode::PrecisionLost, message);
            return true;
        }
        false
    }

    pub(super) fn number_as_text(&mut self, column: &Column, cell: &Cell, text: &str) {
        if cell.kind == CellKind::Number {
            self.note(
                column,
                NoteCode::NumberAsText,
                format!("存成了数字，按文字 {} 读入，一位未少。", quote(text)),
            );
        }
    }

    /// Plain text.
    pub(super) fn text(&mut self, id: &str) -> Option<String> {
        let (column, _, text) = self.clean(id)?;
        let max = if let ColumnKind::Text(max) = column.kind { max } else { 200 };
        (!self.too_long(column, &text, max)).then_some(text)
    }

    /// An account or unit code: ASCII letters, digits, `_`, `-`, `.`.
    pub(super) fn ident(&mut self, id: &str) -> Option<String> {
        let (column, cell, text) = self.clean(id)?;
        if self.damaged(column, cell, &text) {
            return None;
        }
        let max = if let ColumnKind::Ident(max) = column.kind { max } else { 32 };
        if self.too_long(column, &text, max) {
            return None;
        }
        if !text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')) {
            let message = format!("{} 只能用字母、数字、下划线、短横。请改写。", quote(&text));
            self.problem(column, ProblemCode::BadCode, message);
            return None;
        }
        self.number_as_text(column, cell, &text);
        Some(text)
    }

    /// A person's name.
    pub(super) fn name(&mut self, id: &str) -> Option<String> {
        let (column, _, text) = self.clean(id)?;
        if self.too_long(column, &text, 30) {
            return None;
        }
        let odd = text.chars().any(|c| !(c.is_alphabetic() || matches!(c, '·' | '•' | '.' | ' ' | '-')));
        if odd || text.chars().any(char::is_numeric) {
            let message = format!("姓名 {} 里有数字或符号。请只填姓名，其他内容写到备注。", quote(&text));
            self.problem(column, ProblemCode::BadName, message);
            return None;
        }
        if text.chars().count() < 2 {
            let message = format!("姓名 {} 只有一个字。请填全名。", quote(&text));
            self.problem(column, ProblemCode::BadName, message);
            return None;
        }
        Some(text)
    }

    fn area_code(&mut self, column: &Column, cell: &Cell, text: &str) -> Option<AreaCode> {
        if self.damaged(column, cell, text) {
            return None;
        }
        match AreaCode::parse(text) {
            Ok(code) => {
                self.number_as_text(column, cell, text);
                Some(code)
            }
            Err(fault) => {
                let why = match fault {
                    AreaCodeError::Shape if cell.kind == CellKind::Number => {
                        "位数不对，也可能是存成数字时丢了前面的 0。区县 6 位、镇街 9 位、村 12 位、组或网格 15 位、微网格 17 位，请设成文本格式核对后重填。"
                    }
                    AreaCodeError::Shape => {
                        "位数或字符不对：区县 6 位、镇街 9 位、村 12 位、组或网格 15 位、微网格 17 位。请核对后重填。"
                    }
                    AreaCodeError::Range => {
                        "有一段超出范围：镇街段 001–599，村段 001–599，组或网格段 001–999，微网格段 01–99。请核对后重填。"
                    }
                };
                self.problem(column, ProblemCode::BadCode, format!("区域编码 {} {why}", quote(text)));
                None
            }
        }
    }

    /// A territory code.
    pub(super) fn area(&mut self, id: &str) -> Option<AreaCode> {
        let (column, cell, text) = self.clean(id)?;
        self.area_code(column, cell, &text)
    }

    /// Several territory codes.
    pub(super) fn areas(&mut self, id: &str) -> Vec<AreaCode> {
        let Some((column, cell, text)) = self.clean(id) else { return Vec::new() };
        parts(&text).into_iter().filter_map(|part| self.area_code(column, cell, part)).collect()
    }

    /// A household code: territory code of a village or below, `H`, four digits.
    pub(super) fn household_code(&mut self, id: &str) -> Option<String> {
        let (column, cell, text) = self.clean(id)?;
        if self.damaged(column, cell, &text) {
            return None;
        }
        let upper = text.to_ascii_uppercase();
        let fits = upper.split_once('H').is_some_and(|(area, serial)| {
            matches!(area.len(), 12 | 15 | 17)
                && AreaCode::parse(area).is_ok()
                && serial.len() == 4
                && serial.bytes().all(|b| b.is_ascii_digit())
        });
        if !fits {
            let message = format!(
                "户编号 {} 格式不对。应为网格或微网格编码 + H + 四位顺序号，如 510000100201001H0001。",
                quote(&text)
            );
            self.problem(column, ProblemCode::BadCode, message);
            return None;
        }
        if upper != text {
            self.note(column, NoteCode::Trimmed, format!("小写 h 读作大写，户编号为 {}。", quote(&upper)));
        }
        Some(upper)
    }

    /// A date that is not in the future, as `YYYY-MM-DD`; for births also a year alone, `YYYY`.
    pub(super) fn date(&mut self, id: &str) -> Option<String> {
        let (column, cell, text) = self.clean(id)?;
        let birth = column.kind == ColumnKind::Birth;
        if birth && let Some(year) = dates::year_only(&text, self.today) {
            return Some(year);
        }
        match dates::parse(&text, cell.kind) {
            Ok(day) if day > self.today => {
                let message = format!("{} 在今天以后。请核对。", quote(&text));
                self.problem(column, ProblemCode::DateOutOfRange, message);
                None
            }
            Ok(day) if dates::age(day, self.today) > 130 => {
                let message = format!("{} 太早了。请核对。", quote(&text));
                self.problem(column, ProblemCode::DateOutOfRange, message);
                None
            }
            Ok(day) => Some(day.to_string()),
            Err(fault) => {
                let (code, message) = match fault {
                    DateFault::Serial(Some(day)) => (
                        ProblemCode::SerialDate,
                        format!(
                            "{} 像是表格软件的日期序号（可能是 {day}）。请改写成 2020-05-01 这样的日期。",
                            quote(&text)
                        ),
                    ),
                    DateFault::Serial(None) => (
                        ProblemCode::SerialDate,
                        format!(
                            "{} 落在 1900 年初，多半是普通数字被当成了日期。请改写成 2020-05-01 这样的日期。",
                            quote(&text)
                        ),
                    ),
                    DateFault::NoSuchDay => {
                        (ProblemCode::BadDate, format!("日历上没有 {} 这一天。请核对。", quote(&text)))
                    }
                    DateFault::Ambiguous => (
                        ProblemCode::BadDate,
                        format!("{} 分不清哪个是月哪个是日。请写成 2020-05-01（年在前）。", quote(&text)),
                    ),
                    DateFault::Shape => (
                        ProblemCode::BadDate,
                        format!("{} 看不出是哪一天。请写成 2020-05-01 这样。", quote(&text)),
                    ),
                };
                self.problem(column, code, message);
                None
            }
        }
    }

    /// A whole number inside the column's range.
    pub(super) fn int(&mut self, id: &str) -> Option<i64> {
        let (column, _, text) = self.clean(id)?;
        let (min, max) = if let ColumnKind::Int(min, max) = column.kind { (min, max) } else { (0, i64::MAX) };
        match text.parse::<i64>() {
            Ok(number) if (min..=max).contains(&number) => Some(number),
            _ => {
                let message = format!("{} 应是 {min} 到 {max} 之间的整数。", quote(&text));
                self.problem(column, ProblemCode::BadNumber, message);
                None
            }
        }
    }

    /// 是 or 否.
    pub(super) fn yes_no(&mut self, id: &str) -> Option<bool> {
        let (column, _, text) = self.clean(id)?;
        match text.to_ascii_lowercase().as_str() {
            "是" | "有" | "1" | "y" | "yes" | "true" | "√" => Some(true),
            "否" | "无" | "没有" | "0" | "n" | "no" | "false" | "×" => Some(false),
            _ => {
                self.problem(column, ProblemCode::NotAnOption, format!("{} 请填“是”或“否”。", quote(&text)));
                None
            }
        }
    }

    /// One of the column's choices, as its id.
    pub(super) fn choice(&mut self, id: &str) -> Option<&'static str> {
        let (column, _, text) = self.clean(id)?;
        let ColumnKind::Choice(options) = column.kind else { return None };
        let bare = bare_label(&text);
        let found = options.iter().find(|(option, label)| {
            option.eq_ignore_ascii_case(&text)
                || *label == text
                || *label == bare
                || label.replace(' ', "") == text
                || format!("{label}户") == text
        });
        if found.is_none() {
            let labels: Vec<&str> = options.iter().map(|(_, label)| *label).collect();
            let message = format!("{} 不在可选项里。可填：{}。", quote(&text), labels.join("、"));
            self.problem(column, ProblemCode::NotAnOption, message);
        }
        found.map(|(option, _)| *option)
    }

    /// Several of the column's choices, as their ids.
    pub(super) fn choices(&mut self, id: &str) -> Vec<&'static str> {
        let Some((column, _, text)) = self.clean(id) else { return Vec::new() };
        let ColumnKind::Choices(options) = column.kind else { return Vec::new() };
        let mut found = Vec::new();
        for part in parts(&text) {
            match options.iter().find(|(option, label)| *label == part || option.eq_ignore_ascii_case(part)) {
                Some((option, _)) if found.contains(option) => {}
                Some((option, _)) => found.push(*option),
                None => {
                    let labels: Vec<&str> = options.iter().map(|(_, label)| *label).collect();
                    let message = format!("{} 不在可选项里。可填：{}。", quote(part), labels.join("、"));
                    self.problem(column, ProblemCode::NotAnOption, message);
                }
            }
        }
        found
    }

    /// Several terms of a vocabulary, as ids.
    pub(super) fn terms(&mut self, id: &str) -> Vec<String> {
        let Some((column, _, text)) = self.clean(id) else { return Vec::new() };
        let vocabulary = self.vocabulary;
        let terms = if column.kind == ColumnKind::Roles { &vocabulary.roles } else { &vocabulary.categories };
        let mut found = Vec::new();
        for part in Vocabulary::split(terms, &text) {
            match Vocabulary::find(terms, part) {
                Some(term) if term.restricted => {
                    let message =
                        format!("{} 属受限类别，不能用表格导入，由有权限的人单独登记。", quote(part));
                    self.problem(column, ProblemCode::Restricted, message);
                }
                Some(term) if found.contains(&term.id) => {}
                Some(term) => found.push(term.id.clone()),
                None => {
                    let message = format!(
                        "{} 不在可选项里。请照模板“填写说明”里的名称填，多个用顿号隔开。",
                        quote(part)
                    );
                    self.problem(column, ProblemCode::NotAnOption, message);
                }
            }
        }
        found
    }

    /// The column of that id, for messages about it; only columns of the row's own template.
    pub(super) fn column(&self, id: &str) -> Option<&'static Column> {
        self.cell(id).map(|(column, _)| column)
    }
}
