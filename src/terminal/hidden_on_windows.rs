//! Answers that are not shown, on Windows: rpassword's own way.

use std::io;

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
    /// The person ended the input, or the console went away.
    pub fn ask(&mut self, question: &str) -> io::Result<String> {
        rpassword::prompt_password(question)
    }
}
