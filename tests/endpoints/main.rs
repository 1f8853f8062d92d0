//! Where a profile leads in each partition and with each setting: the domain that a prefix means, the
//! identity pool, STS, and the Logins key. One row is one kind of account; `docs/regions.md` explains
//! them. Nothing is asked here: AWS was not there when this was written.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod logins_key;
mod sts_rules;
#[path = "../support/mod.rs"]
mod support;

use cognito_creds::identity_pool::{api, role_refused, sts};
use cognito_creds::profile::Profile;
use std::fmt::Write;
use std::fs;

const UUID: &str = "01234567-89ab-cdef-0123-456789abcdef";

/// A profile with the basic flow, an identity pool in `region` and these lines.
fn profile(
    region: &str,
    domain: &str,
    lines: &str,
    variable: Option<(&str, &str)>,
) -> Result<Profile, String> {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    let text = format!(
        "[profile dev]\ncognito_domain = {domain}\ncognito_client_id = client\n\
         cognito_identity_pool_id = {region}:{UUID}\ncognito_flow = basic\n{lines}\n"
    );
    fs::write(&config, text).unwrap();
    let env = |name: &str| match variable {
        Some((set, value)) if set == name => Some(value.to_owned()),
        _ => (name == "AWS_CONFIG_FILE").then(|| config.display().to_string()),
    };
    Profile::load("dev", &env, "/home").map_err(|error| error.to_string())
}

const FIPS: &str = "use_fips_endpoint = true";
const PRIVATE: &str = "services = vpc\n[services vpc]\ncognito_identity =\n  endpoint_url = https://vpce-0example-abcdefgh.cognito-identity.eu-west-1.vpce.amazonaws.com\n\
    sts =\n  endpoint_url = https://vpce-0example-ijklmnop.sts.eu-west-1.vpce.amazonaws.com";

