//! What is said when this program panics: where, and never what it was working on.
//!
//! A panic's own message may hold a secret: `unwrap` shows the error, a wrong index into a text the whole
//! text. The standard library's hook would print it.

use crate::output;
use std::panic::{self, Location};

/// Takes the place of the standard library's hook. To be called before anything else, on the main thread.
pub fn tell_without_contents() {
    panic::set_hook(Box::new(|info| output::stderr(&words(info.location()))));
}

fn words(location: Option<&Location<'_>>) -> String {
    let place = location.map_or_else(|| "unknown".to_owned(), ToString::to_string);
    format!(
        "cognito-creds: A bug in cognito-creds ended it (at {place}); please report that place with the version that this prints.\n\
         cognito-creds --version"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::RefreshToken;
    use std::process::Command;

    const CANARY: &str = "é-canary-of-a-refresh-token";

    /// Each in a process of its own, which runs this one test with a hook.
    #[test]
    fn a_panic_tells_its_place_and_nothing_of_its_contents() {
        for kind in ["message", "text", "result", "expect", "value", "thread"] {
            let ran = Command::new(std::env::current_exe().unwrap())
                .args(["--ignored", "--exact", "bug::tests::panics", "--nocapture", "--test-threads=1"])
                .env("KIND_OF_PANIC", kind)
                .output()
                .unwrap();
            let (stdout, stderr) =
                (String::from_utf8(ran.stdout).unwrap(), String::from_utf8(ran.stderr).unwrap());
            assert!(!ran.status.success(), "{kind}");
            assert!(!stdout.contains("canary") && !stderr.contains("canary"), "{kind}: {stdout}{stderr}");
            let lines: Vec<_> = stderr.lines().collect();
            assert_eq!(lines.len(), 2, "{kind}: {stderr}");
            assert!(lines[0].contains("src/bug.rs:"), "{kind}: {stderr}");
            assert_eq!(lines[1], "cognito-creds --version");
        }
    }

    fn refused<E>(why: E) -> Result<(), E> {
        Err(why)
    }

    #[test]
    #[ignore = "ends a process; run by the test above"]
    fn panics() {
        tell_without_contents();
        match &*std::env::var("KIND_OF_PANIC").unwrap() {
            "message" => panic!("{CANARY}"),
            "text" => drop(CANARY[1..].to_owned()),
            "result" => refused(CANARY).unwrap(),
            "expect" => refused(RefreshToken::new(CANARY)).expect(CANARY),
            "value" => panic::panic_any(CANARY.to_owned()),
            // Passed on without a second message.
            "thread" => {
                std::thread::spawn(|| panic!("{CANARY}")).join().unwrap_or_else(|e| panic::resume_unwind(e));
            }
            kind => unreachable!("{kind}"),
        }
    }

    #[test]
    fn the_program_begins_with_it() {
        let main = include_str!("main.rs");
        let body = main.split_once("fn main() -> ExitCode {\n").unwrap().1;
        assert!(body.trim_start().starts_with("bug::tell_without_contents();\n"), "{body}");
    }
}
