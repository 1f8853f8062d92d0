//! Answers that are not shown, on Windows: rpassword's own way.

use std::io;
use std::time::Instant;

/// The console while it shows nothing of what is typed or pasted.
pub struct Hidden;

impl Hidden {
    /// Nothing has to be prepared.
    pub fn begin() -> io::Result<Self> {
        Ok(Self)
    }

    /// Asks for one line.
    ///
    /// # Errors
    /// The person ended the input, or the console went away. `TimedOut`: nobody answered until then.
    pub fn ask(&mut self, question: &str, until: Option<Instant>) -> io::Result<String> {
        let question = question.to_owned();
        super::answer_until(until, move || rpassword::prompt_password(question))
    }
}