/// Region, cognito_domain, further lines, and where they lead: domain, identity pool, STS.
const ROWS: &[(&str, &str, &str, [&str; 3])] = &[
    (
        "eu-west-1",
        "acme",
        "",
        [
            "https://acme.auth.eu-west-1.amazoncognito.com/",
            "https://cognito-identity.eu-west-1.amazonaws.com/",
            "https://sts.eu-west-1.amazonaws.com/",
        ],
    ),
    (
        "mx-central-1",
        "acme",
        "",
        [
            "https://acme.auth.mx-central-1.amazoncognito.com/",
            "https://cognito-identity.mx-central-1.amazonaws.com/",
            "https://sts.mx-central-1.amazonaws.com/",
        ],
    ),
    (
        "us-east-1",
        "acme",
        FIPS,
        [
            "https://acme.auth-fips.us-east-1.amazoncognito.com/",
            "https://cognito-identity-fips.us-east-1.amazonaws.com/",
            "https://sts-fips.us-east-1.amazonaws.com/",
        ],
    ),
    // The user pool may lie elsewhere than the identity pool.
    (
        "us-east-1",
        "acme",
        "cognito_user_pool_id = eu-west-1_AbCdEfGhI\nregion = eu-central-1",
        [
            "https://acme.auth.eu-west-1.amazoncognito.com/",
            "https://cognito-identity.us-east-1.amazonaws.com/",
            "https://sts.us-east-1.amazonaws.com/",
        ],
    ),
    // GovCloud has FIPS domains only, and an STS that is FIPS under its plain name.
    (
        "us-gov-west-1",
        "acme",
        "",
        [
            "https://acme.auth-fips.us-gov-west-1.amazoncognito.com/",
            "https://cognito-identity.us-gov-west-1.amazonaws.com/",
            "https://sts.us-gov-west-1.amazonaws.com/",
        ],
    ),
    (
        "us-gov-west-1",
        "acme",
        FIPS,
        [
            "https://acme.auth-fips.us-gov-west-1.amazoncognito.com/",
            "https://cognito-identity-fips.us-gov-west-1.amazonaws.com/",
            "https://sts.us-gov-west-1.amazonaws.com/",
        ],
    ),
    (
        "us-gov-east-1",
        "acme",
        FIPS,
        [
            "https://acme.auth-fips.us-gov-east-1.amazoncognito.com/",
            "https://cognito-identity-fips.us-gov-east-1.amazonaws.com/",
            "https://sts.us-gov-east-1.amazonaws.com/",
        ],
    ),
    (
        "cn-north-1",
        "https://login.example.com",
        "",
        [
            "https://login.example.com/",
            "https://cognito-identity.cn-north-1.amazonaws.com.cn/",
            "https://sts.cn-north-1.amazonaws.com.cn/",
        ],
    ),
    (
        "eusc-de-east-1",
        "https://login.example.com",
        "",
        [
            "https://login.example.com/",
            "https://cognito-identity.eusc-de-east-1.amazonaws.eu/",
            "https://sts.eusc-de-east-1.amazonaws.eu/",
        ],
    ),
    // FIPS endpoints that the rules name; whether a region has them, only its name server says.
    (
        "cn-north-1",
        "https://login.example.com",
        FIPS,
        [
            "https://login.example.com/",
            "https://cognito-identity-fips.cn-north-1.amazonaws.com.cn/",
            "https://sts-fips.cn-north-1.amazonaws.com.cn/",
        ],
    ),
    (
        "us-gov-west-1",
        "https://acme.auth-fips.us-gov-west-1.amazoncognito.com",
        "",
        [
            "https://acme.auth-fips.us-gov-west-1.amazoncognito.com/",
            "https://cognito-identity.us-gov-west-1.amazonaws.com/",
            "https://sts.us-gov-west-1.amazonaws.com/",
        ],
    ),
    // A custom domain stays as it is.
    (
        "us-east-1",
        "https://auth.example.com",
        FIPS,
        [
            "https://auth.example.com/",
            "https://cognito-identity-fips.us-east-1.amazonaws.com/",
            "https://sts-fips.us-east-1.amazonaws.com/",
        ],
    ),
    (
        "eu-west-1",
        "https://auth.example.com",
        "",
        [
            "https://auth.example.com/",
            "https://cognito-identity.eu-west-1.amazonaws.com/",
            "https://sts.eu-west-1.amazonaws.com/",
        ],
    ),
    (
        "eu-west-1",
        "https://auth.example.com",
        PRIVATE,
        [
            "https://auth.example.com/",
            "https://vpce-0example-abcdefgh.cognito-identity.eu-west-1.vpce.amazonaws.com/",
            "https://vpce-0example-ijklmnop.sts.eu-west-1.vpce.amazonaws.com/",
        ],
    ),
    (
        "eu-west-1",
        "https://auth.example.com",
        "endpoint_url = https://sts.eu-west-2.amazonaws.com",
        [
            "https://auth.example.com/",
            "https://sts.eu-west-2.amazonaws.com/",
            "https://sts.eu-west-2.amazonaws.com/",
        ],
    ),
    // What is said of one service beats what is said of all.
    (
        "eu-west-1",
        "https://auth.example.com",
        "endpoint_url = https://sts.eu-west-2.amazonaws.com\nservices = vpc\n[services vpc]\ncognito-identity =\n  endpoint_url = https://vpce-0example-abcdefgh.cognito-identity.eu-west-1.vpce.amazonaws.com",
        [
            "https://auth.example.com/",
            "https://vpce-0example-abcdefgh.cognito-identity.eu-west-1.vpce.amazonaws.com/",
            "https://sts.eu-west-2.amazonaws.com/",
        ],
    ),
];

#[test]
fn each_partition_and_setting_leads_where_it_should() {
    for (region, domain, lines, expected) in ROWS {
        let profile = profile(region, domain, lines, None).unwrap();
        let uri = |uri: Option<http::Uri>| uri.unwrap().to_string();
        let found =
            [profile.auth.authority().to_owned(), uri(api::endpoint(&profile)), uri(sts::endpoint(&profile))];
        assert_eq!(&found, expected, "{region} {domain} {lines}");
    }
}

