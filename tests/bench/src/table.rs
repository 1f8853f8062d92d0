//! What is printed: one row for each budget.

use serde_json::{Value, json};
use std::fmt::Write;

/// One budget and what was measured.
#[derive(Debug)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// Ours, with unit and spread.
    pub ours: String,
    /// What it is compared with; empty where the budget is an amount.
    pub against: String,
    /// The ratio, or the amount that the budget speaks of.
    pub ratio: String,
    /// The budget.
    pub budget: String,
    /// Whether it was kept.
    pub met: bool,
}

impl Row {
    /// A row of which one amount must not be above another.
    pub fn at_most(what: &str, measured: f64, most: f64, unit: &str, decimals: usize) -> Self {
        Self {
            what: what.to_owned(),
            ours: format!("{measured:.decimals$}{unit}"),
            against: String::new(),
            ratio: String::new(),
            budget: format!("≤ {most}{unit}"),
            met: measured <= most,
        }
    }

    /// A row of which two texts must be equal.
    pub fn exactly(what: &str, measured: &str, wanted: &str) -> Self {
        Self {
            what: what.to_owned(),
            ours: measured.to_owned(),
            against: String::new(),
            ratio: String::new(),
            budget: wanted.to_owned(),
            met: measured == wanted,
        }
    }

    fn verdict(&self) -> &'static str {
        if self.met { "kept" } else { "**missed**" }
    }
}

/// The rows as a Markdown table.
pub fn markdown(rows: &[Row]) -> String {
    let mut text =
        "| what | ours | against | ratio | budget | |\n| --- | --- | --- | --- | --- | --- |\n".to_owned();
    for row in rows {
        let cells = [&row.what, &row.ours, &row.against, &row.ratio, &row.budget, row.verdict()];
        // Writing to a String never fails.
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}

/// The rows as a JSON array.
pub fn json(rows: &[Row]) -> Value {
    let object = |row: &Row| {
        json!({
            "what": row.what, "ours": row.ours, "against": row.against,
            "ratio": row.ratio, "budget": row.budget, "met": row.met,
        })
    };
    rows.iter().map(object).collect()
}
