//! A table for a terminal: the cells of a row side by side, each in as many lines as it needs.

use crate::output;

/// What stands between two columns.
const GAP: &str = "  ";

/// The narrowest that a column is made for want of room.
const NARROWEST: usize = 12;

/// The lines of a table whose first row is its head. No column is wider than its longest cell, and all of them together no wider than
/// `width`, where that can be.
pub(super) fn lines(rows: &[Vec<String>], width: usize) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let widest = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| length(cell))
            .max()
    };
    let mut widths: Vec<usize> = (0..columns).map(|column| widest(column).unwrap_or_default()).collect();
    let room = width.saturating_sub(GAP.len() * columns.saturating_sub(1));
    // The widest gives way first.
    while widths.iter().sum::<usize>() > room {
        match widths.iter_mut().filter(|width| **width > NARROWEST).max() {
            Some(width) => *width -= 1,
            None => break,
        }
    }
    let mut lines = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let cells: Vec<Vec<String>> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| output::wrapped(cell, *width))
            .collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or_default();
        for line in 0..height {
            let parts = cells.iter().zip(&widths).map(|(cell, width)| {
                let text = cell.get(line).map_or("", String::as_str);
                format!("{text}{:1$}", "", width.saturating_sub(length(text)))
            });
            lines.push(parts.collect::<Vec<_>>().join(GAP).trim_end().to_owned());
        }
        if index == 0 {
            let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
            lines.push(rules.join(GAP));
        }
    }
    lines
}

fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
        let row = |row: &&[&str]| row.iter().map(|cell| (*cell).to_owned()).collect();
        rows.iter().map(row).collect()
    }

    #[test]
    fn a_table_is_as_wide_as_it_needs_to_be_and_no_wider_than_it_may() {
        let rows = rows(&[&["", "one"], &["formats", "qcow2, vhd, vmdk, raw, vhdx"]]);
        let wide = [
            "         one",
            "-------  ---------------------------",
            "formats  qcow2, vhd, vmdk, raw, vhdx",
        ];
        assert_eq!(lines(&rows, 80), wide);
        let narrow = [
            "         one",
            "-------  ---------------",
            "formats  qcow2, vhd,",
            "         vmdk, raw, vhdx",
        ];
        assert_eq!(lines(&rows, 24), narrow);
        assert!(lines(&rows, 0).len() > 4, "too narrow is shown all the same");
    }
}
