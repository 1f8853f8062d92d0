//! Commands of the AWS CLI that show what Cognito has, for whoever may look there: the profile under
//! examination gives no credentials yet, and a login's role seldom allows it.

use crate::profile::values::{Domain, IdentityPoolId};
use crate::shell::word;

/// Which user pool a domain belongs to, if any (DescribeUserPoolDomain, which takes a custom domain
/// whole and a prefix alone). `pool` knows the region of a custom domain.
pub fn domain(domain: &Domain, pool: Option<&str>) -> String {
    let labels: Vec<_> = domain.host().split('.').collect();
    let (name, region) = match labels.as_slice() {
        [prefix, "auth" | "auth-fips", region, "amazoncognito", "com"] => (*prefix, Some(*region)),
        _ => (domain.host(), pool.and_then(region_of)),
    };
    let what = format!("describe-user-pool-domain --domain {}", word(name));
    cognito_idp(&what, region, "DomainDescription.UserPoolId")
}

/// What an app client allows (DescribeUserPoolClient).
pub fn app_client(pool: &str, client: &str) -> String {
    let what =
        format!("describe-user-pool-client --user-pool-id {} --client-id {}", word(pool), word(client));
    let shown =
        "UserPoolClient.[CallbackURLs,AllowedOAuthFlows,AllowedOAuthScopes,SupportedIdentityProviders]";
    cognito_idp(&what, region_of(pool), shown)
}

/// The app clients of a user pool (ListUserPoolClients).
pub fn app_clients(pool: &str) -> String {
    let what = format!("list-user-pool-clients --user-pool-id {}", word(pool));
    cognito_idp(&what, region_of(pool), "UserPoolClients[].[ClientId,ClientName]")
}

/// An identity pool and its providers (DescribeIdentityPool).
pub fn identity_pool(id: &IdentityPoolId) -> String {
    format!(
        "aws cognito-identity describe-identity-pool --identity-pool-id {} --region {}",
        word(id.as_str()),
        word(id.region())
    )
}

/// Whom a role trusts (GetRole), where it is known which one; else which roles the identity pool hands
/// out (GetIdentityPoolRoles).
pub fn role(id: &IdentityPoolId, arn: Option<&str>) -> String {
    match arn.and_then(|arn| arn.rsplit_once('/')) {
        Some((_, name)) => {
            format!("aws iam get-role --role-name {} --query Role.AssumeRolePolicyDocument", word(name))
        }
        None => format!(
            "aws cognito-identity get-identity-pool-roles --identity-pool-id {} --region {}",
            word(id.as_str()),
            word(id.region())
        ),
    }
}

fn cognito_idp(what: &str, region: Option<&str>, shown: &str) -> String {
    let region = region.map_or_else(String::new, |region| format!(" --region {}", word(region)));
    format!("aws cognito-idp {what}{region} --query {}", word(shown))
}

fn region_of(pool: &str) -> Option<&str> {
    Some(pool.split_once('_')?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_looked_up_by_its_prefix_or_as_a_whole() {
        let shown = |url: &str, pool| domain(&Domain::parse(url, None, false).unwrap(), pool);
        assert_eq!(
            shown("https://acme.auth.eu-west-1.amazoncognito.com", None),
            "aws cognito-idp describe-user-pool-domain --domain acme --region eu-west-1 --query DomainDescription.UserPoolId"
        );
        assert_eq!(
            shown("https://auth.example.com", Some("us-east-1_Abc")),
            "aws cognito-idp describe-user-pool-domain --domain auth.example.com --region us-east-1 --query DomainDescription.UserPoolId"
        );
        assert!(!shown("https://auth.example.com", None).contains("--region"));
    }

    #[test]
    #[cfg_attr(all(test, windows), ignore = "the paths and shells of Unix")]
    fn a_query_with_brackets_is_one_word_of_a_shell() {
        let command = app_client("us-east-1_Abc", "c");
        assert!(command.contains("--region us-east-1 --query 'UserPoolClient.["), "{command}");
    }
}
