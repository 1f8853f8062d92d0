//! Which role is asked for: `cognito_role` against the roles in the ID token.

use crate::error::{Error, Next, foreign};
use crate::profile::Profile;
use crate::profile::flow::Flow;
use crate::shell;
use crate::user_pool::claims::Claims;

/// The role ARN to ask for, or `None` to leave the choice to the pool.
///
/// An exact ARN beats an exact name beats a unique suffix of the name. With `cognito:roles` in the
/// token anything else is an error that lists them. Without that claim an ARN is sent as it is,
/// because rule-based mappings allow roles that the token doesn't name; a name can't be completed.
///
/// In the basic flow nobody else chooses: without `cognito_role` it is the preferred role, else the only
/// one. And a whole ARN is always sent as it is, because the role's trust policy alone decides there; it
/// may even lie in another account (Cognito Developer Guide, "Role trust and permissions").
pub fn choose(profile: &Profile, claims: &Claims) -> Result<Option<String>, Error> {
    let basic = matches!(profile.flow, Flow::Basic(_));
    let wanted = match profile.role.as_deref() {
        Some(wanted) if basic && wanted.starts_with("arn:") => return Ok(Some(wanted.to_owned())),
        Some(wanted) => wanted,
        None if basic => return only(profile, claims).map(Some),
        None => return Ok(None),
    };
    let Some(roles) = &claims.roles else {
        if wanted.starts_with("arn:") {
            return Ok(Some(wanted.to_owned()));
        }
        let what = format!(
            "cognito_role '{wanted}' of profile {} can't be completed: the login of {} carries no roles; write the whole role ARN.",
            profile.name,
            foreign(claims.who())
        );
        return Err(Error::new(Next::Configure, what, set_role(profile, "arn:aws:iam::ACCOUNT:role/NAME")));
    };
    match matching(wanted, roles).as_slice() {
        [one] => Ok(Some((*one).to_owned())),
        [] => Err(unclear(profile, roles, &format!("is not among the roles of {}", foreign(claims.who())))),
        several => Err(unclear(profile, several, "fits more than one role")),
    }
}

/// The role that goes without saying.
fn only(profile: &Profile, claims: &Claims) -> Result<String, Error> {
    let mut roles = claims.roles.clone().unwrap_or_default();
    roles.sort_unstable();
    roles.dedup();
    if let Some(role) = claims.preferred_role.as_ref().or_else(|| roles.first().filter(|_| roles.len() == 1))
    {
        return Ok(role.clone());
    }
    let who = foreign(claims.who());
    let (what, example) = match roles.first() {
        Some(first) => (
            format!(
                "{who} has several roles, and with cognito_flow = basic nobody else chooses; set cognito_role to one of {}.",
                listed(&roles)
            ),
            foreign(name(first)),
        ),
        None => (
            format!(
                "The login of {who} carries no role, and with cognito_flow = basic nobody else chooses; set cognito_role to a role's ARN."
            ),
            "arn:aws:iam::ACCOUNT:role/NAME".to_owned(),
        ),
    };
    Err(Error::new(Next::Configure, what, set_role(profile, &example)))
}

/// The roles that `wanted` may mean, best kind of match only.
fn matching<'a>(wanted: &str, roles: &'a [String]) -> Vec<&'a str> {
    let by = |fits: &dyn Fn(&str) -> bool| -> Vec<&'a str> {
        let mut found: Vec<_> = roles.iter().map(String::as_str).filter(|arn| fits(arn)).collect();
        found.sort_unstable();
        found.dedup();
        found
    };
    let kinds: [&dyn Fn(&str) -> bool; 3] =
        [&|arn| arn == wanted, &|arn| name(arn) == wanted, &|arn| name(arn).ends_with(wanted)];
    kinds.into_iter().map(by).find(|found| !found.is_empty()).unwrap_or_default()
}

/// The role's name: what follows the last `/` of its ARN.
pub fn name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

fn unclear<S: AsRef<str>>(profile: &Profile, roles: &[S], why: &str) -> Error {
    let wanted = profile.role.as_deref().unwrap_or_default();
    let what = format!(
        "cognito_role '{wanted}' of profile {} {why}. To choose from: {}.",
        profile.name,
        listed(roles)
    );
    let example = roles.first().map_or("NAME", AsRef::as_ref);
    Error::new(Next::Configure, what, set_role(profile, &foreign(example)))
}

/// The roles as one line of a message.
pub fn listed<S: AsRef<str>>(roles: &[S]) -> String {
    let shown: Vec<_> = roles.iter().take(20).map(|r| foreign(r.as_ref())).collect();
    match roles.len().checked_sub(shown.len()) {
        Some(more) if more > 0 => format!("{} and {more} more", shown.join(", ")),
        _ => shown.join(", "),
    }
}

/// The command that sets the role.
pub fn set_role(profile: &Profile, role: &str) -> String {
    shell::set_key("cognito_role", role, &profile.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(names: &[&str]) -> Vec<String> {
        names.iter().map(|n| format!("arn:aws:iam::123456789012:role/{n}")).collect()
    }

    #[test]
    fn an_exact_arn_beats_a_name_beats_a_suffix() {
        let all = roles(&["Dev", "path/Dev-ReadOnly", "TeamDev", "ReadOnly"]);
        assert_eq!(matching(&all[2], &all), [all[2].as_str()]);
        assert_eq!(matching("Dev", &all), [all[0].as_str()]);
        assert_eq!(matching("ReadOnly", &all), [all[3].as_str()]);
        assert_eq!(matching("mDev", &all), [all[2].as_str()]);
        assert_eq!(matching("y", &all).len(), 2);
        assert!(matching("Admin", &all).is_empty());
        assert!(matching("arn:aws:iam::123456789012:role/Other", &all).is_empty());
    }

    #[test]
    fn a_role_that_two_groups_give_is_one_choice() {
        assert_eq!(matching("Dev", &roles(&["Dev", "Dev"])).len(), 1);
    }
}