#[test]
fn a_variable_moves_one_service_or_both() {
    let with = |name, value| profile("eu-west-1", "acme", PRIVATE, Some((name, value))).unwrap();
    let found = |profile: &Profile| {
        [api::endpoint(profile), sts::endpoint(profile)].map(|uri| uri.unwrap().host().unwrap().to_owned())
    };
    let sts_only = with("AWS_ENDPOINT_URL_STS", "https://other.example");
    assert_eq!(
        found(&sts_only),
        ["vpce-0example-abcdefgh.cognito-identity.eu-west-1.vpce.amazonaws.com", "other.example"]
    );
    let pool_only = with("AWS_ENDPOINT_URL_COGNITO_IDENTITY", "https://other.example");
    assert_eq!(
        found(&pool_only),
        ["other.example", "vpce-0example-ijklmnop.sts.eu-west-1.vpce.amazonaws.com"]
    );
    let both = with("AWS_ENDPOINT_URL", "https://other.example");
    assert_eq!(found(&both), ["other.example", "other.example"]);
    let none = with("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
    assert_eq!(found(&none), ["cognito-identity.eu-west-1.amazonaws.com", "sts.eu-west-1.amazonaws.com"]);
}

/// Kinds of accounts on the page, with what a profile says.
const ON_THE_PAGE: &[(&str, &str, &str, &str)] = &[
    ("commercial", "eu-west-1", "PREFIX", ""),
    ("commercial, `use_fips_endpoint = true`", "us-east-1", "PREFIX", FIPS),
    ("GovCloud", "us-gov-west-1", "PREFIX", ""),
    ("GovCloud", "us-gov-east-1", "PREFIX", ""),
    ("GovCloud, `use_fips_endpoint = true`", "us-gov-west-1", "PREFIX", FIPS),
    ("China", "cn-north-1", "https://login.example.com", ""),
    ("European Sovereign Cloud", "eusc-de-east-1", "https://auth.example.com", ""),
    ("custom domain", "eu-west-1", "https://auth.example.com", ""),
    ("PrivateLink", "eu-west-1", "https://auth.example.com", PRIVATE),
];

/// `UPDATE_DOCS=1 cargo test --test endpoints` writes the table of the page.
#[test]
fn the_page_says_what_the_program_does() {
    const BEGIN: &str = "<!-- endpoints: begin; made by UPDATE_DOCS=1 cargo test --test endpoints -->\n";
    let host = |uri: Option<http::Uri>| uri.unwrap().host().unwrap().to_owned();
    let mut table = "| account | region, for example | `cognito_domain` | identity pool | AWS STS (`cognito_flow = basic`) | principal in trust policies |\n\
        | --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for (account, region, domain, lines) in ON_THE_PAGE {
        let profile = profile(region, &domain.to_lowercase(), lines, None).unwrap();
        let domain = profile.auth.host().replace("prefix", "PREFIX");
        let (pool, sts) = (host(api::endpoint(&profile)), host(sts::endpoint(&profile)));
        let principal = role_refused::principal(region);
        writeln!(table, "| {account} | `{region}` | `{domain}` | `{pool}` | `{sts}` | `{principal}` |")
            .unwrap();
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/regions.md");
    let page = fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (kept, after) = rest.split_once("<!-- endpoints: end -->").unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(path, format!("{before}{BEGIN}{table}<!-- endpoints: end -->{after}")).unwrap();
    } else {
        assert_eq!(kept, table, "docs/regions.md is out of date");
    }
}

#[test]
fn a_prefix_that_means_no_domain_says_why() {
    for (region, lines, why) in [
        ("cn-north-1", "", "there are no user pools in cn-north-1"),
        (
            "eu-west-1",
            "cognito_user_pool_id = cn-northwest-1_AbCdEfGhI",
            "there are no user pools in cn-northwest-1",
        ),
        ("eusc-de-east-1", "", "write the whole URL"),
    ] {
        let told = profile(region, "acme", lines, None).unwrap_err();
        assert!(told.contains("cognito_domain") && told.contains(why), "{told}");
    }
    // An identity pool in China takes people of a user pool elsewhere.
    profile("cn-north-1", "acme", "cognito_user_pool_id = eu-west-1_AbCdEfGhI", None).unwrap();
}
