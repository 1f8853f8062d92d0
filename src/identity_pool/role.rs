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
    let roles = choices(claims);
    let one = roles.first().copied().filter(|_| roles.len() == 1);
    if let Some(role) = claims.preferred_role.as_deref().or(one) {
        return Ok(role.to_owned());
    }
    let who = foreign(claims.who());
    if roles.is_empty() {
        let what = format!(
            "The login of {who} carries no role, and with cognito_flow = basic nobody else chooses; set cognito_role to a role's ARN."
        );
        return Err(Error::new(Next::Configure, what, set_role(profile, "arn:aws:iam::ACCOUNT:role/NAME")));
    }
    let what = format!(
        "{who} has several roles, and with cognito_flow = basic nobody else chooses; set cognito_role to one of {}.",
        listed(&roles)
    );
    Err(to_choose(profile, &roles, what))
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
    to_choose(profile, roles, what)
}

/// The error where the identity pool does not choose among the person's roles.
pub fn not_chosen(profile: &Profile, claims: &Claims) -> Error {
    let who = foreign(claims.who());
    let roles = choices(claims);
    if roles.is_empty() {
        let what = format!(
            "{who} has no role that the identity pool could choose; add the person to a group with a role."
        );
        return Error::new(Next::Configure, what, profile.command("doctor"));
    }
    let what = format!(
        "{who} has several roles and the identity pool does not choose; set cognito_role to one of {}.",
        listed(&roles)
    );
    to_choose(profile, &roles, what)
}

/// One role is set with a command to paste; among several, a person picks.
fn to_choose<S: AsRef<str>>(profile: &Profile, roles: &[S], what: String) -> Error {
    match roles {
        [one] => Error::new(Next::Configure, what, set_role(profile, &foreign(one.as_ref()))),
        _ => Error::new(Next::ChooseRole, what, profile.command("login --pick-role")),
    }
}

/// The roles that the person may choose from: each once, in the order of the token.
pub fn choices(claims: &Claims) -> Vec<&str> {
    let mut choices: Vec<&str> = Vec::new();
    for role in claims.roles.iter().flatten() {
        if !choices.contains(&role.as_str()) {
            choices.push(role);
        }
    }
    choices
}

/// What `cognito_role` has to be for this one of the roles: its name, where no other has it, else the
/// ARN. `None` for what is no ARN of an IAM role (IAM User Guide, "IAM identifiers"), which no identity
/// pool could take and no file should hold: the token is foreign text.
pub fn key_for(arn: &str, roles: &[&str]) -> Option<String> {
    if !is_role_arn(arn) {
        return None;
    }
    let same = roles.iter().filter(|other| name(other) == name(arn)).count();
    Some(if same == 1 { name(arn) } else { arn }.to_owned())
}

fn is_role_arn(text: &str) -> bool {
    let parts: Vec<_> = text.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, resource] = parts[..] else { return false };
    let name = name(resource);
    (partition == "aws" || partition.starts_with("aws-"))
        && account.bytes().all(|b| b.is_ascii_digit())
        && resource.starts_with("role/")
        && text.bytes().all(|b| b.is_ascii_graphic())
        && (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b))
}

