//! The browser of Windows, opened from the Linux inside it (WSL).

use crate::platform::wsl::{SOCKET, Wsl};
use std::path::{Path, PathBuf};
use std::process::Command;
use url::Url;

/// The program of Windows that opens an address.
///
/// Its last argument is the address as it is. No command interpreter reads it on the way: `cmd.exe` would end
/// it at `&`, and PowerShell, behind `wslview`, would carry out a `$(…)` in it. Why not these:
/// `docs/decisions/0016-wsl.md`.
const LAUNCHER: &str = "rundll32.exe";

/// The program that opens addresses in Windows, where it can be started from here.
pub fn launcher(wsl: &Wsl) -> Option<PathBuf> {
    wsl.system_program(LAUNCHER).filter(|_| wsl.interop)
}

/// The command that has Windows open the address. Like every program of Windows it is refused where `session`,
/// the way to Windows of a session that has ended, stands in its environment; without one WSL finds another.
pub fn command(launcher: &Path, url: &Url, session: Option<&str>) -> Command {
    let mut command = Command::new(launcher);
    command.arg("url.dll,FileProtocolHandler").arg(url.as_str());
    // Windows knows its own folders; ours it has to reach over the network.
    command.current_dir(launcher.parent().unwrap_or(launcher));
    if session.is_some_and(has_ended) {
        command.env_remove(SOCKET);
    }
    command
}

/// Whether the session with this way to Windows has ended, as under tmux that outlives its terminal.
pub fn has_ended(session: &str) -> bool {
    !Path::new(session).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(url: &str) -> Vec<String> {
        let url = Url::parse(url).unwrap();
        let command = command(Path::new("/c/Windows/System32/rundll32.exe"), &url, None);
        assert_eq!(command.get_current_dir(), Some(Path::new("/c/Windows/System32")));
        command.get_args().map(|a| a.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn windows_is_given_the_whole_address_in_one_word() {
        let url = "https://x.example/oauth2/authorize?a=1&b=%20c^d|e<f>%26";
        let given = arguments(url);
        assert_eq!(given[0], "url.dll,FileProtocolHandler");
        assert!(given.len() == 2 && given[1].starts_with("https://x.example/oauth2/authorize?a=1&b=%20c^d"));
        assert!(given[1].ends_with("%26"));
    }

    /// WSL makes one line of all arguments and quotes those that have a blank or a quote in them.
    #[test]
    fn no_character_of_an_address_ends_its_word() {
        for c in (' '..='~').chain(['\t', '\n', '\u{a0}', 'é', '\u{201d}']) {
            for url in [format!("https://x/{c}a"), format!("https://x/?q={c}a"), format!("https://x/#{c}a")] {
                let given = arguments(&url);
                let is_plain = given[1].chars().all(|c| c.is_ascii_graphic() && c != '"');
                assert!(given.len() == 2 && is_plain, "{given:?}");
            }
        }
    }

    #[test]
    fn the_way_of_a_session_that_has_ended_is_left_out() {
        let url = Url::parse("https://x/").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("7_interop");
        let removed = || {
            let command = command(Path::new("/c/rundll32.exe"), &url, socket.to_str());
            command.get_envs().any(|(name, value)| name == SOCKET && value.is_none())
        };
        assert!(removed());
        std::fs::write(&socket, "").unwrap();
        assert!(!removed());
    }
}
