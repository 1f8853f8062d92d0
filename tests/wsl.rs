//! Linux inside Windows (WSL), with a Windows that is played: the kernel's name, what it runs, the drive and
//! the program that opens addresses are stand-ins. That the real ones do the same, no test here can know.
//!
//! Not part of a plain `cargo test`, which needs nothing but Rust. Run it by name: `cargo test --test wsl`.
//! It needs root, for mounts that nobody else sees.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![cfg(target_os = "linux")]

#[path = "support/pages.rs"]
#[allow(dead_code, reason = "tests/docs.rs uses the rest")]
mod pages;
mod support;

use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use support::cases::Cases;
use support::findings::Findings;
use support::{Machine, PROGRAM, Ran, alice};

const KERNEL: &str = "6.6.87.2-microsoft-standard-WSL2\n";

/// Before the program: mounts over what it reads. Each process has a mount table of its own, so the program
/// is covered as well, by a script that puts the table in its place for the sign-in in the background, too.
const PLAY: &str = r#"set -e
mount --bind "$WORLD/kernel" /proc/sys/kernel/osrelease
mount -t tmpfs none /proc/sys/fs/binfmt_misc
cp "$WORLD/entries/"* /proc/sys/fs/binfmt_misc
exec 9<"$PROGRAM"
mount --bind "$WORLD/program" "$PROGRAM"
exec "$@"
"#;

/// A machine inside Windows.
struct Inside(Machine);

impl Inside {
    /// With a terminal that Windows started, and drive C: mounted.
    fn new(keys: &str) -> Self {
        let mut machine = Machine::with(keys);
        let world = machine.path("world");
        let script =
            "#!/bin/sh\nmount --bind \"$WORLD/mounts\" /proc/$$/mounts\nexec /proc/self/fd/9 \"$@\"\n";
        let opens = format!(
            "#!/bin/sh\nprintf '%s\\n' \"$#\" \"$1\" \"$PWD\" \"${{WSL_INTEROP-none}}\" >'{}'\nprintf '%s\\n' \"$2\" >>'{}'\n",
            machine.path("how").display(),
            machine.path("tabs").display()
        );
        fs::create_dir_all(world.join("entries")).unwrap();
        fs::write(world.join("entries/WSLInterop-late"), "enabled\ninterpreter /init\n").unwrap();
        fs::write(world.join("kernel"), KERNEL).unwrap();
        let inside = Self({
            machine.set("WORLD", world.to_str().unwrap());
            machine.set("PROGRAM", PROGRAM);
            machine.set("WSL_DISTRO_NAME", "Debian");
            machine.set("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere");
            machine
        });
        inside.script("world/program", script);
        inside.script("c/Windows/System32/rundll32.exe", &opens);
        inside.mount("9p", "rw,noatime,aname=drvfs;path=C:\\;uid=1000;gid=1000,trans=fd");
        inside
    }

    fn script(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
        path
    }

    /// What the drive is mounted as.
    fn mount(&self, kind: &str, options: &str) {
        let table = format!("C:\\134 {} {kind} {options} 0 0\n", self.0.path("c").display());
        fs::write(self.0.path("world/mounts"), table).unwrap();
    }

    /// What the kernel says of programs of Windows.
    fn interop(&self, first: &str) {
        fs::write(self.0.path("world/entries/WSLInterop-late"), format!("{first}\n")).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        // Without a terminal, wherever the tests run.
        let mut command = self.0.program("setsid");
        command.args(["--wait", "unshare", "--mount", "--propagation", "private"]);
        command.args(["sh", "-c", PLAY, "sh", PROGRAM]);
        command.args(args).env_remove("BROWSER").stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.command(args).output().unwrap().into()
    }

    /// How the opener of Windows was started: number of arguments, the first, its folder, the way to Windows.
    fn how(&self) -> Vec<String> {
        fs::read_to_string(self.0.path("how")).unwrap().lines().map(str::to_owned).collect()
    }

    /// What the doctor finds of these checks.
    fn examined(&self, checks: &[&str], set: &[(&str, &str)]) -> Vec<Value> {
        let mut command = self.command(&["doctor", "--profile", "dev", "--json"]);
        let ran = Ran::from(command.envs(set.iter().copied()).output().unwrap());
        let findings: Vec<Value> =
            serde_json::from_str(&ran.stdout).unwrap_or_else(|e| panic!("{e}: {ran:?}"));
        let found: Vec<_> =
            findings.into_iter().filter(|f| checks.contains(&f["check"].as_str().unwrap())).collect();
        assert_eq!(found.len(), checks.len(), "{found:?}");
        found
    }
}

#[test]
fn an_aws_command_opens_the_browser_of_windows_and_the_kernel_keeps_the_login() {
    let mut inside = Inside::new("");
    inside.0.seat(alice());
    let ran = inside.run(&["credential-process", "--profile", "dev"]);
    ran.document();
    assert_eq!(inside.0.tabs().len(), 1);
    let folder = inside.0.path("c/Windows/System32").display().to_string();
    assert_eq!(inside.how(), ["2", "url.dll,FileProtocolHandler", &folder, "none"]);
    let status = inside.run(&["status", "--profile", "dev", "--json"]);
    let status: Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!(status[0]["login"]["store"], "kernel");
    assert_eq!(inside.run(&["logout", "--profile", "dev"]).code, 0);
}

