//! A profile: the validated settings of one section of the AWS config file.
//!
//! Everything is parsed here, at the edge; what the rest of the crate gets is typed and in range.
//! Nothing here reads a key that the table in [`keys`] does not declare, but for the standard AWS
//! keys named in [`Profile::load`].

pub mod auth;
pub mod config_file;
pub mod edit;
mod endpoint;
pub mod flow;
pub mod keys;
pub mod lines;
pub mod outputs;
pub mod process_line;
mod reader;
pub mod redirect_uri;
pub mod update;
pub mod values;

use crate::error::{Error, Next, foreign, printable};
use crate::platform::Os;
use crate::store::EntryName;
use crate::{remedy, shell};
use auth::{AppClient, Auth, ProviderHint, Server};
use config_file::Section;
use flow::Flow;
use keys::Key;
use reader::Reader;
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;
use values::IdentityPoolId;

/// Where the process finds things: its environment, injected so that tests need none.
pub trait Environment {
    /// A variable of the environment; empty or not UTF-8 counts as unset.
    fn var(&self, name: &str) -> Option<String>;
}

impl<F: Fn(&str) -> Option<String>> Environment for F {
    fn var(&self, name: &str) -> Option<String> {
        self(name).filter(|v| !v.is_empty())
    }
}

/// Whether `credential-process` may open a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interactive {
    /// Where a person can see it.
    Auto,
    /// Not at all: fail at once with the command to run.
    Never,
}

/// Where a login is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreChoice {
    /// The keychain; the kernel keyring, with a notice, where there is none.
    Default,
    /// The keychain and nothing else.
    Keychain,
    /// The Linux kernel keyring.
    Kernel,
    /// A 0600 file, by explicit choice only.
    File,
}

/// Where credentials are kept between calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheChoice {
    /// The kernel keyring on Linux, the keychain elsewhere.
    Auto,
    /// The keychain.
    Keychain,
    /// Nowhere: every call goes to the identity pool.
    None,
}

/// The validated settings of one profile.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The name as given on the command line.
    pub name: String,
    /// How a person signs in.
    pub auth: Auth,
    /// Where credentials come from; absent in profiles that only want tokens.
    pub identity_pool: Option<IdentityPoolId>,
    /// An endpoint in place of the identity pool's own.
    pub identity_endpoint: Option<Url>,
    /// The `region` of the AWS tools.
    pub region: Option<String>,
    /// An endpoint in place of the console's sign-in.
    pub signin_endpoint: Option<Url>,
    /// How the identity pool hands out credentials.
    pub flow: Flow,
    /// Use the FIPS endpoints.
    pub fips: bool,
    /// Role ARN, name or unique suffix.
    pub role: Option<String>,
    /// Keeps two logins at one client apart.
    pub login: String,
    /// May a browser be opened by `credential-process`?
    pub interactive: Interactive,
    /// How long `credential-process` waits for a sign-in.
    pub wait: Duration,
    /// How long a sign-in may take.
    pub login_timeout: Duration,
    /// Least remaining life of credentials handed out without renewing.
    pub refresh_margin: Duration,
    /// Where the login is kept.
    pub store: StoreChoice,
    /// Where credentials are kept.
    pub cache: CacheChoice,
    /// A PEM file that replaces the OS trust store.
    pub ca_bundle: Option<PathBuf>,
    home: String,
}

/// A profile's name, and its settings or why they can't be used.
pub type Named = (String, Result<Profile, Error>);

impl Profile {
    /// Reads and validates profile `name`.
    ///
    /// `home` names the folder of this installation's state; credentials are bound to it, so that
    /// two homes of one user never meet in the kernel keyring. Standard keys honoured: `region`,
    /// `ca_bundle`, `use_fips_endpoint`, `endpoint_url`, `services`. Errors name every missing key
    /// at once, or the first bad value with its key.
    pub fn load(name: &str, env: &dyn Environment, home: &str) -> Result<Self, Error> {
        Self::of_text(&config_file::text_of(&config_path(env))?, name, env, home)
    }

