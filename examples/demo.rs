//! The whole product without an AWS account: `cargo run --example demo`.
//!
//! Starts the sandbox (a stand-in for Cognito, STS and S3 on loopback), writes a throw-away profile, signs
//! in, calls `cognito-creds` exactly as an AWS SDK does, and lists a bucket and copies a file with the real
//! AWS CLI where there is one. With a browser you play the person; without one the demo does.
//! `-- --program PATH` shows an installed program instead of the one of this checkout.

#![allow(clippy::print_stdout, reason = "a demo talks")]

use cognito_sandbox::{Person, Sandbox, World};
use std::error::Error;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, io};

/// Opens a sandbox to play with.
const SANDBOX: &str = "rm -f target/sandbox.config; cargo run -p cognito-sandbox -- serve --redirect-uri http://localhost:8080 --write-config target/sandbox.config --profile dev";

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let args: Vec<String> = env::args().collect();
    if let [_, flag, url] = args.as_slice()
        && flag == "--browse"
    {
        // The demo is its own browser where there is none: this is the person in it.
        Person::new("alice", "password").sign_in(url)?;
        return Ok(());
    }
    let program = match args.as_slice() {
        [_] => program_of_this_checkout()?,
        [_, flag, path] if flag == "--program" => PathBuf::from(path),
        _ => return Err("usage: demo [--program PATH]".into()),
    };
    let stage = Stage::set(program)?;
    let told = stage.tell();
    stage.clear();
    told
}

/// The throw-away world: a home, a profile in it, the sandbox, the program.
struct Stage {
    sandbox: Sandbox,
    home: tempfile::TempDir,
    program: PathBuf,
    person_is_there: bool,
}

impl Stage {
    fn set(program: PathBuf) -> Outcome<Self> {
        let sandbox = Sandbox::start(World::default())?;
        let home = tempfile::Builder::new().prefix("cognito-creds-demo-").tempdir()?;
        let profile = sandbox.profile("demo", &format!("http://localhost:{}", free_port()?));
        let process = format!("credential_process = {} credential-process --profile demo", program.display());
        fs::write(home.path().join("config"), profile.replace("]\n", &format!("]\n{process}\n")))?;
        Ok(Self { sandbox, home, program, person_is_there: a_browser_is_there() })
    }

    fn tell(&self) -> Outcome<()> {
        println!("A stand-in for Amazon Cognito runs at {}. No AWS account is used.\n", self.sandbox.url());
        println!("This is all that your ~/.aws/config needs:\n");
        println!("{}\n", indented(&fs::read_to_string(self.config())?));
        // The demo's file is not ~/.aws/config, which stays as it is: from any other one, a person begins.
        println!(
            "From there the first AWS command opens your browser. The demo's file is elsewhere, so you begin:\n"
        );
        println!("  $ cognito-creds login --profile demo");
        if self.person_is_there {
            println!("  Sign in as \"alice\" with \"password\".");
        } else {
            println!("  There is no browser here, so the demo signs in as alice.");
        }
        println!();
        self.sign_in()?;

        println!("\nWhat an AWS tool gets. No browser, no network:\n");
        self.sandbox.clear_log();
        let (document, fast) = self.fastest_of(20)?;
        println!("{}\n  after {}", indented(&shortened(&document)?), words(fast));
        if self.sandbox.counts().total != 0 {
            return Err("the call was not served from the cache".into());
        }
        println!("  requests that reached Cognito: {}\n", self.sandbox.counts().total);
        self.use_the_aws_cli()?;
        println!(
            "To play with it yourself, open a stand-in that stays (tests/sandbox/README.md tells the rest):\n"
        );
        println!("  {SANDBOX}\n");
        println!("Set up your own: see README.md, \"Five minutes to your own user pool\".");
        Ok(())
    }

    /// `login`, whose words the person reads as they come.
    fn sign_in(&self) -> Outcome<()> {
        let mut login = Command::new(&self.program);
        let login = self.environment(login.args(["login", "--profile", "demo"]));
        if login.status()?.success() { Ok(()) } else { Err("the sign-in failed".into()) }
    }

