//! A QR code for a terminal.

use fast_qr::qr::QRBuilder;

/// Cells of white around the code, without which scanners miss it.
const QUIET: usize = 4;

/// Draws `text` with half blocks, two cells a line, black on white whatever the terminal's colours. `None` when it is
/// too long for a code.
pub fn draw(text: &str) -> Option<String> {
    let code = QRBuilder::new(text).build().ok()?;
    let side = code.size + 2 * QUIET;
    let dark = |row: usize, column: usize| {
        let inside =
            (QUIET..QUIET + code.size).contains(&row) && (QUIET..QUIET + code.size).contains(&column);
        inside && code[row - QUIET][column - QUIET].value()
    };
    let mut out = String::new();
    for row in (0..side).step_by(2) {
        out.push_str("\x1b[30;107m");
        for column in 0..side {
            out.push(match (dark(row, column), dark(row + 1, column)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        out.push_str("\x1b[0m\n");
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{QUIET, draw};
    use fast_qr::qr::QRBuilder;

    #[test]
    fn every_cell_is_drawn_with_white_around_it() {
        let text = "https://grid.example.cn/#/invite/23456789ABCDEFGHJKLM";
        let code = QRBuilder::new(text).build().unwrap();
        let drawn = draw(text).unwrap();
        let lines: Vec<Vec<char>> = drawn
            .lines()
            .map(|line| line.trim_start_matches("\x1b[30;107m").trim_end_matches("\x1b[0m").chars().collect())
            .collect();
        assert_eq!(lines.len(), (code.size + 2 * QUIET).div_ceil(2));
        let dark = |row: usize, column: usize| match lines[row / 2][column] {
            '█' => true,
            '▀' => row.is_multiple_of(2),
            '▄' => !row.is_multiple_of(2),
            _ => false,
        };
        for row in 0..code.size + 2 * QUIET {
            for column in 0..code.size + 2 * QUIET {
                let cell = row.checked_sub(QUIET).zip(column.checked_sub(QUIET));
                let cell = cell.filter(|(r, c)| *r < code.size && *c < code.size);
                assert_eq!(
                    dark(row, column),
                    cell.is_some_and(|(r, c)| code[r][c].value()),
                    "{row} {column}"
                );
            }
        }
        assert!(draw(&"x".repeat(8000)).is_none());
    }
}
