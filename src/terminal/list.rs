//! A list that gets shorter while a person types: what a key does to it, and what it looks like. No
//! terminal is touched here.

use super::keys::Key;

/// What stands before what was typed.
const PROMPT: &str = "Filter: ";
/// Rows of one page, on a screen that has room for more.
const PAGE: usize = 12;
/// Longest text that is filtered by.
const TYPED_MAX: usize = 100;

/// What a key led to.
#[derive(Debug, PartialEq, Eq)]
pub enum Turn {
    /// The list is to be drawn again.
    Again,
    /// This row, counted in the whole list.
    Chosen(usize),
    /// None.
    Left,
}

/// The rows, what was typed, and which row is marked.
#[derive(Debug)]
pub struct List<'a> {
    rows: &'a [String],
    typed: String,
    /// The rows that fit.
    found: Vec<usize>,
    /// The marked one among them.
    at: usize,
}

impl<'a> List<'a> {
    /// All rows, with row `start` marked.
    pub fn new(rows: &'a [String], start: usize) -> Self {
        Self { rows, typed: String::new(), found: (0..rows.len()).collect(), at: start }
    }

    /// What this key does.
    pub fn press(&mut self, key: Key) -> Turn {
        let last = self.found.len().saturating_sub(1);
        match key {
            Key::Leave => return Turn::Left,
            Key::Enter => return self.found.get(self.at).map_or(Turn::Again, |row| Turn::Chosen(*row)),
            Key::Up => self.at = self.at.checked_sub(1).unwrap_or(last),
            Key::Down => self.at = if self.at < last { self.at + 1 } else { 0 },
            Key::PageUp => self.at = self.at.saturating_sub(PAGE),
            Key::PageDown => self.at = (self.at + PAGE).min(last),
            Key::First => self.at = 0,
            Key::Last => self.at = last,
            Key::Text(c) if self.typed.len() < TYPED_MAX => {
                self.typed.push(c);
                self.filter();
            }
            Key::Text(_) => {}
            Key::Erase => {
                self.typed.pop();
                self.filter();
            }
            Key::EraseAll => {
                self.typed.clear();
                self.filter();
            }
        }
        Turn::Again
    }

    /// Keeps the rows that hold every word typed, in any case. What was marked stays so if it can.
    fn filter(&mut self) {
        let marked = self.found.get(self.at).copied();
        let typed = self.typed.to_lowercase();
        let fits = |row: &String| {
            let row = row.to_lowercase();
            typed.split_whitespace().all(|word| row.contains(word))
        };
        self.found = (0..self.rows.len()).filter(|row| fits(&self.rows[*row])).collect();
        self.at = self.found.iter().position(|row| Some(*row) == marked).unwrap_or(0);
    }

    /// The lines on a screen of this size, none wider, with the prompt as the first; and the column
    /// where the next character will be typed.
    pub fn draw(&self, width: usize, height: usize) -> (Vec<String>, usize) {
        // One column stays free: a full line would wrap on some terminals.
        let width = width.saturating_sub(1).max(1);
        let prompt = end_of(&format!("{PROMPT}{}", self.typed), width);
        let column = columns(&prompt);
        let page = PAGE.min(height.saturating_sub(3)).max(1);
        let top = self.at.saturating_sub(page / 2).min(self.found.len().saturating_sub(page));
        let mut lines = vec![prompt];
        for (at, row) in self.found.iter().enumerate().skip(top).take(page) {
            let mark = if at == self.at { ">" } else { " " };
            lines.push(start_of(&format!("{mark} {}", self.rows[*row]), width));
        }
        let hidden = self.found.len().saturating_sub(page);
        if self.found.is_empty() {
            lines.push(start_of("  Nothing fits; Backspace takes a letter back.", width));
        } else if hidden > 0 {
            lines.push(start_of(&format!("  and {hidden} more"), width));
        }
        (lines, column)
    }
}

/// Columns of a terminal. Beyond ASCII two for each character, which is never too few.
fn columns(text: &str) -> usize {
    text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()
}

fn start_of(text: &str, width: usize) -> String {
    let mut kept = text.to_owned();
    while columns(&kept) > width {
        kept.pop();
    }
    kept
}

fn end_of(text: &str, width: usize) -> String {
    let mut kept = text;
    while columns(kept) > width {
        kept = kept.get(kept.chars().next().map_or(0, char::len_utf8)..).unwrap_or_default();
    }
    kept.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn typed(list: &mut List<'_>, text: &str) {
        for c in text.chars() {
            assert_eq!(list.press(Key::Text(c)), Turn::Again);
        }
    }

    #[test]
    fn typing_leaves_the_rows_that_hold_every_word() {
        let rows = rows(&["Developer in 111", "ReadOnly in 111", "ReadOnly in 222"]);
        let mut list = List::new(&rows, 0);
        typed(&mut list, "222 read");
        assert_eq!(list.draw(80, 24).0, ["Filter: 222 read", "> ReadOnly in 222"]);
        assert_eq!(list.press(Key::Enter), Turn::Chosen(2));
        list.press(Key::EraseAll);
        assert_eq!(list.draw(80, 24).0[3], "> ReadOnly in 222", "what was marked stays marked");
        typed(&mut list, "no such role");
        assert_eq!(list.press(Key::Enter), Turn::Again, "nothing is taken where nothing fits");
    }

    #[test]
    fn arrows_go_round_and_pages_end() {
        let rows = rows(&["a", "b", "c"]);
        let mut list = List::new(&rows, 1);
        list.press(Key::Up);
        list.press(Key::Up);
        assert_eq!(list.press(Key::Enter), Turn::Chosen(2));
        list.press(Key::Down);
        assert_eq!(list.press(Key::Enter), Turn::Chosen(0));
        list.press(Key::PageDown);
        assert_eq!(list.press(Key::Enter), Turn::Chosen(2));
        assert_eq!(list.press(Key::Leave), Turn::Left);
    }

    #[test]
    fn no_screen_is_too_small() {
        let rows: Vec<_> = (0..100).map(|n| format!("{n} {}", "é".repeat(200))).collect();
        let mut list = List::new(&rows, 0);
        for (width, height) in [(0, 0), (1, 1), (10, 4), (80, 24)] {
            for _ in 0..200 {
                let (lines, column) = list.draw(width, height);
                assert!(lines.iter().all(|line| columns(line) < width.max(2)), "{lines:?}");
                assert!(lines.len() <= height.max(3) && column < width.max(2));
                assert_eq!(lines.iter().filter(|line| line.starts_with('>')).count(), 1);
                list.press(Key::Down);
            }
        }
        typed(&mut list, &"x".repeat(500));
        assert!(list.draw(20, 24).1 < 20);
    }
}
