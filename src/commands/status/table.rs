//! Several profiles at a glance, in 80 columns.

use super::{LastError, SignIn, State};
use crate::clock::Timestamp;
use crate::commands::columns::{WIDTH, about, beside};
use crate::error::foreign;
use crate::identity_pool::role;

const HEADER: [&str; 4] = ["PROFILE", "WHO", "ROLE", "CREDENTIALS"];
/// What each column but the last gets at most, so that all fit.
const MOST: [usize; 3] = [18, 26, 16];
const GAP: usize = 2;

/// How a cell is shown where colours are wanted (ECMA-48 SGR).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tone {
    Plain,
    Bold,
    Good,
    Attention,
    Bad,
}

impl Tone {
    fn of(self, text: &str, colours: bool) -> String {
        let code = match self {
            Self::Bold => "1",
            Self::Good => "32",
            Self::Attention => "33",
            Self::Bad => "31",
            Self::Plain => return text.to_owned(),
        };
        if colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

struct Row {
    cells: [String; 4],
    tone: Tone,
}

/// A line for each profile, and below them what went wrong last.
pub(super) fn told(states: &[State], now: Timestamp, colours: bool) -> String {
    let header = Row { cells: HEADER.map(str::to_owned), tone: Tone::Bold };
    let rows: Vec<_> = std::iter::once(header).chain(states.iter().map(|state| row(state, now))).collect();
    let widths = [0, 1, 2].map(|n| {
        let longest = rows.iter().map(|row| row.cells[n].chars().count()).max().unwrap_or_default();
        longest.min(MOST[n])
    });
    let mut lines: Vec<_> = rows.iter().map(|row| line(row, &widths, colours)).collect();
    for state in states {
        if let Some(problem) = state.last_error.as_ref().filter(|last| !last.is_notice) {
            lines.push(String::new());
            lines.push(why(&state.profile, problem, now));
        }
    }
    lines.join("\n")
}

fn line(row: &Row, widths: &[usize; 3], colours: bool) -> String {
    let mut line = String::new();
    for (cell, width) in row.cells.iter().zip(widths) {
        let text = format!("{:width$}{:GAP$}", shortened(cell, *width), "");
        line.push_str(&if row.tone == Tone::Bold { Tone::Bold.of(&text, colours) } else { text });
    }
    let left = WIDTH - widths.iter().sum::<usize>() - 3 * GAP;
    line.push_str(&row.tone.of(&shortened(&row.cells[3], left), colours));
    line.trim_end().to_owned()
}

/// The text, or as much of it as there is room for and `…`.
fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

fn row(state: &State, now: Timestamp) -> Row {
    let who = state.login.as_ref().map_or("-", |login| &login.user);
    let found = state.credentials.as_ref();
    let role = match found.map(|found| (found.role.as_deref(), found.preferred.as_deref())) {
        Some((Some(arn), _)) => role::name(arn).to_owned(),
        Some((None, Some(arn))) => format!("({})", role::name(arn)),
        Some((None, None)) => "(pool's choice)".to_owned(),
        None => "-".to_owned(),
    };
    let (credentials, tone) = match (&state.login, found, &state.instead) {
        _ if state.sign_in == SignIn::Running => ("sign-in running".to_owned(), Tone::Attention),
        (_, Some(found), _) => (format!("live {}", about(found.expiration.0.left(now))), Tone::Good),
        (_, None, Some(instead)) => (instead.clone(), Tone::Bad),
        (Some(_), None, None) => ("none cached".to_owned(), Tone::Plain),
        (None, None, None) => ("not signed in".to_owned(), Tone::Attention),
    };
    Row { cells: [foreign(&state.profile), who.to_owned(), role, credentials], tone }
}

fn why(profile: &str, problem: &LastError, now: Timestamp) -> String {
    let ago = about(problem.at.0.age(now));
    beside("", 0, &format!("{}, {ago} ago: {}", foreign(profile), foreign(&problem.message)))
}
