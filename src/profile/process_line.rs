//! The line `credential_process`: what of it every SDK reads alike.
//!
//! botocore runs the line without a shell, most others with one; some cut it at `#` or `;`, some drop
//! quotes. What all of them understand is an absolute path and plain words.

use super::Environment;
use super::lines::comment;
use crate::error::{Error, Next};
use crate::platform::{self, Os};
use crate::{remedy, shell};
use std::fs;
use std::path::{Path, PathBuf};

/// The key.
pub const KEY: &str = "credential_process";

/// This program's name, without an extension.
const PROGRAM: &str = "cognito-creds";
/// The same on Windows.
const PROGRAM_OF_WINDOWS: &str = "cognito-creds.exe";

/// Characters that at least one SDK reads as something else: quotes and backslashes, comments, and
/// what a shell would act on.
const SHELL_CHARACTERS: &str = "\"'`#;~$|&<>()*?!{}";

/// Whether some SDK reads this character as something else than itself.
pub fn is_special(c: char) -> bool {
    is_special_on(Os::HERE, c)
}

/// On Windows a backslash is the one character between folders, and `~` is in short names: botocore's own
/// splitter and cmd.exe, which all other SDKs ask there, leave both alone. cmd.exe acts on `%` and `^`.
fn is_special_on(os: Os, c: char) -> bool {
    match (os, c) {
        (Os::Windows, '~' | '\\') => false,
        (Os::Windows, '%' | '^') | (_, '\\') => true,
        _ => SHELL_CHARACTERS.contains(c),
    }
}

/// Whether every SDK reads this program's path as one word.
pub fn every_sdk_reads(program: &str) -> bool {
    is_read_on(Os::HERE, program)
}

/// cmd.exe ends a program's name at `,` and `=` as it does at a blank; what follows it may have both.
fn is_read_on(os: Os, program: &str) -> bool {
    let ends_it =
        |c: char| c.is_whitespace() || c.is_control() || (os == Os::Windows && matches!(c, ',' | '='));
    !program.contains(|c: char| ends_it(c) || is_special_on(os, c))
}

/// Whether a value of the key runs this program, whatever is wrong with it otherwise. A wrapper around
/// it, or another program that has our name among its arguments, is somebody else's. So is, in WSL, the
/// program for Windows: it has its own config file.
pub fn is_ours(value: &str) -> bool {
    is_ours_on(Os::HERE, value)
}

fn is_ours_on(os: Os, value: &str) -> bool {
    credential_process(value)
        .is_some_and(|file| file == PROGRAM || (os == Os::Windows && is_for_windows(file)))
}

/// Whether a value of the key runs this program for Windows, from the Linux inside it.
pub fn is_of_windows(value: &str) -> bool {
    !is_ours(value) && credential_process(value).is_some_and(is_for_windows)
}

/// Windows' names have no case.
fn is_for_windows(file: &str) -> bool {
    file.eq_ignore_ascii_case(PROGRAM_OF_WINDOWS)
}

/// The file's name of a program that is told to be a credential process.
fn credential_process(value: &str) -> Option<&str> {
    let value = value[..value.len() - comment(value).len()].trim();
    let quoted = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.split_once(*quote));
    let (program, arguments) =
        quoted.or_else(|| value.split_once(char::is_whitespace)).unwrap_or((value, ""));
    let told = arguments.split_whitespace().any(|word| word == "credential-process");
    program.rsplit(['/', '\\']).next().filter(|_| told)
}

/// The value that runs `program` for profile `name`, which is to be checked before:
/// [`super::edit::check_name`].
///
/// # Errors
/// Some SDK would misread the path.
pub fn of(program: &Path, name: &str) -> Result<String, Error> {
    match program.to_str().filter(|path| every_sdk_reads(path)) {
        Some(path) => Ok(format!("{path} credential-process --profile {name}")),
        None => Err(Error::new(
            Next::Configure,
            format!(
                "This program is {}, and some AWS tools can't run a path with a blank, a quote or one of {} in it.",
                program.display(),
                if Os::HERE == Os::Windows { "# ; $ , = %" } else { "# ; ~ $" },
            ),
            elsewhere(Os::HERE, program),
        )),
    }
}

/// The command that gives this program a plain path. On Windows it tells the short name that most folders
/// have beside their own (`C:\PROGRA~1`): started from there, this program writes that path.
fn elsewhere(os: Os, program: &Path) -> String {
    match os {
        Os::Windows => remedy::short_name(program.parent().unwrap_or(program)),
        Os::Linux | Os::MacOs | Os::OtherUnix => {
            format!("sudo ln -s {} /usr/local/bin/{PROGRAM}", shell::word_on(os, &program.to_string_lossy()))
        }
    }
}