    /// As [`load`](Self::load), of a text that is to become the config file.
    pub fn of_text(text: &str, name: &str, env: &dyn Environment, home: &str) -> Result<Self, Error> {
        let path = config_path(env);
        let section =
            config_file::read_text(text, &path, name)?.ok_or_else(|| unknown_profile(name, &path))?;
        Reader { name, section: &section, env }.profile(home)
    }

    /// Reads and validates every profile with keys of ours, in the order of the config file, in one
    /// pass over it. A file that can't be read is the error: nobody knows what else is in it.
    pub fn load_ours(env: &dyn Environment, home: &str) -> Result<Vec<Named>, Error> {
        let sections = config_file::read_all(&config_path(env))?;
        let ours = |section: &Section| keys::ALL.iter().any(|key| section.get(key.name).is_some());
        let profile = |(name, section): (String, Result<Section, Error>)| {
            let profile = match section {
                Ok(section) if !ours(&section) => return None,
                Ok(section) => Reader { name: &name, section: &section, env }.profile(home),
                Err(error) => Err(error),
            };
            Some((name, profile))
        };
        Ok(sections.into_iter().filter_map(profile).collect())
    }

    /// The store entry of this profile's login: shared by every profile with the same domain or issuer,
    /// client, provider and `cognito_login`. Bound to the home, because the locks that keep two
    /// renewals apart lie there.
    pub fn login_entry(&self) -> EntryName {
        let (kind, provider) = match &self.auth {
            Auth::Browser(AppClient { provider: Some(ProviderHint::Name(name)), .. }) => {
                ("name", name.as_str())
            }
            Auth::Browser(AppClient { provider: Some(ProviderHint::Identifier(id)), .. }) => {
                ("identifier", id.as_str())
            }
            Auth::Browser(AppClient { server: Server::Oidc(_), .. }) => ("oidc", ""),
            Auth::Browser(AppClient { provider: None, .. }) => ("", ""),
            Auth::Developer(_) => ("developer", ""),
        };
        let auth = &self.auth;
        EntryName::new("login", [auth.authority(), auth.client_id(), kind, provider, &self.login, &self.home])
    }

    /// The cache entry of this profile's credentials: everything that makes credentials differ, so
    /// that an edited profile never serves old ones.
    pub fn credentials_entry(&self) -> EntryName {
        let pool = self.identity_pool.as_ref().map_or("", IdentityPoolId::as_str);
        let endpoint = self.identity_endpoint.as_ref().map_or("", Url::as_str);
        let vouching = match &self.auth {
            Auth::Browser(app) => app.server.user_pool_id().unwrap_or_default().to_owned(),
            Auth::Developer(backend) => format!("{} {}", backend.aws, backend.logins_key),
        };
        let fips = if self.fips { "fips" } else { "" };
        let role = self.role.as_deref().unwrap_or_default();
        let login = self.login_entry();
        let [flow, duration, session_name, sts] = self.flow.parts();
        let parts = [login.as_str(), pool, endpoint, &vouching, fips, role];
        let of_flow = [&flow, &duration, &session_name, &sts];
        EntryName::new("credentials", parts.into_iter().chain(of_flow.map(String::as_str)))
    }

    /// The cache entries of all profiles in the config file that share this one's login, itself
    /// included. Profiles that can't be read have none.
    pub fn credentials_sharing_its_login(&self, env: &dyn Environment) -> Vec<EntryName> {
        let login = self.login_entry();
        let ours = Self::load_ours(env, &self.home).unwrap_or_default();
        ours.into_iter()
            .filter_map(|(_, profile)| profile.ok())
            .filter(|other| other.login_entry() == login)
            .map(|other| other.credentials_entry())
            .chain([self.credentials_entry()])
            .collect()
    }

    /// The store entry of the app client's secret.
    pub fn client_secret_entry(&self) -> EntryName {
        EntryName::new("client-secret", [self.auth.authority(), self.auth.client_id()])
    }

    /// The name as a person sees it: the header of a section may hold anything.
    pub fn shown(&self) -> String {
        foreign(&self.name)
    }

