//! Which role the identity pool gives, in AWS's order: the role asked for, the mapping, the default.

use crate::identity_pool::Refusal;
use crate::world::{MappingKind, World};
use serde_json::Value;

/// The role's ARN for a person with these claims.
pub(crate) fn choose(
    world: &World,
    provider: &str,
    claims: &Value,
    wish: Option<&str>,
) -> Result<String, Refusal> {
    let pool = &world.identity_pool;
    // The mapping is the user pool's; everybody else gets the default role.
    let mapping = pool.mapping.as_ref().filter(|_| provider == world.logins_key());
    let role = match (mapping, wish) {
        (None, None) => default_role(world)?,
        (None, Some(_)) => return Err(refused_wish()),
        (Some(mapping), Some(wish)) => {
            let allowed = match &mapping.kind {
                MappingKind::Token => roles_in(claims).iter().any(|role| role == wish),
                MappingKind::Rules(rules) => {
                    rules.iter().any(|rule| rule.role_arn == wish && applies(rule, claims))
                }
            };
            if !allowed {
                return Err(refused_wish());
            }
            wish.to_owned()
        }
        (Some(mapping), None) => match by_mapping(&mapping.kind, claims) {
            Some(role) => role,
            None if mapping.deny_ambiguous => {
                let text = "The ambiguous role mapping rules denied this request";
                return Err(("NotAuthorizedException", text.to_owned()));
            }
            None => default_role(world)?,
        },
    };
    match world.role(&role) {
        Some(known) if known.trusts_pool => Ok(role),
        _ => Err(no_role()),
    }
}

fn by_mapping(kind: &MappingKind, claims: &Value) -> Option<String> {
    match kind {
        MappingKind::Rules(rules) => {
            rules.iter().find(|rule| applies(rule, claims)).map(|rule| rule.role_arn.clone())
        }
        MappingKind::Token => {
            let preferred = claims["cognito:preferred_role"].as_str().map(str::to_owned);
            let mut roles = roles_in(claims);
            preferred.or_else(|| if roles.len() == 1 { roles.pop() } else { None })
        }
    }
}

/// `cognito:roles`, an array or a comma-separated string.
fn roles_in(claims: &Value) -> Vec<String> {
    match &claims["cognito:roles"] {
        Value::Array(roles) => roles.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::String(roles) => roles.split(',').map(|role| role.trim().to_owned()).collect(),
        _ => Vec::new(),
    }
}

fn applies(rule: &crate::world::Rule, claims: &Value) -> bool {
    match &claims[&rule.claim] {
        Value::String(value) => *value == rule.value,
        Value::Array(values) => values.iter().any(|value| value.as_str() == Some(&rule.value)),
        _ => false,
    }
}

fn default_role(world: &World) -> Result<String, Refusal> {
    world.identity_pool.authenticated_role.clone().ok_or_else(no_role)
}

fn no_role() -> Refusal {
    let text = "Invalid identity pool configuration. Check assigned IAM roles for this pool.";
    ("InvalidIdentityPoolConfigurationException", text.to_owned())
}

/// AWS documents that this is refused, not with which words.
fn refused_wish() -> Refusal {
    (
        "NotAuthorizedException",
        "Access to the requested role is not allowed by the role mappings of this identity pool.".to_owned(),
    )
}