#[test]
fn login_gives_windows_the_address_that_it_prints_and_says_what_helps_where_windows_blocks_the_way() {
    let mut inside = Inside::new(support::IN_A_FILE);
    inside.0.seat(alice());
    let ran = inside.run(&["login", "--profile", "dev"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let printed = ran.stderr.lines().find_map(|line| line.strip_prefix("  http")).unwrap();
    assert_eq!(inside.0.tabs(), [format!("http{printed}")]);
    assert!(printed.contains('&') && printed.contains('%'), "{printed}");
    let way = "ends on a page that doesn't load:\n  cognito-creds login --paste --profile dev\n";
    assert!(ran.stderr.contains(way), "{}", ran.stderr);
}

#[test]
fn the_way_to_windows_of_a_session_that_has_ended_is_not_taken() {
    let mut inside = Inside::new(support::IN_A_FILE);
    inside.0.seat(alice());
    let socket = inside.0.path("7_interop");
    inside.0.set("WSL_INTEROP", socket.to_str().unwrap());
    assert_eq!(inside.run(&["login", "--profile", "dev"]).code, 0);
    assert_eq!(inside.how()[3], "none");
    fs::write(&socket, "").unwrap();
    assert_eq!(inside.run(&["login", "--profile", "dev"]).code, 0);
    assert_eq!(inside.how()[3], socket.to_str().unwrap());
}

#[test]
fn without_a_way_to_windows_nobody_waits_for_a_browser() {
    let mut cases = Cases::of("wsl");
    let inside = Inside::new(support::IN_A_FILE);
    inside.interop("disabled");
    cases.tell("interop is off", &inside.0, &inside.run(&["credential-process", "--profile", "dev"]));
    assert!(inside.0.tabs().is_empty());

    let inside = Inside::new("cognito_login_timeout = 10s\ncognito_store = file\n");
    let ran = inside.run(&["login", "--profile", "dev"]).in_the_end();
    assert_eq!(inside.0.tabs().len(), 1);
    cases.tell("the browser does not come back", &inside.0, &ran);

    let inside = Inside::new("");
    let page = pages::Page::read(pages::root().join("docs/wsl.md"));
    let [profile] = &page.blocks("text")[..] else { panic!("one profile is shown") };
    let program = inside.script("c/bin/cognito-creds.exe", "#!/bin/sh\n");
    let profile =
        profile.replace("/mnt/c/Users/alice/.cargo/bin/cognito-creds.exe", program.to_str().unwrap());
    assert!(profile.contains(program.to_str().unwrap()), "{profile}");
    inside.0.configure(&profile);
    let ran = inside.run(&["configure", "--profile", "dev", "--role", "ReadOnly"]);
    cases.tell("configure where the program for Windows serves", &inside.0, &ran);
    assert_eq!(fs::read_to_string(inside.0.path(".aws/config")).unwrap(), profile);
    let mut told = Findings::of("wsl-program-of-windows");
    told.all(&inside.0, &inside.examined(&["credential_process"], &[]));
    told.compare();
    cases.compare();
}

/// A file that is called like Windows' own, and anybody may have written, is not run: neither where no drive
/// of Windows is, nor in a container, which has WSL's kernel and nothing else of it.
#[test]
fn what_is_only_called_like_a_program_of_windows_is_never_run() {
    for is_container in [false, true] {
        let mut inside = Inside::new("cognito_wait = 1s\ncognito_store = file\n");
        let ran = inside.0.path("ran");
        for program in ["rundll32.exe", "powershell.exe", "wslview"] {
            inside.script(
                &format!("bin/Windows/System32/{program}"),
                &format!("#!/bin/sh\n>'{}'\n", ran.display()),
            );
        }
        inside.mount("tmpfs", "rw");
        inside.interop(if is_container { "enabled" } else { "disabled" });
        if is_container {
            inside.0.unset("WSL_DISTRO_NAME");
        }
        let path = format!("{}:/usr/bin:/bin", inside.0.path("bin/Windows/System32").display());
        inside.0.set("PATH", &path);
        // A display, so that opening is tried.
        inside.0.set("DISPLAY", ":77");
        let call = inside.run(&["credential-process", "--profile", "dev"]);
        assert_eq!(call.code, 1, "{call:?}");
        assert!(!ran.exists() && inside.0.tabs().is_empty(), "container: {is_container}");
    }
}

#[test]
fn the_doctor_says_how_far_windows_is() {
    let mut told = Findings::of("wsl");
    let mut tell = |inside: &Inside, set: &[(&str, &str)]| {
        told.all(&inside.0, &inside.examined(&["browser", "WSL"], set));
    };
    let inside = Inside::new(support::IN_A_FILE);
    tell(&inside, &[]);
    tell(&inside, &[("WSL_INTEROP", "/run/WSL/nobody_interop")]);
    tell(&inside, &[("BROWSER", "wslview")]);
    inside.mount("tmpfs", "rw");
    tell(&inside, &[]);
    inside.interop("disabled");
    tell(&inside, &[]);
    inside.0.configure("[profile other]\n");
    tell(&inside, &[]);
    told.compare();
    fs::write(inside.0.path("world/kernel"), "6.1.0-37-amd64\n").unwrap();
    assert!(inside.examined(&["browser"], &[])[0]["saw"].as_str().unwrap().contains("none can be seen"));
    inside.examined(&[], &[]);
}