    /// `cognito-creds COMMAND --profile NAME`, quoted for a shell: the second line of most errors.
    pub fn command(&self, command: &str) -> String {
        command_line(command, &self.name)
    }
}

/// The keys that a profile of this kind can't do without, and the identity pool, which only profiles
/// that want tokens alone can do without. `auth` is the value of `cognito_auth`, if it has one.
pub fn asked_for(auth: Option<&str>) -> Vec<&'static Key> {
    let required = reader::required(auth).iter().copied();
    required.filter(|key| **key != keys::IDENTITY_POOL_ID).chain([&keys::IDENTITY_POOL_ID]).collect()
}

/// `A, B and C`.
pub fn listed(names: &[&str]) -> String {
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => names.concat(),
    }
}

/// `cognito-creds COMMAND --profile NAME`, quoted for a shell.
pub fn command_line(command: &str, profile: &str) -> String {
    // A name with a leading hyphen would be read as a flag.
    let between = if profile.starts_with('-') { '=' } else { ' ' };
    format!("cognito-creds {command} --profile{between}{}", shell::word(&printable(profile)))
}

/// The AWS config file: `AWS_CONFIG_FILE`, else `~/.aws/config`; a leading `~/` is the home folder.
pub fn config_path(env: &dyn Environment) -> PathBuf {
    match env.var("AWS_CONFIG_FILE") {
        Some(path) => match path.strip_prefix("~/") {
            Some(rest) => home_folder(env).join(rest),
            None => path.into(),
        },
        None => own_config_path(env),
    }
}

/// `~/.aws/config`, whatever `AWS_CONFIG_FILE` says; relative where no home is known.
pub fn own_config_path(env: &dyn Environment) -> PathBuf {
    home_folder(env).join(".aws").join("config")
}

fn home_folder(env: &dyn Environment) -> PathBuf {
    env.var("HOME").or_else(|| env.var("USERPROFILE")).unwrap_or_default().into()
}

fn unknown_profile(name: &str, path: &Path) -> Error {
    let names = lines::profile_names(path);
    let (have, paste) = match names.len() {
        0 => ("it has no profiles".to_owned(), command_line("configure", name)),
        1 => (format!("it has {}", names[0]), command_line("login", &names[0])),
        2..=12 => (format!("it has {}", names.join(", ")), "cognito-creds status".to_owned()),
        n => (format!("it has {n} others"), "cognito-creds status".to_owned()),
    };
    if lines::has_section(path, name) {
        let what = format!("In {} the section [{name}] has to be [profile {name}].", path.display());
        return Error::new(Next::Configure, what, renaming(name, path));
    }
    if path == Path::new(".aws/config") && !path.exists() {
        let what = format!("HOME is not set, so there is no AWS config file and no profile {name}.");
        return Error::new(Next::Configure, what, "export HOME=~");
    }
    let what = if path.exists() {
        format!("There is no profile {name} in {}; {have}.", path.display())
    } else {
        format!("There is no AWS config file {}, so there is no profile {name}.", path.display())
    };
    Error::new(Next::Configure, what, paste)
}

/// The command that makes `[NAME]` a profile. A name is the file's word, and sed's language is a program: its
/// flag `e` runs what it finds.
fn renaming(name: &str, path: &Path) -> String {
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) {
        return command_line("configure", name);
    }
    if Os::HERE == Os::Windows {
        return remedy::edit(Os::HERE, 1, path);
    }
    let script = format!(r"s|^\[{name}\]|[profile {name}]|");
    format!("sed -i.bak {} {}", shell::word(&script), shell::path(path))
}

/// The error of a profile without an identity pool where credentials are asked for.
pub fn no_identity_pool(profile: &Profile) -> Error {
    let key = keys::IDENTITY_POOL_ID.name;
    Error::new(
        Next::Configure,
        format!("Profile {} has no {key}, so it gives tokens but no AWS credentials.", profile.name),
        shell::set_key(key, values::example(key), &profile.name),
    )
}