    /// Runs the program as an SDK does: stdout captured, stderr captured, no terminal asked for.
    fn call(&self) -> Outcome<(String, Duration)> {
        let began = Instant::now();
        let mut command = Command::new(&self.program);
        self.environment(command.args(["credential-process", "--profile", "demo"]));
        let output = command.stdin(Stdio::null()).output()?;
        let took = began.elapsed();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned().into());
        }
        Ok((String::from_utf8(output.stdout)?, took))
    }

    /// One call says little on a busy machine.
    fn fastest_of(&self, times: usize) -> Outcome<(String, Duration)> {
        let mut best = self.call()?;
        for _ in 1..times {
            let next = self.call()?;
            if next.1 < best.1 {
                best = next;
            }
        }
        Ok(best)
    }

    fn environment<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("AWS_CONFIG_FILE", self.config());
        command.env("XDG_STATE_HOME", self.home.path().join("state"));
        if !self.person_is_there {
            // CI would forbid a browser, and here the browser is the demo itself.
            command.env_remove("CI").env("BROWSER", browser_of_our_own());
        }
        command
    }

    /// `aws s3 ls`, and `aws s3 cp` there and back, with nothing but the profile.
    fn use_the_aws_cli(&self) -> Outcome<()> {
        let there = Command::new("aws").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !there.is_ok_and(|status| status.success()) {
            println!(
                "(With the AWS CLI installed, the demo would now list a bucket of the stand-in's S3 and copy a file there.)\n"
            );
            return Ok(());
        }
        let (sent, back) = (self.home.path().join("hello.txt"), self.home.path().join("back.txt"));
        fs::write(&sent, "Hello from cognito-creds\n")?;
        for line in [
            "s3 ls s3://demo-bucket/ --profile demo",
            "s3 cp hello.txt s3://demo-bucket/hello.txt --profile demo",
            "s3 cp s3://demo-bucket/hello.txt back.txt --profile demo",
        ] {
            println!("  $ aws {line}");
            let mut aws = Command::new("aws");
            aws.args(line.split(' ')).args(if line.starts_with("s3 cp") {
                &["--only-show-errors"][..]
            } else {
                &[]
            });
            aws.args(["--endpoint-url", self.sandbox.url()])
                .current_dir(self.home.path())
                .stdin(Stdio::null());
            for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
                aws.env_remove(name);
            }
            if !self.environment(&mut aws).status()?.success() {
                return Err("the AWS CLI failed".into());
            }
        }
        if fs::read(&sent)? != fs::read(&back)? {
            return Err("the file came back changed".into());
        }
        println!("  the same bytes came back\n");
        Ok(())
    }

    fn config(&self) -> PathBuf {
        self.home.path().join("config")
    }

    /// Nothing of the demo stays in the keychain.
    fn clear(&self) {
        let mut logout = Command::new(&self.program);
        self.environment(logout.args(["logout", "--profile", "demo"]));
        let _ = logout.stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// The program beside this example, built now if it isn't there.
fn program_of_this_checkout() -> Outcome<PathBuf> {
    let demo = env::current_exe()?;
    let folder = demo.parent().and_then(Path::parent).ok_or("no target folder")?;
    let program = folder.join(format!("cognito-creds{}", env::consts::EXE_SUFFIX));
    if let Some(cargo) = env::var_os("CARGO") {
        let mut build = Command::new(cargo);
        build.args(["build", "--quiet", "--bin", "cognito-creds"]);
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        if !build.status()?.success() {
            return Err("cognito-creds could not be built".into());
        }
    }
    if program.is_file() { Ok(program) } else { Err("run this with: cargo run --example demo".into()) }
}

fn a_browser_is_there() -> bool {
    cognito_creds::browser::can_be_seen(&|name: &str| env::var(name).ok())
}

fn browser_of_our_own() -> String {
    let demo = env::current_exe().unwrap_or_default();
    format!("{} --browse %s", demo.display())
}

/// A port that is free on both families of `localhost`.
fn free_port() -> io::Result<u16> {
    loop {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        if TcpListener::bind((Ipv6Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
}

/// The document with its secrets cut short, one member a line.
fn shortened(document: &str) -> Outcome<String> {
    let mut json: serde_json::Value = serde_json::from_str(document)?;
    for name in ["SecretAccessKey", "SessionToken"] {
        let text = json[name].as_str().ok_or("no credentials in the document")?;
        json[name] = format!("{}… ({} characters)", &text[..4], text.len()).into();
    }
    Ok(serde_json::to_string_pretty(&json)?)
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect::<String>().trim_end().to_owned()
}

fn words(time: Duration) -> String {
    if time < Duration::from_millis(100) {
        format!("{:.1} ms", time.as_secs_f64() * 1000.0)
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}
