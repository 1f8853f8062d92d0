//! What the stand-in Cognito knows: the part an administrator sets up on AWS.
//!
//! Everything here is plain data with public fields. Build one with
//! [`World::default`], change what a test is about, and start a
//! [`Sandbox`](crate::Sandbox) with it; at run time use
//! [`Sandbox::change`](crate::Sandbox::change). Who lives in the default world
//! is in [`crate::cast`].

use serde_json::{Map, Value};

/// A whole account: one user pool with its domain, one identity pool, IAM roles, S3 buckets.
#[derive(Clone, Debug)]
pub struct World {
    /// Region of everything, `us-east-1`.
    pub region: String,
    /// AWS account id, twelve digits.
    pub account_id: String,
    /// User pool id, `REGION_XXXXXXXXX`.
    pub user_pool_id: String,
    /// Issuer of ID and access tokens. It has the real Cognito form, not the sandbox's address,
    /// because clients derive the `Logins` key from it.
    pub issuer: String,
    /// App clients of the user pool.
    pub clients: Vec<Client>,
    /// The company whose people sign in through SAML.
    pub company: Company,
    /// Everybody who can sign in.
    pub users: Vec<User>,
    /// Groups of the user pool.
    pub groups: Vec<Group>,
    /// The identity pool.
    pub identity_pool: IdentityPool,
    /// OpenID providers that are not Cognito.
    pub oidc: Oidc,
    /// IAM roles.
    pub roles: Vec<Role>,
    /// S3 buckets with their first objects.
    pub buckets: Vec<Bucket>,
    /// How `cognito:roles` is written; AWS documents both forms.
    pub roles_claim: RolesClaim,
    /// Whether error redirects carry `state`. AWS documents it for `login_required` only.
    pub state_on_errors: bool,
    /// `iss` of the answers on redirects (RFC 9207), of the user pool and of every OpenID provider. AWS
    /// documents none.
    pub response_iss: Option<String>,
    /// Life of an authorization code in seconds; Cognito: 300.
    pub code_seconds: i64,
    /// Static access keys that may call STS, S3 and `GetOpenIdTokenForDeveloperIdentity`, as an
    /// IAM user's keys would.
    pub admin_keys: (String, String),
}

/// An app client.
#[derive(Clone, Debug)]
pub struct Client {
    /// Client id.
    pub id: String,
    /// `Some` makes it confidential.
    pub secret: Option<String>,
    /// Callback URLs, compared byte for byte.
    pub redirect_uris: Vec<String>,
    /// Sign-out URLs, compared byte for byte.
    pub sign_out_uris: Vec<String>,
    /// Scopes that may be asked for.
    pub scopes: Vec<String>,
    /// Whether the authorization-code grant is enabled.
    pub code_grant: bool,
    /// Whether the refresh grant is enabled.
    pub refresh_grant: bool,
    /// `RefreshTokenRotation`: `Some(grace)` is ENABLED with `RetryGracePeriodSeconds` of 0 to 60.
    pub rotation: Option<i64>,
    /// `EnableTokenRevocation`.
    pub revocation: bool,
    /// ID token life in seconds; Cognito: 300 to 86,400, default 3,600.
    pub id_token_seconds: i64,
    /// Access token life in seconds.
    pub access_token_seconds: i64,
    /// Refresh token life in seconds; Cognito: 3,600 to 315,360,000, default 2,592,000.
    pub refresh_token_seconds: i64,
}

/// The OpenID providers at `/oidc/TENANT`, which differ in nothing but their issuer.
#[derive(Clone, Debug)]
pub struct Oidc {
    /// Clients, the same at each tenant.
    pub clients: Vec<Client>,
    /// Tenants that are attached to the identity pool, with all their clients.
    pub attached: Vec<String>,
    /// `token_endpoint_auth_methods_supported`, and what is taken.
    pub auth_methods: Vec<String>,
    /// Whether there is a revocation endpoint.
    pub revocation: bool,
    /// Members of the configuration in place of the true ones.
    pub discovery: Map<String, Value>,
    /// Claims of ID tokens in place of the true ones.
    pub claims: Map<String, Value>,
}

/// A SAML identity provider: a name in the user pool and a login page of its own.
#[derive(Clone, Debug)]
pub struct Company {
    /// Provider name, as in `identity_provider=`; at most 32 characters without `_` or space.
    pub provider: String,
    /// Identifier, as in `idp_identifier=`.
    pub identifier: String,
    /// What the chooser calls it.
    pub display_name: String,
}

/// A person.
#[derive(Clone, Debug)]
pub struct User {
    /// Name to sign in with. For federated users the name at their company.
    pub name: String,
    /// Password, at Cognito or at the company.
    pub password: String,
    /// The `sub` claim.
    pub sub: String,
    /// The `email` claim.
    pub email: String,
    /// Whether the person comes from [`World::company`].
    pub federated: bool,
    /// Names of groups, in any order.
    pub groups: Vec<String>,
    /// Further claims of the ID token, given with scope `profile`.
    pub attributes: Map<String, Value>,
    /// Disabled by an administrator.
    pub disabled: bool,
}

