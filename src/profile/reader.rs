//! From the text of a section to a [`Profile`]: every value is checked here, and every complaint names
//! its key.

use super::auth::{AppClient, Auth, Backend, ProviderHint, Server};
use super::config_file::Section;
use super::endpoint;
use super::flow::{Basic, Flow};
use super::keys::{self, Key};
use super::redirect_uri;
use super::values::{self, Domain, IdentityPoolId, Issuer};
use super::{CacheChoice, Environment, Interactive, Profile, StoreChoice};
use crate::error::{Error, Next};
use crate::shell;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// What is asked of an OpenID provider by default. Most give a refresh token for `offline_access` alone
/// (OpenID Connect Core §11), which Cognito refuses as unknown.
const OIDC_SCOPES: &str = "openid email profile offline_access";

/// How the setting of a service is named in messages.
const IN_SERVICES: &str = "endpoint_url in [services]";

/// The values of `cognito_auth`.
#[derive(Clone, Copy)]
enum Way {
    UserPool,
    Oidc,
    Developer,
}

/// The values of `cognito_auth` by their names.
const WAYS: &[(&str, Way)] =
    &[("user-pool", Way::UserPool), ("oidc", Way::Oidc), ("developer", Way::Developer)];

/// The keys that a profile with this `cognito_auth` can't do without; an unknown one counts as the
/// default, and is complained about where the profile is read.
pub(super) fn required(auth: Option<&str>) -> &'static [&'static Key] {
    WAYS.iter().find(|(name, _)| Some(*name) == auth).map_or(Way::UserPool, |(_, way)| *way).required()
}

impl Way {
    /// The keys that a profile can't do without.
    fn required(self) -> &'static [&'static Key] {
        match self {
            Self::UserPool => &[&keys::DOMAIN, &keys::CLIENT_ID],
            Self::Oidc => &[&keys::ISSUER, &keys::CLIENT_ID],
            // Its token is of no other use.
            Self::Developer => &[&keys::DEVELOPER_URL, &keys::IDENTITY_POOL_ID],
        }
    }
}

/// Reads typed values out of one section.
pub(super) struct Reader<'a> {
    pub name: &'a str,
    pub section: &'a Section,
    pub env: &'a dyn Environment,
}

