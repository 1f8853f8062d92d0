//! The sandbox as a program: `serve` runs it, `browse` plays the person, e.g. as `$BROWSER`.

use cognito_sandbox::{Person, Sandbox, Tls, World, cast};
use std::io::Write;
use std::process::ExitCode;

/// The program that the profiles are for.
const PROGRAM: &str = if cfg!(windows) { "cognito-creds.exe" } else { "cognito-creds" };

const USAGE: &str = "\
cognito-sandbox serve [--port N] [--tls valid|expired|wrong-name] [--ca-file FILE] [--redirect-uri URI ...]
                      [--write-config FILE --profile NAME]
    Prints one line, `ready URL`, and serves until it is killed. Each URI is registered; --write-config appends
    a whole profile to FILE, which runs the cognito-creds beside this program, or else the one in PATH.
    Switches over HTTP: /_sandbox/counts, log, world, fault, clear-faults, clock, reset, register-redirect,
    person, client, identity-pool, forget.
cognito-sandbox browse URL [--user NAME] [--password TEXT] [--federated] [--deny] [--ca-file FILE] [--print]
    Opens URL and signs in (alice, password). Exit 0 when the last page came and is no error page.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.split_first() {
        Some((command, rest)) if command == "serve" => {
            Options::parse(rest).and_then(|options| serve(&options))
        }
        Some((command, rest)) if command == "browse" => {
            Options::parse(rest).and_then(|options| browse(&options))
        }
        Some((help, _)) if matches!(help.as_str(), "--help" | "-h" | "help") => {
            return match writeln!(std::io::stdout(), "{USAGE}") {
                Ok(()) => ExitCode::SUCCESS,
                Err(_) => ExitCode::FAILURE,
            };
        }
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// Options of both commands; the order does not matter.
#[derive(Default)]
struct Options {
    address: Option<String>,
    values: Vec<(String, String)>,
    flags: Vec<String>,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut options = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--federated" | "--deny" | "--print" => options.flags.push(argument.clone()),
                "--port" | "--tls" | "--ca-file" | "--redirect-uri" | "--write-config" | "--profile"
                | "--user" | "--password" => {
                    let value = rest.next().ok_or_else(|| format!("{argument} needs a value\n{USAGE}"))?;
                    options.values.push((argument.clone(), value.clone()));
                }
                address if !address.starts_with('-') && options.address.is_none() => {
                    options.address = Some(address.to_owned());
                }
                other => return Err(format!("unexpected argument {other}\n{USAGE}")),
            }
        }
        Ok(options)
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.values.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn one(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|known| known == flag)
    }
}

fn serve(options: &Options) -> Result<(), String> {
    let mut builder = Sandbox::builder(World::default());
    if let Some(port) = options.one("--port") {
        builder = builder.port(port.parse().map_err(|_| format!("{port} is not a port"))?);
    }
    if let Some(kind) = options.one("--tls") {
        builder = builder.tls(match kind {
            "valid" => Tls::Valid,
            "expired" => Tls::Expired,
            "wrong-name" => Tls::WrongName,
            other => return Err(format!("{other} is no kind of certificate: valid, expired, wrong-name")),
        });
    }
    let sandbox = builder.start().map_err(|error| format!("the sandbox can't start: {error}"))?;
    let uris: Vec<&str> = options.all("--redirect-uri").collect();
    uris.iter().for_each(|uri| sandbox.register_redirect_uri(uri));
    if let (Some(file), Some(pem)) = (options.one("--ca-file"), sandbox.ca_pem()) {
        std::fs::write(file, pem).map_err(|error| format!("{file}: {error}"))?;
    }
    if let Some(file) = options.one("--write-config") {
        let list = if uris.is_empty() { "http://localhost:8080".to_owned() } else { uris.join(",") };
        let name = options.one("--profile").unwrap_or("sandbox");
        append(file, &format!("{}{}\n", sandbox.profile(name, &list), credential_process(name)))?;
    }
    println!("ready {}", sandbox.url());
    std::io::stdout().flush().map_err(|error| error.to_string())?;
    loop {
        std::thread::park();
    }
}

/// The line that AWS tools run. A path that some of them would split or unquote is left to PATH.
fn credential_process(profile: &str) -> String {
    let beside = std::env::current_exe().ok().map(|me| me.with_file_name(PROGRAM));
    let plain = |path: &str| path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/\\:._-+".contains(&b));
    let found =
        beside.filter(|path| path.is_file()).and_then(|path| path.into_os_string().into_string().ok());
    let program = found.filter(|path| plain(path)).unwrap_or_else(|| "cognito-creds".to_owned());
    format!("credential_process = {program} credential-process --profile {profile}")
}

fn append(file: &str, text: &str) -> Result<(), String> {
    let opened = std::fs::OpenOptions::new().create(true).append(true).open(file);
    opened.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| format!("{file}: {error}"))
}

fn browse(options: &Options) -> Result<(), String> {
    let address = options.address.as_deref().ok_or_else(|| format!("no URL\n{USAGE}"))?;
    let password = options.one("--password").unwrap_or(cast::PASSWORD);
    let mut person = if options.has("--deny") {
        Person::deny()
    } else if options.has("--federated") {
        Person::federated(options.one("--user").unwrap_or("erin"), password)
    } else {
        Person::new(options.one("--user").unwrap_or("alice"), password)
    };
    if let Some(file) = options.one("--ca-file") {
        let pem = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
        person = person.trusting(&pem).map_err(|error| error.to_string())?;
    }
    let page = person.sign_in(address).map_err(|error| error.to_string())?;
    if options.has("--print") {
        println!("{}", page.body);
    }
    if page.status >= 400 { Err(format!("the last page had status {}", page.status)) } else { Ok(()) }
}
