//! The profile as the AWS tools read it: its keys, the line that runs this program, and every other
//! entry that some SDK would prefer to it.

use super::{Finding, Status};
use crate::error::Error;
use crate::platform::{Os, may_be_run, own_program};
use crate::profile::lines::{self, Entry};
use crate::profile::process_line::{every_sdk_reads, is_of_windows, is_special};
use crate::profile::{Environment, Profile, config_path, keys};
use crate::{remedy, shell};
use std::fs;
use std::path::{Path, PathBuf};

/// Keys that give a profile other credentials. Which of them win over the process, and which lose,
/// differs from SDK to SDK.
const OTHER_CREDENTIALS: [&str; 8] = [
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "role_arn",
    "source_profile",
    "credential_source",
    "web_identity_token_file",
    "login_session",
];

/// Every entry of one profile, in both files.
pub struct Entries {
    name: String,
    config: (PathBuf, Vec<Entry>),
    credentials: (PathBuf, Vec<Entry>),
    twice: Option<(String, usize, usize)>,
}

impl Entries {
    /// Reads what can be read; a file that can't has no entries, and the finding about the profile tells why.
    pub fn read(name: &str, env: &dyn Environment) -> Self {
        let text = lines::text_of;
        let (config, credentials) = (config_path(env), credentials_path(env));
        let twice = lines::twice(&text(&config));
        let in_config = lines::entries(&text(&config), |h| lines::is_profile(h, name));
        let in_credentials = lines::entries(&text(&credentials), |h| lines::is_credentials_of(h, name));
        Self {
            name: name.to_owned(),
            config: (config, in_config),
            credentials: (credentials, in_credentials),
            twice,
        }
    }

    /// Every check of the files, `read` being what came of reading the profile.
    pub fn findings(&self, read: Result<&Profile, &Error>, env: &dyn Environment) -> Vec<Finding> {
        let mut findings = Vec::new();
        // Where the profile itself is missing, so is its line; one finding says it.
        if read.is_ok() || !self.config.1.is_empty() {
            findings.push(self.process(env));
        }
        // The program for Windows looks for the keys in its own file.
        if read.is_ok() || !self.process_line().is_some_and(is_of_windows) {
            findings.push(self.profile(read));
        }
        findings.extend(self.twice());
        findings.extend(self.unknown_keys());
        findings
    }

    /// What gives AWS tools other credentials than this profile's, in the files and in the environment.
    pub fn rivals(&self, env: &dyn Environment) -> Vec<Finding> {
        std::iter::once(self.shadows()).chain(environment(env)).collect()
    }

    fn profile(&self, read: Result<&Profile, &Error>) -> Finding {
        match read {
            Ok(profile) => {
                let (path, host) = (self.config.0.display(), profile.auth.host());
                let client = match profile.auth.client_id() {
                    "" => String::new(),
                    id => format!(", app client {id}"),
                };
                Finding::ok("profile", format!("{path} is readable; {host}{client}"))
            }
            // Where there is none, the way on may be the doctor of another one.
            Err(error) if self.config.1.is_empty() => Finding::fail("profile", error.what(), error.paste()),
            Err(error) => Finding::of("profile", error, "cognito-creds status"),
        }
    }

    fn twice(&self) -> Option<Finding> {
        let (what, first, second) = self.twice.as_ref()?;
        let what = crate::error::foreign(what);
        let saw = format!(
            "{what} stands twice, in lines {first} and {second}: the AWS CLI and boto3 read nothing of such a file"
        );
        Some(Finding::fail("config file", saw, edit(&self.config.0, *second)))
    }

    /// Misspelt keys are ignored by everybody, so nobody tells.
    fn unknown_keys(&self) -> Option<Finding> {
        let known = |key: &str| keys::ALL.iter().any(|k| k.name == key);
        let unknown: Vec<_> = self
            .config
            .1
            .iter()
            .filter(|entry| entry.key.starts_with("cognito_") && !known(&entry.key))
            .collect();
        let first = unknown.first()?.line;
        let shown = unknown.iter().map(|e| format!("{} (line {})", crate::error::foreign(&e.key), e.line));
        Some(Finding::warn(
            "profile keys",
            format!("not known to this version and ignored: {}", shown.collect::<Vec<_>>().join(", ")),
            edit(&self.config.0, first),
        ))
    }

