//! A build: nobody at a browser, no terminal, no keychain, and a refresh token in the environment. The shell
//! lines of docs/ci.md are run as they stand there.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use cognito_sandbox::{Person, cast};
use rustix::io::Errno;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::generated::check_generated;
use support::{Machine, PROGRAM, Ran, alice, wait_until};

const PAGE: &str = "docs/ci.md";
const VARIABLE: &str = "COGNITO_CREDS_REFRESH_TOKEN";

/// What the page calls them; the sandbox has its own.
const DOMAIN: &str = "https://my-team.auth.eu-west-1.amazoncognito.com";
const CLIENT: &str = "1example23456789abcdefghij";
const IDENTITY_POOL: &str = "eu-west-1:01234567-89ab-cdef-0123-456789abcdef";

/// A person's machine at an app client with this rotation, and the places where builds run.
struct Ground {
    machine: Machine,
    runners: PathBuf,
}

impl Ground {
    fn new(rotation: Option<i64>) -> Self {
        let machine = Machine::bare();
        machine.sandbox.profile("ci", &format!("http://localhost:{}", machine.port));
        machine.sandbox.change(|world| world.client_mut(cast::PUBLIC_CLIENT).rotation = rotation);
        let runners = machine.path("runners");
        let ground = Self { machine, runners };
        ground.put("cognito-creds", &format!("exec '{PROGRAM}' \"$@\""));
        // The tests of somebody's project: they have credentials, and no token to give away.
        ground.put("integration-tests.sh", &format!(
            "test -n \"$AWS_ACCESS_KEY_ID\" && test -z \"${{{VARIABLE}:-}}\" && echo '12 tests passed' && echo \"$@\" >> '{}'",
            ground.machine.path("tests-ran").display()
        ));
        // GitHub's command line, with its `secret set` alone.
        ground.put(
            "gh",
            &format!("test \"$1 $2 $3\" = 'secret set {VARIABLE}' && cat > '{}'", ground.secret().display()),
        );
        ground
    }

    fn put(&self, name: &str, line: &str) {
        let folder = self.machine.path("bin");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), format!("#!/bin/sh\n{line}\n")).unwrap();
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Where `gh secret set` puts what it is given.
    fn secret(&self) -> PathBuf {
        self.machine.path("secret")
    }

    /// The page's lines with the sandbox's names in them.
    fn here(&self, lines: &str) -> String {
        let mut pool = String::new();
        self.machine.sandbox.change(|world| pool.clone_from(&world.identity_pool.id));
        let redirect = format!(" --redirect-uri http://localhost:{}", self.machine.port);
        let url = self.machine.sandbox.url();
        lines
            .replace(DOMAIN, &format!("{url}{redirect}"))
            .replace(CLIENT, cast::PUBLIC_CLIENT)
            .replace(IDENTITY_POOL, &pool)
    }

    fn shell(&self, folder: &Path, options: &str, lines: &str) -> Command {
        fs::create_dir_all(folder).unwrap();
        // Whoever runs the tests may have a terminal, and builds have none.
        let mut command = self.machine.program("setsid");
        let path = format!("{}:/usr/bin:/bin", self.machine.path("bin").display());
        command.args(["--wait", "/bin/sh", options, lines]).current_dir(folder).env("PATH", path);
        command.env("AWS_ENDPOINT_URL", self.machine.sandbox.url()).env("TMPDIR", folder);
        command
    }

    /// Takes a refresh token as the page says; returns what became the secret.
    fn take_token(&mut self) -> String {
        self.machine.seat(alice());
        let ran = self.at_the_desk();
        self.machine.leave();
        assert_eq!(ran.code, 0, "{ran:?}");
        fs::read_to_string(self.secret()).unwrap().trim_end().to_owned()
    }

    /// The page's lines in a person's shell, which goes on after a command that failed.
    fn at_the_desk(&self) -> Ran {
        let lines = self.here(&fenced("sh", "login --profile ci"));
        self.shell(&self.machine.path("desk"), "-c", &lines).output().unwrap().into()
    }

    /// A build on a runner of this name, which has nothing but these lines and the token.
    fn build(&self, runner: &str, lines: &str, token: Option<&str>) -> Ran {
        let folder = self.runners.join(runner);
        let mut command = self.shell(&folder, "-euc", &self.here(lines));
        command.env("HOME", &folder).env("CI", "true").env_remove("BROWSER");
        command.env("RUNNER_TEMP", &folder).env("CI_PROJECT_DIR", &folder);
        command.env("AWS_CONFIG_FILE", folder.join("aws-config"));
        if let Some(token) = token {
            command.env(VARIABLE, token);
        }
        command.output().unwrap().into()
    }

    fn refreshes(&self) -> usize {
        self.machine.sandbox.counts().token_refresh
    }
}

/// The page's block in this language that has these words.
fn fenced(language: &str, words: &str) -> String {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE)).unwrap();
    let fence = format!("\n```{language}\n");
    let blocks = page.split(&fence).skip(1).map(|rest| rest.split("\n```").next().unwrap());
    let mut found = blocks.filter(|block| block.contains(words));
    let block = found.next().unwrap_or_else(|| panic!("{PAGE} has no block with {words}")).to_owned();
    assert!(found.next().is_none(), "{PAGE} has two blocks with {words}");
    block
}

/// What stands below this line of YAML, without its indentation.
fn below(block: &str, key: &str) -> String {
    let (_, rest) = block.split_once(&format!("{key}\n")).unwrap();
    let depth = |line: &str| line.len() - line.trim_start().len();
    let indent = depth(rest.lines().next().unwrap());
    rest.lines()
        .take_while(|line| depth(line) >= indent)
        .map(|line| format!("{}\n", &line[indent..]))
        .collect()
}

