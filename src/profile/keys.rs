//! The one table of our profile keys. The parser, `configure`'s flags, the documentation page and the
//! README's table are all made from it, so that a key, its default and its meaning are written once.

/// One `cognito_*` key of a profile.
#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    /// The key as written in the config file: flat, lower case.
    pub name: &'static str,
    /// The flag of `configure`, without its hyphens in front: `redirect-uri`.
    pub flag: &'static str,
    /// The shape of its value, for people.
    pub shape: &'static str,
    /// The value where the key is absent; empty where there is none. Parsed like a written value.
    pub default: &'static str,
    /// One line of help.
    pub help: &'static str,
}

/// What every key begins with.
pub const PREFIX: &str = "cognito_";

/// A key's name as a flag: without the prefix, and with hyphens between its words.
const fn flag<const N: usize>(name: &str) -> [u8; N] {
    let (name, mut flag, mut at) = (name.as_bytes(), [0; N], 0);
    while at < N {
        let byte = name[PREFIX.len() + at];
        flag[at] = if byte == b'_' { b'-' } else { byte };
        at += 1;
    }
    flag
}

macro_rules! keys {
    ($($id:ident = $name:literal, $shape:literal, $default:literal, $help:literal;)+) => {
        $(
            #[doc = concat!("The key `", $name, "`; its meaning is in `help`.")]
            pub const $id: Key = Key {
                name: $name,
                flag: {
                    const FLAG: [u8; $name.len() - PREFIX.len()] = flag($name);
                    match std::str::from_utf8(&FLAG) {
                        Ok(flag) => flag,
                        Err(_) => panic!("a key's name is ASCII"),
                    }
                },
                shape: $shape,
                default: $default,
                help: $help,
            };
        )+

        /// Every key, in the order of the documentation.
        pub const ALL: &[Key] = &[$($id),+];
    };
}