    fn process(&self, env: &dyn Environment) -> Finding {
        let line = self.process_line();
        let program = own_program().unwrap_or_default();
        let (status, saw) = judge(line, &self.name, |word| find(word, env), &program);
        if status == Status::Ok {
            return Finding::ok("credential_process", saw);
        }
        if let Some(line) = line.filter(|line| status == Status::Warn && is_of_windows(line)) {
            let other = shell::word(line.split_whitespace().next().unwrap_or_default());
            let saw = format!(
                "runs this program for Windows, which keeps logins in Windows' Credential Manager and reads Windows' config file; about that: {other} doctor --profile {}",
                shell::word(&self.name)
            );
            return Finding::ok("credential_process", saw);
        }
        let finding = Finding::fail("credential_process", saw, set_process(&self.name, &program));
        if status == Status::Warn { finding.softened() } else { finding }
    }

    fn process_line(&self) -> Option<&str> {
        let line = self.config.1.iter().find(|entry| entry.key == "credential_process");
        line.map(|line| line.value.as_str())
    }

    /// Every other entry, in either file, that gives the profile credentials.
    pub fn shadows(&self) -> Finding {
        let other =
            |entry: &&Entry| OTHER_CREDENTIALS.contains(&entry.key.as_str()) || entry.key.starts_with("sso_");
        // A process in the other file is a second answer to the same question.
        let another = |entry: &&Entry| other(entry) || entry.key == "credential_process";
        let in_config = self.config.1.iter().filter(other).map(|entry| (&self.config.0, entry));
        let in_credentials = self.credentials.1.iter().filter(another).map(|e| (&self.credentials.0, e));
        let found: Vec<_> = in_config.chain(in_credentials).collect();
        let Some((path, first)) = found.first() else {
            return Finding::ok("other credentials", "no other entry gives this profile credentials");
        };
        let shown = found.iter().map(|(path, entry)| {
            format!("{} in {} line {}", crate::error::foreign(&entry.key), path.display(), entry.line)
        });
        let shown = shown.collect::<Vec<_>>().join(", ");
        Finding::fail(
            "other credentials",
            format!("some AWS tools would take these instead, and they have to go: {shown}"),
            edit(path, first.line),
        )
    }
}

/// Keys in the environment win over `AWS_PROFILE` in most tools.
fn environment(env: &dyn Environment) -> Option<Finding> {
    env.var("AWS_ACCESS_KEY_ID")?;
    Some(Finding::warn(
        "environment",
        "AWS_ACCESS_KEY_ID is set; most AWS tools prefer it to AWS_PROFILE",
        "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN",
    ))
}

/// `AWS_SHARED_CREDENTIALS_FILE`, else `~/.aws/credentials`.
fn credentials_path(env: &dyn Environment) -> PathBuf {
    let home = PathBuf::from(env.var("HOME").or_else(|| env.var("USERPROFILE")).unwrap_or_default());
    match env.var("AWS_SHARED_CREDENTIALS_FILE") {
        Some(path) => path.strip_prefix("~/").map_or_else(|| path.clone().into(), |rest| home.join(rest)),
        None => home.join(".aws").join("credentials"),
    }
}

/// The command that opens a file at a line to correct or remove.
fn edit(path: &Path, line: usize) -> String {
    remedy::edit(Os::HERE, line, path)
}

/// The command that writes the line as every SDK reads it.
fn set_process(name: &str, program: &Path) -> String {
    let program = Some(program.display().to_string()).filter(|p| !p.is_empty() && every_sdk_reads(p));
    let program = program.as_deref().unwrap_or("cognito-creds");
    let line = format!("{program} credential-process --profile {name}");
    shell::set_key("credential_process", &line, name)
}

/// Judges the line by what every SDK can run: words without any quoting, the program found, and the
/// profile named, because SDKs do not say which profile they serve.
fn judge(
    line: Option<&str>,
    name: &str,
    find: impl Fn(&str) -> Option<PathBuf>,
    me: &Path,
) -> (Status, String) {
    let fail = |saw: String| (Status::Fail, saw);
    let Some(line) = line.filter(|line| !line.is_empty()) else {
        return fail("the profile has no credential_process, so AWS tools don't come here".to_owned());
    };
    if let Some(c) = line.chars().find(|c| is_special(*c)) {
        return fail(format!("the line has a {c}, which AWS tools read in different ways"));
    }
    let words: Vec<_> = line.split_whitespace().collect();
    let (program, arguments) = words.split_first().map_or(("", &[][..]), |(p, rest)| (*p, rest));
    let Some(found) = find(program) else {
        return fail(format!("there is no program {program} (a full path without blanks is best)"));
    };
    if !arguments.contains(&"credential-process") {
        return fail(format!("{program} is not told to be a credential-process"));
    }
    match profile_argument(arguments) {
        Some(named) if named == name => {}
        Some(named) => return fail(format!("the line serves profile {named}, not {name}")),
        None => return fail("the line names no --profile".to_owned()),
    }
    if !is_one_file(&found, me) {
        return (
            Status::Warn,
            format!("it runs {}, which is not this program ({})", found.display(), me.display()),
        );
    }
    (Status::Ok, format!("runs {}", found.display()))
}

