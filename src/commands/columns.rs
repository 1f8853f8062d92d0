//! Text for a terminal of 80 columns: a label, and beside it words that wrap.

use crate::clock::spoken;
use std::time::Duration;

/// The width that fits every terminal.
pub const WIDTH: usize = 80;

/// `label`, padded to `indent` columns, and `text` beside it, wrapped at blanks. A word that is too
/// long for a line, such as a path, stays whole.
pub fn beside(label: &str, indent: usize, text: &str) -> String {
    let mut out = format!("{label:indent$}");
    let mut column = indent;
    let mut first = true;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if !first && column + 1 + length > WIDTH {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            column = indent;
        } else if !first {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
        first = false;
    }
    out.trim_end().to_owned()
}

/// A span as people say it, with days for what is longer than two.
pub fn about(span: Duration) -> String {
    const DAY: u64 = 24 * 60 * 60;
    match span.as_secs() / DAY {
        0..2 => spoken(span),
        days => format!("{days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_wraps_beside_its_label_within_80_columns() {
        let text = beside("label", 10, &"word ".repeat(40));
        assert!(text.lines().count() > 2 && text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with(&format!("{}word", " ".repeat(10)))));
    }

    #[test]
    fn a_path_stays_whole_so_that_it_can_be_pasted() {
        let path = format!("/{}", "x".repeat(100));
        assert_eq!(beside("a", 3, &format!("in {path}")), format!("a  in\n   {path}"));
        assert_eq!(beside("a", 3, ""), "a");
    }

    #[test]
    fn weeks_are_told_in_days() {
        assert_eq!(about(Duration::from_secs(50)), "50 seconds");
        assert_eq!(about(Duration::from_hours(47)), "47 hours");
        assert_eq!(about(Duration::from_hours(12 * 24 + 23)), "12 days");
    }
}
