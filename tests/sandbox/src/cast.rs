//! The default world: who is in it and what each of them is there to show.
//!
//! | user (password `password`) | shows |
//! | --- | --- |
//! | `alice` | two groups with the roles Developer and ReadOnly, Developer preferred |
//! | `bob` | no group, so no role: refused, unless `deny_ambiguous` is false or `mapping` is `None` |
//! | `carol` | two roles of the same precedence: ambiguous, refused for the same reason |
//! | `dora` | a hundred groups: an ID token of about 6 KB |
//! | `erin` | comes from Example Corp through SAML, in the group with the role ReadOnly |
//!
//! Clients: [`PUBLIC_CLIENT`] (rotation with 60 s of grace), [`CONFIDENTIAL_CLIENT`] (with
//! [`CLIENT_SECRET`], no rotation) and [`FOREIGN_CLIENT`], which the identity pool does not know. The OpenID
//! providers have [`OIDC_CLIENT`] and [`OIDC_CONFIDENTIAL_CLIENT`]; [`OIDC_TENANT`] is attached.

use crate::world::*;
use serde_json::{Map, Value, json};

/// The public client: PKCE, rotation on with 60 s of grace.
pub const PUBLIC_CLIENT: &str = "sandbox-client";
/// The confidential client: needs [`CLIENT_SECRET`], no rotation.
pub const CONFIDENTIAL_CLIENT: &str = "sandbox-confidential";
/// Secret of [`CONFIDENTIAL_CLIENT`]. Real ones have characters that need form encoding; so has this.
pub const CLIENT_SECRET: &str = "s4ndb0x+secret/with=signs%and:colon";
/// A client that is not among the identity pool's providers.
pub const FOREIGN_CLIENT: &str = "sandbox-foreign";
/// The public client of the OpenID providers: rotation on with 60 s of grace.
pub const OIDC_CLIENT: &str = "0f1e2d3c-oidc.example";
/// Their confidential client: needs [`CLIENT_SECRET`], no rotation.
pub const OIDC_CONFIDENTIAL_CLIENT: &str = "0f1e2d3c-confidential.example";
/// The tenant of theirs that is attached to the identity pool.
pub const OIDC_TENANT: &str = "acme";
/// Everybody's password.
pub const PASSWORD: &str = "password";
/// The bucket.
pub const BUCKET: &str = "demo-bucket";

const REGION: &str = "us-east-1";
const ACCOUNT: &str = "123456789012";
const POOL: &str = "us-east-1_SANDBOX01";

impl Default for World {
    fn default() -> Self {
        Self {
            region: REGION.to_owned(),
            account_id: ACCOUNT.to_owned(),
            user_pool_id: POOL.to_owned(),
            issuer: format!("https://cognito-idp.{REGION}.amazonaws.com/{POOL}"),
            clients: clients(),
            company: Company {
                provider: "ExampleCorp".to_owned(),
                identifier: "example.com".to_owned(),
                display_name: "Example Corp".to_owned(),
            },
            users: users(),
            groups: groups(),
            identity_pool: IdentityPool {
                id: format!("{REGION}:0f5ca1ab-1e5a-4d00-b0a1-5a4db0c0ffee"),
                clients: vec![PUBLIC_CLIENT.to_owned(), CONFIDENTIAL_CLIENT.to_owned()],
                authenticated_role: Some(arn("Authenticated")),
                mapping: Some(RoleMapping { kind: MappingKind::Token, deny_ambiguous: true }),
                classic_flow: true,
                server_side_token_check: false,
                developer_provider: "login.example".to_owned(),
                credential_seconds: 3600,
            },
            oidc: oidc(),
            roles: roles(),
            buckets: vec![Bucket {
                name: BUCKET.to_owned(),
                objects: vec![
                    ("readme.txt".to_owned(), b"Hello from the sandbox.\n".to_vec()),
                    ("reports/2026/january.csv".to_owned(), b"day,value\n1,42\n".to_vec()),
                    ("reports/2026/february.csv".to_owned(), b"day,value\n1,43\n".to_vec()),
                ],
            }],
            roles_claim: RolesClaim::Array,
            state_on_errors: true,
            response_iss: None,
            code_seconds: 300,
            admin_keys: (
                "AKIASANDBOXADMIN0001".to_owned(),
                "sandbox/admin/secret/key/0123456789abcdef".to_owned(),
            ),
        }
    }
}

fn arn(role: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{role}")
}

