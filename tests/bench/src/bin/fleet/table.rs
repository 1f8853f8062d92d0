//! The figures of all days, as a table in Markdown.

use crate::clock::MINUTE;
use crate::scenario::{Days, Scenario};
use crate::service::Api;
use crate::simulation::Outcome;

/// Peaks are of one second; means are of a day of ten hours, 08:00 to 18:00.
const SECONDS: f64 = 10.0 * 3600.0;

pub fn render(days: &Days<(Scenario, Outcome)>) -> String {
    let mut rows = vec![header()];
    rows.extend(days.each().map(|(scenario, outcome)| row(scenario, outcome)));
    let widths: Vec<_> = (0..rows[0].len())
        .map(|column| rows.iter().map(|row| row[column].len()).max().unwrap_or(0))
        .collect();
    let rule = widths.iter().enumerate().map(|(i, width)| match i {
        0 => "-".repeat(*width),
        _ => "-".repeat(width - 1) + ":",
    });
    rows.insert(1, rule.collect());
    rows.iter().map(|row| line(row, &widths)).collect()
}

fn header() -> Vec<String> {
    let mut cells = vec!["requests a second: peak (mean)".to_owned()];
    cells.extend(Api::ALL.map(|api| format!("{}, quota {}", api.name(), api.quota())));
    cells.extend(["turned away", "waited over 2 s", "longest", "failed calls"].map(str::to_owned));
    cells
}

fn row(scenario: &Scenario, outcome: &Outcome) -> Vec<String> {
    let mut cells = vec![scenario.name.to_owned()];
    cells.extend(Api::ALL.map(|api| {
        let load = outcome.service.load(api);
        match load.peak() {
            0 => String::new(),
            peak => format!("{} ({:.1})", grouped(peak.into()), load.total() as f64 / SECONDS),
        }
    }));
    let turned_away = Api::ALL.iter().map(|api| outcome.service.load(*api).throttled).sum();
    cells.extend([turned_away, outcome.waits].map(grouped));
    cells.push(match outcome.longest_wait as f64 / MINUTE as f64 {
        short if short < 0.1 => String::new(),
        long => format!("{long:.1} min"),
    });
    cells.push(grouped(outcome.failed));
    cells
}

/// The first column is left, the others are right.
fn line(cells: &[String], widths: &[usize]) -> String {
    let padded = cells.iter().zip(widths).enumerate().map(|(i, (cell, width))| match i {
        0 => format!("| {cell:<width$} |"),
        _ => format!(" {cell:>width$} |"),
    });
    padded.collect::<String>() + "\n"
}

/// `1234567` as `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