/// The path of this program: as `PATH` finds it, because that path stays when the next version takes
/// its place behind a link; else the file itself.
pub fn this_program(env: &dyn Environment) -> PathBuf {
    let me = platform::own_program().unwrap_or_else(|_| PathBuf::from(PROGRAM));
    let file = format!("{PROGRAM}{}", std::env::consts::EXE_SUFFIX);
    // Windows has its own way to write a path that leads through no link.
    let real = fs::canonicalize(&me).unwrap_or_else(|_| me.clone());
    let is_me = |path: &PathBuf| fs::canonicalize(path).is_ok_and(|found| found == real);
    let is_fit = |path: &PathBuf| path.is_absolute() && path.to_str().is_some_and(every_sdk_reads);
    std::env::split_paths(&env.var("PATH").unwrap_or_default())
        .map(|folder| folder.join(&file))
        .find(|path| is_fit(path) && is_me(path))
        .unwrap_or(me)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::edit;

    #[test]
    #[cfg_attr(all(test, windows), ignore = "the paths and shells of Unix")]
    fn the_line_is_one_that_every_sdk_can_run() {
        let line = of(Path::new("/opt/cognito-creds"), "dev").unwrap();
        assert_eq!(line, "/opt/cognito-creds credential-process --profile dev");
        for program in ["/sp ace/cc", "/a'b/cc", "/a;b/cc", "/a#b/cc", "/~a/cc", "/$a/cc"] {
            assert!(of(Path::new(program), "dev").is_err(), "{program}");
        }
        for name in ["", "two words", "-x", "a;b", "a]b", "é", "a\nb"] {
            assert!(edit::check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_backslash_is_itself_on_windows_alone() {
        assert!(!is_special_on(Os::Windows, '\\') && !is_special_on(Os::Windows, '~'));
        assert!(
            "% ^ $ & | ; ( ) < > ! # \"".split(' ').all(|c| is_special_on(Os::Windows, c.parse().unwrap()))
        );
        assert!(!is_special_on(Os::Linux, '%') && is_special_on(Os::Linux, '~'));
        for path in [r"C:\a,b\cc.exe", r"C:\a=b\cc.exe"] {
            assert!(!is_read_on(Os::Windows, path), "{path}");
        }
        assert!(is_read_on(Os::Linux, "/a,b=c/cc") && is_read_on(Os::Windows, r"C:\ab\cc.exe"));
        let short = elsewhere(Os::Windows, Path::new("C:/Program Files/cc/cognito-creds.exe"));
        assert!(short.contains("GetFolder('C:/Program Files/cc').ShortPath"), "{short}");
        assert!([Os::Linux, Os::MacOs, Os::OtherUnix].iter().all(|os| is_special_on(*os, '\\')));
    }

    #[test]
    fn the_program_for_windows_is_another_one_wherever_this_is_not_windows() {
        for line in [
            r"C:\bin\cognito-creds.exe credential-process --profile a",
            r"C:\PROGRA~1\cc\Cognito-Creds.EXE credential-process --profile a",
            "/mnt/c/bin/cognito-creds.exe credential-process --profile a",
        ] {
            assert!(is_ours_on(Os::Windows, line) && !is_ours_on(Os::Linux, line), "{line}");
            assert_eq!(is_of_windows(line), !is_ours(line), "{line}");
        }
        assert!(!is_of_windows("/mnt/c/bin/cognito-creds.exe token") && !is_of_windows("/opt/cognito-creds"));
    }

    #[test]
    fn our_line_is_known_however_it_is_written() {
        for ours in [
            "cognito-creds credential-process --profile a",
            "\"/sp ace/cognito-creds\" -v credential-process",
            "'/sp ace/cognito-creds' credential-process",
            " /opt/cognito-creds credential-process --profile=a # mine",
        ] {
            assert!(is_ours(ours), "{ours}");
        }
        for other in [
            "granted credential-process --profile a",
            "cognito-creds token",
            "",
            "/opt/wrap --cache /tmp/cognito-creds credential-process",
            "/opt/cognito-creds-wrapper credential-process",
            "/opt/my-cognito-creds credential-process",
            "/opt/cognito-creds/other credential-process",
            "cognito-creds my-credential-process",
            "cognito-creds token # no credential-process",
            "env A=b cognito-creds credential-process --profile a",
        ] {
            assert!(!is_ours(other), "{other}");
        }
    }
}
