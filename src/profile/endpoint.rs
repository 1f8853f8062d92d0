//! Whom a config file may have a login sent to. A token counts with whoever has it, and a config file may
//! come with somebody's repository: see docs/decisions/0014.

use super::values::{is_loopback, is_region};
use url::Url;

/// What AWS's own names end in, partition by partition, with dual stack (the AWS SDKs' `partitions.json`).
const SUFFIXES: [&str; 10] = [
    "amazonaws.com",
    "api.aws",
    "amazonaws.com.cn",
    "api.amazonwebservices.com.cn",
    "amazonaws.eu",
    "api.amazonwebservices.eu",
    "c2s.ic.gov",
    "sc2s.sgov.gov",
    "csp.hci.ic.gov",
    "cloud.adc-e.uk",
];

/// What the sign-in of the console ends in (`console/mod.rs` says where that is from).
const CONSOLES: [&str; 3] = ["aws.amazon.com", "amazonaws-us-gov.com", "amazonaws.cn"];

/// The services that are sent a login or credentials, by the first part of their names.
const SERVICES: [&str; 5] = ["cognito-identity", "cognito-identity-fips", "sts", "sts-fips", "signin"];

/// Whether the config file may name this endpoint: a host of AWS's own for one of our services, a VPC
/// endpoint of one of them, or this machine where the login is this machine's, too (a stand-in for
/// Cognito). `server` is who issues the login.
///
/// The whole name counts and not its end: `BUCKET.s3.amazonaws.com` is whose the bucket is.
pub(super) fn may_be_written(endpoint: &Url, server: &Url) -> bool {
    let host = endpoint.host_str().unwrap_or_default();
    (is_of_aws(host) && is_bare(endpoint)) || (is_loopback(endpoint) && is_loopback(server))
}

/// Its scheme, its host and nothing more: which door of a host is knocked at is no choice of the file's.
fn is_bare(endpoint: &Url) -> bool {
    let bare = Url::parse(&format!("https://{}/", endpoint.host_str().unwrap_or_default()));
    bare.is_ok_and(|bare| bare == *endpoint)
}

fn is_of_aws(host: &str) -> bool {
    is_public(host) || is_in_a_vpc(host) || is_console(host)
}

/// `SERVICE.REGION.SUFFIX`, and the one that has no region.
fn is_public(host: &str) -> bool {
    let of_service = |host: &str| {
        let (service, place) = host.split_once('.')?;
        Some(SERVICES.contains(&service) && is_regional(place))
    };
    host == "sts.amazonaws.com" || of_service(host) == Some(true)
}

/// `VPCE-ID.SERVICE.REGION.vpce.SUFFIX` (AWS PrivateLink Guide, "Access an AWS service using an interface
/// VPC endpoint"). A service of somebody else's has `vpce-svc-…` in the second place.
fn is_in_a_vpc(host: &str) -> bool {
    let parts: Vec<_> = host.splitn(5, '.').collect();
    let [id, service, region, "vpce", suffix] = parts[..] else { return false };
    id.starts_with("vpce-") && SERVICES.contains(&service) && is_region(region) && SUFFIXES.contains(&suffix)
}

/// `signin.SUFFIX` and `REGION.signin.SUFFIX`.
fn is_console(host: &str) -> bool {
    let place = match host.split_once('.') {
        Some((region, place)) if is_region(region) => place,
        _ => host,
    };
    place.strip_prefix("signin.").is_some_and(|suffix| CONSOLES.contains(&suffix))
}

fn is_regional(place: &str) -> bool {
    place.split_once('.').is_some_and(|(region, suffix)| is_region(region) && SUFFIXES.contains(&suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(endpoint: &str, server: &str) -> bool {
        may_be_written(&Url::parse(endpoint).unwrap(), &Url::parse(server).unwrap())
    }

    #[test]
    fn a_file_may_name_hosts_of_aws_alone() {
        for good in [
            "cognito-identity.eu-west-1.amazonaws.com",
            "cognito-identity-fips.us-gov-west-1.amazonaws.com",
            "cognito-identity.cn-north-1.amazonaws.com.cn",
            "cognito-identity.eusc-de-east-1.amazonaws.eu",
            "sts.us-isob-east-1.sc2s.sgov.gov",
            "sts.amazonaws.com",
            "sts.eu-west-1.api.aws",
            "vpce-0example-abcdefgh.cognito-identity.eu-west-1.vpce.amazonaws.com",
            "vpce-0example-abcdefgh-eu-west-1a.sts.eu-west-1.vpce.amazonaws.com",
            "signin.aws.amazon.com",
            "us-east-1.signin.aws.amazon.com",
            "signin.amazonaws.cn",
            "COGNITO-IDENTITY.eu-west-1.amazonaws.com:443",
        ] {
            assert!(may(&format!("https://{good}"), "https://auth.example.com"), "{good}");
        }
        for bad in [
            "evil.example",
            "amazonaws.com",
            "cognito-identity.eu-west-1.amazonaws.com.evil.example",
            "cognito-identity.eu-west-1.evil-amazonaws.com",
            "cognito-identity.eu-west-1.amazonaws.com.",
            "evil.s3.amazonaws.com",
            "cognito-identity.s3.amazonaws.com",
            "cognito-identity.s3-eu-west-1.amazonaws.com",
            "cognito-identity.execute-api.eu-west-1.amazonaws.com",
            "sts.eu-west-1.elb.amazonaws.com",
            "sts.eu-west-1.amazonaws.com:8443",
            "sts.eu-west-1.amazonaws.com/?Action=x",
            "sts.eu-west-1.amazonaws.com/#x",
            "me@sts.eu-west-1.amazonaws.com",
            "cognito-identity.eu-west-1.amazonaws.com/elsewhere",
            "signin.aws.amazon.com/oauth?redirect_uri=https://evil.example",
            "us-east-1.signin.aws.amazon.com/oauth",
            "vpce-0example.vpce-svc-0evil.eu-west-1.vpce.amazonaws.com",
            "evil.cognito-identity.eu-west-1.vpce.amazonaws.com",
            "s3.eu-west-1.amazonaws.com",
            "evil.signin.aws.amazon.com",
            "cognito-identity.eu-west-1.amazonaws.com\u{430}",
            "c\u{43e}gnito-identity.eu-west-1.amazonaws.com",
            "localhost",
            "127.0.0.1:4566",
            "[::1]:4566",
        ] {
            assert!(!may(&format!("https://{bad}"), "https://auth.example.com"), "{bad}");
        }
    }

    #[test]
    fn a_stand_in_on_this_machine_may_have_what_is_of_this_machine() {
        assert!(may("http://127.0.0.1:4566", "http://localhost:9000"));
        assert!(!may("https://evil.example", "http://localhost:9000"));
    }
}