/// A user pool group.
#[derive(Clone, Debug)]
pub struct Group {
    /// Group name.
    pub name: String,
    /// The IAM role members may take.
    pub role_arn: Option<String>,
    /// Lower wins; a tie between different roles means no `cognito:preferred_role`.
    pub precedence: Option<u32>,
}

/// How the roles of a person are written in the ID token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolesClaim {
    /// A JSON array.
    Array,
    /// One string, comma separated.
    CommaSeparated,
}

/// An identity pool.
#[derive(Clone, Debug)]
pub struct IdentityPool {
    /// `REGION:UUID`.
    pub id: String,
    /// App clients whose ID tokens it takes, ids.
    pub clients: Vec<String>,
    /// `Roles.authenticated`; `None` means that nobody attached one.
    pub authenticated_role: Option<String>,
    /// The role mapping of the user pool provider; `None` gives everybody the authenticated role.
    pub mapping: Option<RoleMapping>,
    /// `AllowClassicFlow`: whether `GetOpenIdToken` works for user-pool logins.
    pub classic_flow: bool,
    /// `ServerSideTokenCheck`: refuse ID tokens of people who signed out, were disabled or deleted.
    pub server_side_token_check: bool,
    /// `DeveloperProviderName`.
    pub developer_provider: String,
    /// Life of enhanced-flow credentials in seconds. Cognito: 3,600, fixed.
    pub credential_seconds: i64,
}

/// How a role is found when the caller does not ask for one.
#[derive(Clone, Debug)]
pub struct RoleMapping {
    /// Token or Rules.
    pub kind: MappingKind,
    /// `AmbiguousRoleResolution`: true is `Deny`, false is `AuthenticatedRole`.
    pub deny_ambiguous: bool,
}

/// The type of a role mapping.
#[derive(Clone, Debug)]
pub enum MappingKind {
    /// By `cognito:preferred_role` and `cognito:roles`.
    Token,
    /// First rule that matches.
    Rules(Vec<Rule>),
}

/// One rule of a rule-based mapping (`MatchType` Equals).
#[derive(Clone, Debug)]
pub struct Rule {
    /// Claim to look at.
    pub claim: String,
    /// Value it must have.
    pub value: String,
    /// Role given then.
    pub role_arn: String,
}

/// An IAM role.
#[derive(Clone, Debug)]
pub struct Role {
    /// Its ARN.
    pub arn: String,
    /// What its policy allows on every bucket.
    pub s3: S3Policy,
    /// `MaxSessionDuration` in seconds, for `AssumeRoleWithWebIdentity`.
    pub max_session_seconds: i64,
    /// Whether the trust policy lets the identity pool in.
    pub trusts_pool: bool,
}

/// The S3 part of a role's policy, as small as tests need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum S3Policy {
    /// Nothing.
    None,
    /// List and get.
    ReadOnly,
    /// Everything.
    ReadWrite,
}

/// A bucket.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// Key and content of its first objects.
    pub objects: Vec<(String, Vec<u8>)>,
}

impl World {
    /// The client with that id.
    pub fn client(&self, id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.id == id)
    }

    /// The client with that id, to change it. Panics if there is none: a test that names an
    /// unknown client is wrong.
    pub fn client_mut(&mut self, id: &str) -> &mut Client {
        self.clients
            .iter_mut()
            .find(|client| client.id == id)
            .unwrap_or_else(|| panic!("the sandbox has no client {id}"))
    }

    /// The person with that name.
    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.name == name)
    }

    /// The person with that name, to change them. Panics if there is none.
    pub fn user_mut(&mut self, name: &str) -> &mut User {
        self.users
            .iter_mut()
            .find(|user| user.name == name)
            .unwrap_or_else(|| panic!("the sandbox has no user {name}"))
    }

    /// The role with that ARN.
    pub fn role(&self, arn: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.arn == arn)
    }

    /// ARN of the role with that name in this account.
    pub fn role_arn(&self, name: &str) -> String {
        format!("arn:aws:iam::{}:role/{name}", self.account_id)
    }

    /// The key under which an ID token of this pool goes into `Logins`: the issuer without scheme.
    pub fn logins_key(&self) -> &str {
        self.issuer.trim_start_matches("https://")
    }

    /// Roles of a person in the order of precedence, and the preferred one. Following AWS, the
    /// group with the lowest precedence decides; two different roles on that level decide nothing.
    pub fn roles_of(&self, user: &User) -> (Vec<String>, Option<String>) {
        let mut ranked: Vec<(u32, &str)> = self
            .groups
            .iter()
            .filter(|group| user.groups.contains(&group.name))
            .filter_map(|group| Some((group.precedence.unwrap_or(u32::MAX), group.role_arn.as_deref()?)))
            .collect();
        ranked.sort_by_key(|(precedence, _)| *precedence);
        let preferred = ranked.first().and_then(|(best, role)| {
            let tie = ranked.iter().any(|(precedence, other)| precedence == best && other != role);
            (!tie).then(|| (*role).to_owned())
        });
        let mut roles: Vec<String> = Vec::new();
        for (_, role) in ranked {
            if !roles.iter().any(|known| known == role) {
                roles.push(role.to_owned());
            }
        }
        (roles, preferred)
    }
}