/// The choice that stands: the role that `cognito_role` means, else the token's preferred one.
pub fn current<'a>(profile: &Profile, claims: &'a Claims) -> Option<&'a str> {
    match (profile.role.as_deref(), claims.roles.as_deref()) {
        (Some(wanted), Some(roles)) => match matching(wanted, roles)[..] {
            [one] => Some(one),
            _ => None,
        },
        _ => claims.preferred_role.as_deref(),
    }
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

    const DEV: &str = "arn:aws:iam::123456789012:role/Dev";
    const READ_ONLY: &str = "arn:aws:iam::123456789012:role/ReadOnly";
    const TEAM_DEV: &str = "arn:aws:iam::123456789012:role/TeamDev";
    const IN_A_PATH: &str = "arn:aws:iam::123456789012:role/path/Dev-ReadOnly";
    const CHINA: &str = "arn:aws-cn:iam::123456789012:role/Reader";
    const GOV: &str = "arn:aws-us-gov:iam::123456789012:role/Auditor";
    const TWIN: &str = "arn:aws:iam::210987654321:role/Twin";
    const OTHER_TWIN: &str = "arn:aws:iam::123456789012:role/Twin";
    const ALL: &[&str] = &[DEV, IN_A_PATH, TEAM_DEV, READ_ONLY, CHINA, GOV, TWIN, OTHER_TWIN];

    fn roles(all: &[&str]) -> Vec<String> {
        all.iter().map(|&arn| arn.to_owned()).collect()
    }

    #[test]
    fn an_exact_arn_beats_a_name_beats_a_suffix() {
        let all = roles(ALL);
        for (wanted, meant) in [
            // By ARN: with a path, of another partition, of one account among two.
            (TEAM_DEV, &[TEAM_DEV][..]),
            (IN_A_PATH, &[IN_A_PATH]),
            (CHINA, &[CHINA]),
            (GOV, &[GOV]),
            (TWIN, &[TWIN]),
            ("arn:aws:iam::123456789012:role/Other", &[]),
            ("arn:aws:iam::123456789012:role/Dev-ReadOnly", &[]),
            ("arn:aws:iam::123456789012:role/Reader", &[]),
            // By name, also where another name ends with it.
            ("Dev", &[DEV]),
            ("ReadOnly", &[READ_ONLY]),
            ("Dev-ReadOnly", &[IN_A_PATH]),
            ("Reader", &[CHINA]),
            ("Twin", &[OTHER_TWIN, TWIN]),
            // By the end of a name, where it is the end of one.
            ("mDev", &[TEAM_DEV]),
            ("-ReadOnly", &[IN_A_PATH]),
            ("itor", &[GOV]),
            ("Only", &[IN_A_PATH, READ_ONLY]),
            // A path is no part of the name, and IAM keeps the case.
            ("path/Dev-ReadOnly", &[]),
            ("path", &[]),
            ("dev", &[]),
            ("READONLY", &[]),
            ("role/Dev", &[]),
            ("Admin", &[]),
        ] {
            let mut meant = meant.to_vec();
            meant.sort_unstable();
            assert_eq!(matching(wanted, &all), meant, "{wanted}");
        }
    }

    #[test]
    fn a_role_that_two_groups_give_is_one_choice() {
        assert_eq!(matching("Dev", &roles(&[DEV, DEV])).len(), 1);
    }

    #[test]
    fn what_is_written_for_a_choice_means_that_choice() {
        let all = roles(ALL);
        for &arn in ALL {
            let key = key_for(arn, ALL).unwrap();
            assert_eq!(matching(&key, &all), [arn], "{key}");
        }
        assert_eq!(key_for(IN_A_PATH, ALL).as_deref(), Some("Dev-ReadOnly"));
        assert_eq!(key_for(TWIN, ALL).as_deref(), Some(TWIN));
    }

    #[test]
    fn what_is_no_role_arn_is_never_written() {
        for text in [
            "",
            "Dev",
            "arn:aws:iam::123456789012:user/Dev",
            "arn:aws:iam::123456789012:role/",
            "arn:evil:iam::123456789012:role/Dev",
            "arn:aws:iam::12345678901x:role/Dev",
            "arn:aws:iam::123456789012:role/a b",
            "arn:aws:iam::123456789012:role/a\nregion = x",
            "arn:aws:iam::123456789012:role/\u{1b}[2J/Dev",
            "arn:aws:iam::123456789012:role/D\u{e9}v",
            "arn:aws:iam::123456789012:role/a#b",
        ] {
            assert_eq!(key_for(text, &[text]), None, "{text:?}");
        }
    }
}

#[cfg(test)]
#[path = "role_properties.rs"]
mod properties;