fn profile_argument<'a>(arguments: &[&'a str]) -> Option<&'a str> {
    let at = arguments.iter().position(|word| word.starts_with("--profile"))?;
    match arguments[at].strip_prefix("--profile=") {
        Some(named) => Some(named),
        None => arguments.get(at + 1).copied(),
    }
}

/// Whether two paths lead to one file, whatever links or spellings lie between: macOS tells a program the link
/// that it was started by, and Windows has a second way to write a path that leads through no link.
fn is_one_file(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    real(one) == real(other)
}

/// The file that a word runs, as the word or `PATH` spells it: itself where it is a full path, else the first on
/// `PATH`.
fn find(word: &str, env: &dyn Environment) -> Option<PathBuf> {
    let path = Path::new(word);
    let candidates: Vec<PathBuf> = if path.is_absolute() {
        vec![path.to_owned()]
    } else if path.components().count() == 1 {
        let path = env.var("PATH").unwrap_or_default();
        let named = |folder: PathBuf| {
            [folder.join(word), folder.join(format!("{word}{}", std::env::consts::EXE_SUFFIX))]
        };
        std::env::split_paths(&path).flat_map(named).collect()
    } else {
        // Relative to whatever folder the AWS tool runs in.
        Vec::new()
    };
    candidates.into_iter().find(|candidate| can_run(candidate))
}

fn can_run(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && may_be_run(&found))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(line: &str) -> (Status, String) {
        let find = |word: &str| ["/opt/cc", "cc"].contains(&word).then(|| PathBuf::from("/opt/cc"));
        judge(Some(line), "dev", find, Path::new("/opt/cc"))
    }

    #[test]
    fn a_line_that_every_sdk_can_run_is_fine() {
        for line in [
            "/opt/cc credential-process --profile dev",
            "cc credential-process --profile=dev",
            "/opt/cc -v --profile dev credential-process",
        ] {
            assert_eq!(judged(line), (Status::Ok, "runs /opt/cc".to_owned()), "{line}");
        }
    }

    #[test]
    #[cfg_attr(all(test, windows), ignore = "the paths and shells of Unix")]
    fn a_line_that_some_sdk_misreads_is_not() {
        for (line, why) in [
            ("", "has no credential_process"),
            ("~/cc credential-process --profile dev", "has a ~"),
            ("\"/sp ace/cc\" credential-process --profile dev", "has a \""),
            ("$HOME/cc credential-process --profile dev", "has a $"),
            ("/opt/cc credential-process --profile dev # mine", "has a #"),
            ("/opt/cc credential-process --profile dev; true", "has a ;"),
            ("/sp ace/cc credential-process --profile dev", "no program /sp"),
            ("./cc credential-process --profile dev", "no program ./cc"),
            ("/opt/cc login --profile dev", "not told"),
            ("/opt/cc credential-process --profile prod", "serves profile prod, not dev"),
            ("/opt/cc credential-process --profile", "names no --profile"),
            ("/opt/cc credential-process", "names no --profile"),
        ] {
            let (status, saw) = judged(line);
            assert!(status == Status::Fail && saw.contains(why), "{line}: {saw}");
        }
    }

    #[test]
    fn another_copy_of_the_program_is_worth_knowing() {
        let elsewhere = |_: &str| Some(PathBuf::from("/usr/bin/cc"));
        let line = Some("cc credential-process --profile dev");
        assert_eq!(judge(line, "dev", elsewhere, Path::new("/opt/cc")).0, Status::Warn);
    }

    #[test]
    fn one_file_is_this_program_however_either_side_spells_it() {
        let folder = tempfile::tempdir().unwrap();
        let (plain, spelt) = (folder.path().join("cc"), folder.path().join("bin").join("..").join("cc"));
        fs::write(&plain, "").unwrap();
        fs::create_dir(folder.path().join("bin")).unwrap();
        for (named, me) in [(&plain, &spelt), (&spelt, &plain), (&plain, &fs::canonicalize(&plain).unwrap())]
        {
            let line = Some("cc credential-process --profile dev");
            let found = judge(line, "dev", |_| Some(named.clone()), me);
            assert_eq!(found, (Status::Ok, format!("runs {}", named.display())));
        }
    }

    #[test]
    #[cfg_attr(all(test, windows), ignore = "the paths and shells of Unix")]
    fn the_suggested_line_can_be_pasted_and_read() {
        let set = |program: &str| set_process("dev", Path::new(program));
        assert!(set("/opt/cc").contains("'/opt/cc credential-process --profile dev' --profile dev"));
        assert!(set("/sp ace/cc").contains("'cognito-creds credential-process --profile dev'"));
    }
}