fn oidc() -> Oidc {
    let scopes = ["openid", "email", "profile", "offline_access"].map(str::to_owned).to_vec();
    let client =
        |id: &str, secret, rotation| Client { scopes: scopes.clone(), ..client(id, secret, rotation) };
    Oidc {
        clients: vec![
            client(OIDC_CLIENT, None, Some(60)),
            client(OIDC_CONFIDENTIAL_CLIENT, Some(CLIENT_SECRET), None),
        ],
        attached: vec![OIDC_TENANT.to_owned()],
        auth_methods: ["client_secret_basic", "client_secret_post"].map(str::to_owned).to_vec(),
        revocation: true,
        discovery: Map::new(),
        claims: Map::new(),
    }
}

fn client(id: &str, secret: Option<&str>, rotation: Option<i64>) -> Client {
    Client {
        id: id.to_owned(),
        secret: secret.map(str::to_owned),
        redirect_uris: vec!["http://localhost:8080".to_owned()],
        sign_out_uris: vec!["http://localhost:8080".to_owned()],
        scopes: ["openid", "email", "profile", "aws.cognito.signin.user.admin"].map(str::to_owned).to_vec(),
        code_grant: true,
        refresh_grant: true,
        rotation,
        revocation: true,
        id_token_seconds: 3600,
        access_token_seconds: 3600,
        refresh_token_seconds: 2_592_000,
    }
}

fn clients() -> Vec<Client> {
    vec![
        client(PUBLIC_CLIENT, None, Some(60)),
        client(CONFIDENTIAL_CLIENT, Some(CLIENT_SECRET), None),
        client(FOREIGN_CLIENT, None, None),
    ]
}

fn groups() -> Vec<Group> {
    let group = |name: &str, role: Option<&str>, precedence: Option<u32>| Group {
        name: name.to_owned(),
        role_arn: role.map(arn),
        precedence,
    };
    let mut groups = vec![
        group("developers", Some("Developer"), Some(1)),
        group("readers", Some("ReadOnly"), Some(10)),
        group("auditors", Some("ReadOnly"), Some(5)),
        group("operators", Some("Developer"), Some(5)),
    ];
    groups.extend(crowd().map(|name| group(&name, None, None)));
    groups
}

/// Groups without a role, there to make a token big.
fn crowd() -> impl Iterator<Item = String> {
    (1..=99).map(|n| format!("project-{n:03}-data-science-member"))
}

fn users() -> Vec<User> {
    let user = |n: u32, name: &str, federated: bool, groups: &[&str]| User {
        name: name.to_owned(),
        password: PASSWORD.to_owned(),
        sub: format!("{n}4c8e4f8-70a1-70b2-c0d3-5a4db0c0ff0{n}"),
        email: format!("{name}@example.com"),
        federated,
        groups: groups.iter().map(|&group| group.to_owned()).collect(),
        attributes: attributes(name),
        disabled: false,
    };
    let mut dora = user(4, "dora", false, &["developers"]);
    dora.groups.extend(crowd());
    vec![
        user(1, "alice", false, &["developers", "readers"]),
        user(2, "bob", false, &[]),
        user(3, "carol", false, &["auditors", "operators"]),
        dora,
        user(5, "erin", true, &["readers"]),
    ]
}

/// As many claims as a company of middle size maps: they bring an ID token to its usual 1.8 KB.
fn attributes(name: &str) -> Map<String, Value> {
    let title = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
    let claims = json!({
        "name": format!("{title} Example"),
        "given_name": title,
        "family_name": "Example",
        "preferred_username": format!("{name}.example"),
        "locale": "en-US",
        "zoneinfo": "America/New_York",
        "picture": format!("https://people.example.com/photos/{name}-example-256x256.png"),
        "custom:department": "Research and Development / Data Platform",
        "custom:employee_id": "E-0042-1187",
    });
    claims.as_object().cloned().unwrap_or_default()
}

fn roles() -> Vec<Role> {
    let role = |name: &str, s3: S3Policy| Role {
        arn: arn(name),
        s3,
        max_session_seconds: 43_200,
        trusts_pool: true,
    };
    vec![
        role("Developer", S3Policy::ReadWrite),
        role("ReadOnly", S3Policy::ReadOnly),
        role("Authenticated", S3Policy::ReadOnly),
        Role { max_session_seconds: 3600, ..role("ShortSession", S3Policy::ReadOnly) },
        Role { trusts_pool: false, ..role("Untrusting", S3Policy::None) },
    ]
}
