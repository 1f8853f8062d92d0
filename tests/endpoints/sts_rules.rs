//! AWS STS, compared with the rules that AWS publishes for it.

use crate::profile;
use crate::support::cases::Cases;
use crate::support::{Machine, alice};
use aws_sdk_sts::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use cognito_creds::identity_pool::sts;
use std::fs;
use std::task::{Context, Poll, Waker};

/// Regions of every partition, and one that is none.
const REGIONS: &[&str] = &[
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ca-central-1",
    "eu-west-1",
    "eu-central-2",
    "ap-southeast-5",
    "il-central-1",
    "mx-central-1",
    "af-south-1",
    "us-gov-west-1",
    "us-gov-east-1",
    "cn-north-1",
    "cn-northwest-1",
    "eusc-de-east-1",
    "us-iso-east-1",
    "us-isob-east-1",
    "xx-moon-1",
];

/// STS's own endpoint, by the rules that AWS publishes for it in its SDK.
fn by_the_rules(region: &str, fips: bool, instead: Option<&str>) -> Option<http::Uri> {
    let params = Params::builder().region(region).use_fips(fips).set_endpoint(instead.map(str::to_owned));
    let (params, resolver) = (params.build().unwrap(), DefaultResolver::new());
    let mut answer = std::pin::pin!(resolver.resolve_endpoint(&params));
    match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(endpoint) => Some(endpoint.ok()?.url().parse().unwrap()),
        Poll::Pending => panic!("the default resolver asks nobody"),
    }
}

#[test]
fn sts_is_where_its_own_rules_say() {
    for region in REGIONS {
        for fips in [false, true] {
            for instead in [None, Some("https://sts.vpce.example")] {
                let lines = format!("use_fips_endpoint = {fips}");
                let variable = instead.map(|url| ("AWS_ENDPOINT_URL_STS", url));
                let profile = profile(region, "https://auth.example.com", &lines, variable).unwrap();
                let expected = by_the_rules(region, fips, instead);
                assert_eq!(sts::endpoint(&profile), expected, "{region} fips={fips} {instead:?}");
            }
        }
    }
}

/// AWS's rules refuse FIPS together with an address of one's own, for each service by itself.
#[test]
fn what_the_rules_refuse_is_told() {
    let mut cases = Cases::of("no-endpoint");
    let mut machine = Machine::with("cognito_store = file\ncognito_flow = basic\n");
    machine.seat(alice());
    let both = machine.call_with(&[("AWS_USE_FIPS_ENDPOINT", "true")]);
    cases.tell("FIPS and an address of one's own", &machine, &both);
    machine.leave();
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let lines = config.lines().filter(|line| !line.starts_with("endpoint_url"));
    machine.configure(&lines.map(|line| format!("{line}\n")).collect::<String>());
    let sts = machine.call_with(&[
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_ENDPOINT_URL_STS", "https://sts.vpce.example"),
    ]);
    cases.tell("the same for AWS STS", &machine, &sts);
    cases.compare();
}

#[test]
fn the_enhanced_flow_has_no_business_with_sts() {
    let profile = profile("eu-west-1", "acme", "cognito_flow = enhanced", None).unwrap();
    assert_eq!(sts::endpoint(&profile), None);
}
