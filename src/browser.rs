//! The person's browser: whether one can be seen, and opening an address in it.

mod of_windows;

use crate::platform::Os;
use crate::platform::wsl::{self, Wsl};
use crate::profile::Environment;
use crate::{secret, terminal};
use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use url::Url;

/// Whether a person could see a browser that this process opens: macOS, Windows, WSL that can reach its
/// Windows, or any of `BROWSER`, `DISPLAY`, `WAYLAND_DISPLAY`; never under `CI`. An SSH session has none of
/// those.
pub fn can_be_seen(env: &dyn Environment) -> bool {
    is_seen_on(Os::HERE, env)
}

fn is_seen_on(os: Os, env: &dyn Environment) -> bool {
    if terminal::on_a_build_machine(env) {
        return false;
    }
    let desktop = matches!(os, Os::MacOs | Os::Windows) && env.var("SSH_CONNECTION").is_none();
    let named = ["BROWSER", "DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| env.var(name).is_some());
    desktop || named || windows_can_be_seen(env)
}

/// Whether this session was started from Windows, whose browser can be reached.
fn windows_can_be_seen(env: &dyn Environment) -> bool {
    env.var(wsl::SESSION).is_some() && wsl_here(env).is_some_and(|wsl| wsl.interop)
}

/// The Linux inside Windows that this may be.
pub fn wsl_here(env: &dyn Environment) -> Option<Wsl> {
    wsl::here(|name| env.var(name))
}

/// What opens addresses in Windows, from the Linux inside it.
pub fn launcher_of_windows(wsl: &Wsl) -> Option<PathBuf> {
    of_windows::launcher(wsl)
}

/// Whether the environment names a way to Windows that is no more; [`open()`] then lets WSL find another.
pub fn names_an_ended_session(env: &dyn Environment) -> bool {
    env.var(wsl::SOCKET).is_some_and(|session| of_windows::has_ended(&session))
}

/// Opens the address: `BROWSER` if set, else the platform's own way.
///
/// No shell is involved, the address is one argument, and the child has none of our streams: a text
/// browser on our stdout would corrupt the JSON that an SDK waits for. On Unix the child leads a
/// process group of its own, so that Ctrl-C ends `login` and not the browser with it.
///
/// Windows' own way is a call of its shell (ShellExecuteExW), which takes the address and no command line. It
/// would give the browser our whole environment, so where that holds a secret, PowerShell stands in between,
/// to which the address is a variable and nothing to run.
pub fn open(url: &Url, env: &dyn Environment) -> io::Result<()> {
    #[cfg(windows)]
    if env.var("BROWSER").is_none() && secret::VARIABLES.iter().all(|name| env.var(name).is_none()) {
        return open::that_detached(url.as_str());
    }
    let mut last = io::Error::new(io::ErrorKind::NotFound, "no browser found");
    let commands = match env.var("BROWSER") {
        Some(browser) => from_variable(&browser, url.as_str(), Os::HERE),
        None => of_this_system(url, env),
    };
    for mut command in commands {
        for name in secret::VARIABLES {
            command.env_remove(name);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        match command.spawn() {
            Ok(_child) => return Ok(()),
            Err(e) => last = e,
        }
    }
    Err(last)
}

/// The browser of Windows from inside it, else what the system offers.
fn of_this_system(url: &Url, env: &dyn Environment) -> Vec<Command> {
    let wsl = wsl_here(env);
    let mut commands = open::commands(url.as_str());
    if Os::HERE == Os::Linux && !wsl.as_ref().is_some_and(|wsl| wsl.interop) {
        without_windows(&mut commands);
    }
    let launcher = wsl.as_ref().and_then(of_windows::launcher);
    let session = env.var(wsl::SOCKET);
    let windows = launcher.map(|launcher| of_windows::command(&launcher, url, session.as_deref()));
    windows.into_iter().chain(commands).collect()
}

/// Where programs of Windows can't be started, whatever is called so is something else.
fn without_windows(commands: &mut Vec<Command>) {
    commands.retain(|command| command.get_program() != "powershell.exe");
}

/// `BROWSER` is a list of commands separated by `:`, on Windows by `;`; `%s` in one stands for the address, otherwise
/// the address is its last argument (the convention of xdg-open and Python's webbrowser).
fn from_variable(browser: &str, url: &str, os: Os) -> Vec<Command> {
    let separator = if os == Os::Windows { ';' } else { ':' };
    browser
        .split(separator)
        .filter_map(|entry| {
            let mut words = entry.split_ascii_whitespace();
            let mut command = Command::new(words.next()?);
            let mut placed = false;
            for word in words {
                placed |= word.contains("%s");
                command.arg(word.replace("%s", url));
            }
            if !placed {
                command.arg(url);
            }
            Some(command)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_is_none() {
        let env = |name: &str| match name {
            "CI" => Some(String::new()),
            "DISPLAY" => Some(":0".to_owned()),
            _ => None,
        };
        assert!(can_be_seen(&env) && !terminal::on_a_build_machine(&env));
    }

    fn seen_on(os: Os, vars: &[&str]) -> bool {
        is_seen_on(os, &|name: &str| vars.contains(&name).then(|| "x".to_owned()))
    }

    #[test]
    fn a_browser_is_opened_only_where_a_person_sees_it() {
        let seen = |vars: &[&str]| seen_on(Os::Linux, vars);
        assert!(!seen(&[]));
        assert!(!seen(&["SSH_CONNECTION"]));
        assert!(seen(&["DISPLAY"]) && seen(&["WAYLAND_DISPLAY"]));
        // Somebody may have set it anywhere; tests/wsl.rs has it where it counts.
        assert!(!seen(&["WSL_DISTRO_NAME"]));
        assert!(seen(&["BROWSER", "SSH_CONNECTION"]));
        assert!(!seen(&["DISPLAY", "BROWSER", "CI"]));
    }

    #[test]
    fn a_desktop_has_a_browser_but_not_over_ssh() {
        for os in [Os::MacOs, Os::Windows] {
            assert!(seen_on(os, &[]) && seen_on(os, &["SSH_CONNECTION", "BROWSER"]));
            assert!(!seen_on(os, &["SSH_CONNECTION"]) && !seen_on(os, &["CI"]));
        }
    }

    #[test]
    #[cfg(unix)]
    fn the_browser_is_in_a_process_group_of_its_own_out_of_the_reach_of_ctrl_c() {
        let folder = tempfile::tempdir().unwrap();
        let (script, seen) = (folder.path().join("browser"), folder.path().join("seen"));
        let text = format!("echo $$ $(ps -o pgid= -p $$) >{0}.new; mv {0}.new {0}", seen.display());
        std::fs::write(&script, text).unwrap();
        let browser = format!("sh {}", script.display());
        let env = |name: &str| (name == "BROWSER").then(|| browser.clone());
        open(&Url::parse("https://x/").unwrap(), &env).unwrap();
        let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while !seen.exists() {
            assert!(std::time::Instant::now() < until, "the browser never ran");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let seen = std::fs::read_to_string(seen).unwrap();
        let (process, group) = seen.trim().split_once(' ').unwrap();
        assert_eq!(process, group);
    }

    #[test]
    fn no_program_of_windows_is_looked_for_where_there_is_none() {
        let mut commands = vec![Command::new("powershell.exe"), Command::new("xdg-open")];
        without_windows(&mut commands);
        let left: Vec<_> = commands.iter().map(Command::get_program).collect();
        assert_eq!(left, ["xdg-open"]);
    }

    #[test]
    fn the_address_is_one_argument_and_never_shell_text() {
        let url = "https://x/?a=1&b=$(reboot)%20;";
        for (os, browser) in [
            (Os::Linux, "first --new-window:second --url=%s -q"),
            (Os::Windows, "C:\\first --new-window;second --url=%s -q"),
        ] {
            let commands = from_variable(browser, url, os);
            let shown: Vec<Vec<_>> = commands
                .iter()
                .map(|c| c.get_args().map(|a| a.to_string_lossy().into_owned()).collect())
                .collect();
            let second = vec![format!("--url={url}"), "-q".to_owned()];
            assert_eq!(shown, [vec!["--new-window".to_owned(), url.to_owned()], second]);
        }
    }
}