/// The shell lines of the workflow: a literal block.
fn github() -> String {
    below(&fenced("yaml", "secrets.COGNITO_CREDS_REFRESH_TOKEN"), "run: |")
}

/// The shell lines of the job: items whose further lines YAML joins to the first.
fn gitlab() -> String {
    let job = fenced("yaml", "before_script:");
    let items = ["before_script:", "  script:"].map(|key| below(&job, key)).concat();
    items.replace("\n  ", " ").lines().map(|item| format!("{}\n", item.strip_prefix("- ").unwrap())).collect()
}

#[test]
fn the_lines_of_the_page_lead_from_a_sign_in_to_a_build() {
    let mut ground = Ground::new(None);
    let token = ground.take_token();
    assert!(!token.is_empty() && !token.contains(char::is_whitespace), "{token}");
    let left: Vec<_> = ground.machine.files().into_iter().filter(|path| path != &ground.secret()).collect();
    let keeps = |path: &PathBuf| String::from_utf8_lossy(&fs::read(path).unwrap()).contains(&token);
    assert!(!left.iter().any(keeps), "a copy was left behind");
    for (runner, lines) in [("github", github()), ("gitlab", gitlab()), ("the next day", github())] {
        let ran = ground.build(runner, &lines, Some(&token));
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{runner}: {ran:?}");
        assert!(ran.stdout.ends_with("12 tests passed\n"), "{runner}: {ran:?}");
    }
    // One tab for the person who made the token, none for the builds.
    assert_eq!((ground.machine.tabs().len(), ground.refreshes()), (1, 3));
}

#[test]
fn a_sign_in_that_fails_leaves_the_secret_as_it_was() {
    let ground = Ground::new(None);
    fs::write(ground.secret(), "the-last-one").unwrap();
    let refused = Person::deny();
    let ran = std::thread::scope(|scope| {
        scope.spawn(|| {
            wait_until("the tab", || !ground.machine.tabs().is_empty());
            refused.sign_in(&ground.machine.tabs()[0]).unwrap();
        });
        ground.at_the_desk()
    });
    assert!(ran.stderr.contains("The sign-in was cancelled"), "{ran:?}");
    assert_eq!(fs::read_to_string(ground.secret()).unwrap(), "the-last-one");
    assert!(fs::read_dir(ground.machine.path("desk")).unwrap().next().is_none(), "nothing is left there");
}

/// What a build is told whose token the server refuses.
const REFUSED: &str = "cognito-creds: 127.0.0.1 does not accept the refresh token in COGNITO_CREDS_REFRESH_TOKEN: \
     it has ended, or is not of app client sandbox-client.\nunset COGNITO_CREDS_REFRESH_TOKEN\n";

#[test]
fn a_build_without_a_token_or_with_a_dead_one_fails_at_once() {
    let ground = Ground::new(None);
    let missing = "cognito-creds: Profile ci needs a sign-in.\ncognito-creds login --profile ci\n";
    for (token, told) in [(None, missing), (Some("a.token.that.has.ended"), REFUSED)] {
        let ran = ground.build("runner", &github(), token);
        assert_eq!((ran.code, ran.stderr.as_str()), (1, told));
        // The second time it is known here that the token has ended.
        let again = ground.build("runner", "cognito-creds token --profile ci", token);
        assert_eq!((again.code, again.stdout.as_str(), again.stderr.as_str()), (1, "", told));
    }
    assert!(!ground.machine.path("tests-ran").exists(), "nothing runs without credentials");
    assert!(ground.machine.tabs().is_empty());
}

#[test]
fn with_rotation_the_token_serves_one_build_and_not_the_next() {
    let mut ground = Ground::new(Some(0));
    let token = ground.take_token();
    let first = ground.build("first", &github(), Some(&token));
    assert_eq!(first.code, 0, "{first:?}");
    // The successor is kept where the first build ran.
    let again = ground.build("first", "cognito-creds token --profile ci", Some(&token));
    assert_eq!(again.code, 0, "{again:?}");
    let next = ground.build("second", &github(), Some(&token));
    assert!(next.code == 1 && next.stderr == REFUSED, "{next:?}");
}

/// As in most containers: neither a keychain nor the kernel's keyrings.
#[test]
fn where_nothing_can_be_kept_every_call_refreshes() {
    let mut ground = Ground::new(None);
    let token = ground.take_token();
    ground.machine.lose_keyrings(Errno::PERM);
    for nth in 1..=2 {
        let ran = ground.build("container", &github(), Some(&token));
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
        assert_eq!(ground.refreshes(), nth);
    }
    let folder = ground.runners.join("container");
    let kept = ground.machine.files().into_iter().filter(|path| path.starts_with(&folder));
    for file in kept {
        let bytes = fs::read(&file).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(&token), "{}", file.display());
    }
}

#[test]
fn the_page_shows_how_a_build_fails() {
    let ground = Ground::new(None);
    let run = github();
    let command = run.lines().last().unwrap();
    let shown = |token| {
        let ran = ground.build("runner", &run, token);
        let told = ran.stderr.replace("127.0.0.1", DOMAIN.trim_start_matches("https://"));
        format!("$ {command}\n{}$ echo $?\n{}\n", told.replace(cast::PUBLIC_CLIENT, CLIENT), ran.code)
    };
    let (ended, missing) = (shown(Some("a.token.that.has.ended")), shown(None));
    check_generated(PAGE, "ended", &format!("```console\n{ended}```\n"));
    check_generated(PAGE, "missing", &format!("```console\n{missing}```\n"));
}