keys! {
    DOMAIN = "cognito_domain", "URL or prefix", "",
        "The user pool's domain: an https URL (custom, or https://PREFIX.auth.REGION.amazoncognito.com) or the bare prefix. Required with cognito_auth = user-pool.";
    CLIENT_ID = "cognito_client_id", "id", "",
        "The app client. Required but with cognito_auth = developer.";
    IDENTITY_POOL_ID = "cognito_identity_pool_id", "REGION:UUID", "",
        "The identity pool that turns the login into AWS credentials; its region is where it is called. Required but for `token`.";
    USER_POOL_ID = "cognito_user_pool_id", "REGION_ID", "",
        "The user pool, to check the ID token's issuer. The token itself says who issued it where this is absent.";
    REDIRECT_URI = "cognito_redirect_uri", "URLs, comma separated", "http://localhost:8080",
        "Loopback redirects exactly as registered at the app client, tried in this order until a port is free.";
    SCOPES = "cognito_scopes", "words", "openid email profile",
        "OAuth scopes to ask for; openid must be among them. With cognito_auth = oidc the default has offline_access too.";
    IDENTITY_PROVIDER = "cognito_identity_provider", "name", "",
        "Go straight to this identity provider (as named in the user pool, e.g. EntraID), skipping the chooser.";
    IDP_IDENTIFIER = "cognito_idp_identifier", "identifier", "",
        "Go straight to the provider with this identifier, e.g. an e-mail domain.";
    LOGIN_HINT = "cognito_login_hint", "text", "",
        "User name or e-mail to fill in on the sign-in page.";
    PROMPT = "cognito_prompt", "words", "",
        "Passed on as prompt: login, select_account, consent or none.";
    LANG = "cognito_lang", "language", "",
        "Language of the managed login pages, e.g. de or pt-BR.";
    ROLE = "cognito_role", "ARN, name or suffix", "",
        "The role to take among those of the person: an ARN, a role name or a unique ending of one. Without it the identity pool chooses.";
    LOGIN = "cognito_login", "name", "default",
        "Keeps several logins at the same app client apart, e.g. two accounts of one person.";
    AUTH = "cognito_auth", "user-pool, oidc or developer", "user-pool",
        "How a person signs in: at a user pool, at another OpenID provider that is attached to the identity pool, or at a backend of your own.";
    ISSUER = "cognito_issuer", "URL", "",
        "The OpenID provider of cognito_auth = oidc, exactly as it names itself.";
    DEVELOPER_URL = "cognito_developer_url", "URL", "",
        "The backend of cognito_auth = developer, e.g. https://login.example.com/api/v1.";
    DEVELOPER_LOGIN_PATH = "cognito_developer_login_path", "path", "auth/login",
        "Where the backend takes e-mail and password (POST), relative to cognito_developer_url.";
    DEVELOPER_AWS_PATH = "cognito_developer_aws_path", "path", "auth/aws",
        "Where the backend gives the identity and its OpenID token (GET).";
    DEVELOPER_LOGOUT_PATH = "cognito_developer_logout_path", "path", "auth/logout",
        "Where the backend ends a login (POST).";
    DEVELOPER_REQUEST_FIELDS = "cognito_developer_request_fields", "two words", "email password",
        "How the JSON fields of e-mail and password are named in the request to sign in.";
    DEVELOPER_LOGIN_FIELDS = "cognito_developer_login_fields", "two words", "token username",
        "How the JSON fields of the backend's token and the person's name are named in the answer to that.";
    DEVELOPER_AWS_FIELDS = "cognito_developer_aws_fields", "two words", "IdentityId Token",
        "How the JSON fields of the IdentityId and the OpenID token are named.";
    DEVELOPER_SCHEME = "cognito_developer_scheme", "word", "token",
        "The word before the backend's token in the Authorization header.";
    DEVELOPER_LOGINS_KEY = "cognito_developer_logins_key", "host name", "cognito-identity.amazonaws.com",
        "The key of the OpenID token in the identity pool's Logins map; GovCloud and China may have another.";
    FLOW = "cognito_flow", "enhanced or basic", "enhanced",
        "How credentials come from the identity pool. basic: longer sessions and a session name of one's own, where the pool allows it.";
    DURATION_SECONDS = "cognito_duration_seconds", "seconds", "3600",
        "How long credentials of the basic flow live: 900 to 43200, and no more than the role's maximum session duration.";
    ROLE_SESSION_NAME = "cognito_role_session_name", "text", "",
        "The session name of the basic flow, as CloudTrail shows it. Without it: the person's e-mail, else the sub.";
    INTERACTIVE = "cognito_interactive", "auto or never", "auto",
        "auto: open a browser where a person can see it. never: fail at once with the command to run.";
    WAIT = "cognito_wait", "duration", "50s",
        "How long a waiting AWS command waits for a sign-in; the sign-in itself goes on after that.";
    LOGIN_TIMEOUT = "cognito_login_timeout", "duration", "5m",
        "How long a sign-in in the browser may take.";
    REFRESH_MARGIN = "cognito_refresh_margin", "duration", "20m",
        "Least remaining life of credentials that are handed out without renewing them.";
    STORE = "cognito_store", "keychain, kernel or file", "",
        "Where the login is kept. Without it: the keychain, or the Linux kernel keyring with a notice where there is no keychain.";
    CACHE = "cognito_cache", "auto, keychain or none", "auto",
        "Where AWS credentials are kept between calls. auto: the kernel keyring on Linux, the keychain elsewhere.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_readable_by_every_sdk() {
        for key in ALL {
            assert!(key.name.starts_with(PREFIX));
            assert!(key.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", key.name);
            assert!(key.help.ends_with('.'), "{}", key.name);
        }
    }

    #[test]
    fn a_flag_is_named_after_its_key() {
        assert_eq!((DOMAIN.flag, REDIRECT_URI.flag), ("domain", "redirect-uri"));
    }

    #[test]
    fn no_key_is_declared_twice() {
        let mut names: Vec<_> = ALL.iter().map(|k| k.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }
}