impl Reader<'_> {
    pub fn profile(&self, home: &str) -> Result<Profile, Error> {
        let way = self.choice(&keys::AUTH, WAYS)?;
        self.name_missing(way.required(), &keys::IDENTITY_POOL_ID)?;
        let identity_pool = self.parsed(&keys::IDENTITY_POOL_ID, IdentityPoolId::parse)?;
        let role = self.role(way)?;
        let fips = self
            .standard("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")
            .is_some_and(|v| v.eq_ignore_ascii_case("true"));
        let auth = self.auth(way, identity_pool.as_ref(), fips)?;
        let flow = self.flow(way, &auth)?;
        // The service is spelled `cognito_identity` by botocore and `cognito-identity` by the Rust SDK.
        let pool_names = ["cognito_identity", "cognito-identity"];
        Ok(Profile {
            name: self.name.to_owned(),
            identity_endpoint: self.endpoint("AWS_ENDPOINT_URL_COGNITO_IDENTITY", &pool_names, &auth)?,
            region: self.section.get("region").filter(|region| values::is_region(region)).map(str::to_owned),
            signin_endpoint: self.endpoint("AWS_ENDPOINT_URL_SIGNIN", &["signin"], &auth)?,
            auth,
            identity_pool,
            fips,
            role,
            login: self.text(&keys::LOGIN).unwrap_or_default(),
            interactive: self
                .choice(&keys::INTERACTIVE, &[("auto", Interactive::Auto), ("never", Interactive::Never)])?,
            wait: self.duration(&keys::WAIT, 0, 3600)?,
            login_timeout: self.duration(&keys::LOGIN_TIMEOUT, 10, 3600)?,
            refresh_margin: self.refresh_margin(&flow)?,
            flow,
            store: self.choice(
                &keys::STORE,
                &[
                    ("", StoreChoice::Default),
                    ("keychain", StoreChoice::Keychain),
                    ("kernel", StoreChoice::Kernel),
                    ("file", StoreChoice::File),
                ],
            )?,
            cache: self.choice(
                &keys::CACHE,
                &[
                    ("auto", CacheChoice::Auto),
                    ("keychain", CacheChoice::Keychain),
                    ("none", CacheChoice::None),
                ],
            )?,
            ca_bundle: self.standard("AWS_CA_BUNDLE", "ca_bundle").map(PathBuf::from),
            home: home.to_owned(),
        })
    }

    fn auth(&self, way: Way, identity_pool: Option<&IdentityPoolId>, fips: bool) -> Result<Auth, Error> {
        let server = match way {
            Way::UserPool => self.user_pool(identity_pool, fips)?,
            Way::Oidc => Server::Oidc(self.required(&keys::ISSUER, Issuer::parse)?),
            Way::Developer => return self.backend().map(Auth::Developer),
        };
        self.app_client(server).map(Auth::Browser)
    }

    fn backend(&self) -> Result<Backend, Error> {
        let url = self.required(&keys::DEVELOPER_URL, values::folder)?;
        let path = |key| self.required(key, |v| values::below(&url, v));
        Ok(Backend {
            login: path(&keys::DEVELOPER_LOGIN_PATH)?,
            aws: path(&keys::DEVELOPER_AWS_PATH)?,
            logout: path(&keys::DEVELOPER_LOGOUT_PATH)?,
            request_fields: self.required(&keys::DEVELOPER_REQUEST_FIELDS, values::two_words)?,
            login_fields: self.required(&keys::DEVELOPER_LOGIN_FIELDS, values::two_words)?,
            aws_fields: self.required(&keys::DEVELOPER_AWS_FIELDS, values::two_words)?,
            scheme: self.required(&keys::DEVELOPER_SCHEME, values::auth_scheme)?,
            logins_key: self.required(&keys::DEVELOPER_LOGINS_KEY, values::logins_key)?,
            login_hint: self.text(&keys::LOGIN_HINT),
            url,
        })
    }

    fn user_pool(&self, identity_pool: Option<&IdentityPoolId>, fips: bool) -> Result<Server, Error> {
        let id = self.parsed(&keys::USER_POOL_ID, |v| values::user_pool_id(v).map(str::to_owned))?;
        let region = id
            .as_deref()
            .and_then(|id| id.split_once('_').map(|(region, _)| region.to_owned()))
            .or_else(|| identity_pool.map(|id| id.region().to_owned()))
            .or_else(|| self.standard("AWS_REGION", "region"));
        let domain = self.required(&keys::DOMAIN, |v| Domain::parse(v, region.as_deref(), fips))?;
        Ok(Server::UserPool { domain, id })
    }

    fn app_client(&self, server: Server) -> Result<AppClient, Error> {
        let is_oidc = matches!(server, Server::Oidc(_));
        let provider = match (self.text(&keys::IDENTITY_PROVIDER), self.text(&keys::IDP_IDENTIFIER)) {
            (Some(_), Some(_)) => {
                return Err(self.bad(
                    &keys::IDP_IDENTIFIER,
                    "it can't be combined with cognito_identity_provider; keep one",
                ));
            }
            (Some(name), None) => Some(ProviderHint::Name(name)),
            (None, Some(id)) => Some(ProviderHint::Identifier(id)),
            (None, None) => None,
        };
        let client_id = if is_oidc { values::oauth_client_id } else { values::client_id };
        let scopes = match self.section.get(keys::SCOPES.name) {
            None | Some("") if is_oidc => OIDC_SCOPES.to_owned(),
            _ => self.required(&keys::SCOPES, values::scopes)?,
        };
        Ok(AppClient {
            server,
            client_id: self.required(&keys::CLIENT_ID, |v| client_id(v).map(str::to_owned))?,
            redirect_uris: self.required(&keys::REDIRECT_URI, redirect_uri::parse_list)?,
            scopes,
            // Cognito's alone, like the language.
            provider: provider.filter(|_| !is_oidc),
            login_hint: self.text(&keys::LOGIN_HINT),
            prompt: self.parsed(&keys::PROMPT, |v| values::prompt(v).map(str::to_owned))?,
            lang: self.text(&keys::LANG).filter(|_| !is_oidc),
        })
    }

    /// A backend's token carries no roles and matches no rule of the pool's role mappings, so the
    /// authenticated role is all that there is (Cognito Developer Guide, "Using role-based access control").
    fn role(&self, way: Way) -> Result<Option<String>, Error> {
        let role = self.text(&keys::ROLE);
        if role.is_some() && matches!(way, Way::Developer) {
            // An empty value counts as none.
            let none = shell::set_key(keys::ROLE.name, "", self.name);
            let why = "with cognito_auth = developer the identity pool gives its one role";
            return Err(self.bad(&keys::ROLE, why).instead(Next::Configure, none));
        }
        Ok(role)
    }

    /// A key of the basic flow is no setting of the other one: whoever wrote it would wait in vain for
    /// longer sessions.
    fn flow(&self, way: Way, auth: &Auth) -> Result<Flow, Error> {
        let duration =
            self.required(&keys::DURATION_SECONDS, |v| values::seconds(v, Basic::SHORTEST, Basic::LONGEST))?;
        if self.choice(&keys::FLOW, &[("enhanced", false), ("basic", true)])? {
            if matches!(way, Way::Developer) {
                return Err(self.bad(&keys::FLOW, "basic is not supported with cognito_auth = developer"));
            }
            return Ok(Flow::Basic(Basic {
                duration,
                session_name: self.text(&keys::ROLE_SESSION_NAME),
                sts_endpoint: self.endpoint("AWS_ENDPOINT_URL_STS", &["sts"], auth)?,
            }));
        }
        let written = |key: &&&Key| self.section.get(key.name).is_some_and(|v| !v.is_empty());
        match [&keys::DURATION_SECONDS, &keys::ROLE_SESSION_NAME].iter().find(written) {
            None => Ok(Flow::Enhanced),
            Some(key) => {
                // An empty value counts as none.
                let none = shell::set_key(key.name, "", self.name);
                let why = "it has no effect without cognito_flow = basic";
                Err(self.bad(key, why).instead(Next::Configure, none))
            }
        }
    }

    /// A margin that leaves less than five minutes would renew on every call. Unless it was chosen, it
    /// is a third of the life at most.
    fn refresh_margin(&self, flow: &Flow) -> Result<Duration, Error> {
        let (life, key) = (flow.lifetime(), &keys::REFRESH_MARGIN);
        let margin = self.duration(key, 60, life.as_secs().max(3600) - 5 * 60)?;
        match self.section.get(key.name) {
            Some(text) if !text.is_empty() => self.duration(key, 60, life.as_secs() - 5 * 60),
            _ => Ok(margin.min(life / 3)),
        }
    }

    /// An endpoint in place of a service's own, in the SDKs' order: the service's variable, the
    /// general variable, `[services]`, `endpoint_url` (AWS SDKs and Tools Reference Guide,
    /// "Service-specific endpoints"). The environment may name any host: whoever writes there could as well
    /// run a program. The file may not.
    fn endpoint(&self, variable: &'static str, names: &[&str], auth: &Auth) -> Result<Option<Url>, Error> {
        let ignored = self.standard("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls");
        if ignored.is_some_and(|v| v.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        let from_services = || {
            let services = self.section.get("services")?;
            names
                .iter()
                .find_map(|s| self.section.service(services, s, "endpoint_url"))
                .map(|url| (IN_SERVICES, url.to_owned()))
        };
        let from_env = |name| self.env.var(name).map(|url| (name, url));
        let found = from_env(variable)
            .or_else(|| from_env("AWS_ENDPOINT_URL"))
            .or_else(from_services)
            .or_else(|| self.section.get("endpoint_url").map(|url| ("endpoint_url", url.to_owned())));
        let Some((name, text)) = found else { return Ok(None) };
        let url = values::endpoint(&text).map_err(|why| self.bad_value(name, &why))?;
        let is_variable = name.starts_with("AWS_");
        let server = Url::parse(auth.authority()).ok();
        if is_variable || server.is_some_and(|server| endpoint::may_be_written(&url, &server)) {
            return Ok(Some(url));
        }
        let why = format!(
            "a config file may have the login sent to AWS alone, and {url} is none of its endpoints for this; another one is taken from {variable}"
        );
        Err(self.bad_value(name, &why))
    }

    fn text(&self, key: &Key) -> Option<String> {
        self.section.get(key.name).or(Some(key.default)).filter(|v| !v.is_empty()).map(str::to_owned)
    }

    /// A standard AWS setting: the variable beats the profile's key, as in every SDK.
    fn standard(&self, variable: &str, key: &str) -> Option<String> {
        self.env.var(variable).or_else(|| self.section.get(key).map(str::to_owned))
    }

    fn parsed<T>(&self, key: &Key, parse: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, Error> {
        self.text(key).map(|v| parse(&v).map_err(|why| self.bad(key, &why))).transpose()
    }

    fn required<T>(&self, key: &Key, parse: impl Fn(&str) -> Result<T, String>) -> Result<T, Error> {
        let text = self.text(key).unwrap_or_default();
        if values::is_address(key.name) && values::is_placeholder(&text) {
            return Err(self.bad(key, &format!("'{text}' is a placeholder; put your own in its place")));
        }
        parse(&text).map_err(|why| self.bad(key, &why))
    }

    fn duration(&self, key: &Key, least: u64, most: u64) -> Result<Duration, Error> {
        self.required(key, |v| values::duration(v, least, most))
    }

    fn choice<T: Copy>(&self, key: &Key, among: &[(&str, T)]) -> Result<T, Error> {
        let text = self.text(key).unwrap_or_default();
        among.iter().find(|(name, _)| *name == text).map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<_> = among.iter().map(|(name, _)| *name).filter(|n| !n.is_empty()).collect();
            self.bad(key, &format!("'{text}' is not one of {}", names.join(", ")))
        })
    }

    /// Names every missing key at once. Only profiles that want tokens alone can do without
    /// `expected`, so where anything is missing it counts.
    fn name_missing(&self, required: &[&Key], expected: &Key) -> Result<(), Error> {
        let missing = |k: &&Key| self.text(k).is_none();
        if !required.iter().any(missing) {
            return Ok(());
        }
        let expected = Some(expected).filter(|key| !required.contains(key));
        let missing: Vec<_> = required.iter().copied().chain(expected).filter(missing).collect();
        let names: Vec<_> = missing.iter().map(|k| k.name).collect();
        let what = format!("Profile {} lacks {}.", self.name, super::listed(&names));
        let paste = match missing[..] {
            [key] => self.set_command(key.name),
            _ => super::command_line("configure", self.name),
        };
        Err(Error::new(Next::Configure, what, paste))
    }

    fn bad(&self, key: &Key, why: &str) -> Error {
        self.bad_value(key.name, why)
    }

    fn bad_value(&self, key: &str, why: &str) -> Error {
        let of = if key.starts_with("AWS_") { String::new() } else { format!(" of profile {}", self.name) };
        let what = format!("{key}{of} can't be used: {}.", crate::error::foreign(why));
        Error::new(Next::Configure, what, self.set_command(key))
    }

    /// The command that sets a key, with an example value, or drops a variable. `aws configure set` does
    /// not reach into another section.
    fn set_command(&self, key: &str) -> String {
        match key {
            variable if variable.starts_with("AWS_") => format!("unset {variable}"),
            IN_SERVICES => super::command_line("doctor", self.name),
            _ => shell::set_key(key, values::example(key), self.name),
        }
    }
}
