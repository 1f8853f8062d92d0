//! Which role is assumed.

use crate::support::cases::Cases;
use crate::support::{Machine, alice};
use crate::{BASIC, assumed, machine, sent};
use cognito_sandbox::world::{Group, Role, S3Policy};
use cognito_sandbox::{Person, cast};

/// Gives alice these roles, of one rank.
fn roles(machine: &Machine, names: &[&str]) {
    machine.sandbox.change(|world| {
        let arns: Vec<_> = names.iter().map(|name| world.role_arn(name)).collect();
        let groups = arns.into_iter().enumerate().map(|(n, arn)| Group {
            name: format!("g{n}"),
            role_arn: Some(arn),
            precedence: Some(1),
        });
        world.groups.extend(groups);
        world.user_mut("alice").groups = (0..names.len()).map(|n| format!("g{n}")).collect();
    });
}

#[test]
fn the_role_is_the_wish_else_the_preferred_else_the_only_one() {
    let elsewhere = "arn:aws:iam::999999999999:role/Elsewhere";
    let role = |name: &str| format!("arn:aws:iam::123456789012:role/{name}");
    for (keys, groups, expected) in [
        ("", None, role("Developer")),
        ("cognito_role = ReadOnly\n", None, role("ReadOnly")),
        ("cognito_role = Only\n", None, role("ReadOnly")),
        // The trust policy decides, not the groups.
        ("cognito_role = arn:aws:iam::123456789012:role/Authenticated\n", None, role("Authenticated")),
        ("cognito_role = arn:aws:iam::999999999999:role/Elsewhere\n", None, elsewhere.to_owned()),
        ("", Some(&["ReadOnly"][..]), role("ReadOnly")),
    ] {
        let machine = machine(keys, alice());
        machine.sandbox.change(|world| {
            let s3 = S3Policy::None;
            world.roles.push(Role {
                arn: elsewhere.to_owned(),
                s3,
                max_session_seconds: 3600,
                trusts_pool: true,
            });
        });
        if let Some(names) = groups {
            roles(&machine, names);
        }
        machine.call().document();
        assert_eq!(sent(&machine, "RoleArn"), expected, "{keys}");
    }
}

#[test]
fn without_a_clear_role_those_there_are_are_told() {
    let mut cases = Cases::of("basic-roles");
    let several = machine("", Person::new("carol", cast::PASSWORD));
    let what = cases.tell("several roles and no preference", &several, &several.call());
    assert!(what.contains("role/Developer") && what.contains("role/ReadOnly"), "{what}");
    let none = machine("", Person::new("bob", cast::PASSWORD));
    cases.tell("no role", &none, &none.call());
    let other = machine("cognito_role = Admin\n", alice());
    cases.tell("a name of nobody", &other, &other.call());
    for machine in [several, none, other] {
        assert!(assumed(&machine).is_empty());
        assert!(machine.login().is_some(), "who signed in stays signed in");
    }
    cases.compare();
}

/// An OpenID provider's token names no roles: the role's trust policy decides.
#[test]
fn a_person_of_an_openid_provider_gets_the_role_that_is_written_down() {
    let mut machine = Machine::bare();
    let redirect = format!("http://localhost:{}/callback", machine.port);
    let profile = machine.sandbox.oidc_profile("dev", cast::OIDC_TENANT, &redirect);
    let role = "cognito_role = arn:aws:iam::123456789012:role/Authenticated\n";
    machine.configure(&format!("{profile}{BASIC}{role}"));
    machine.seat(alice());
    machine.call().document();
    assert_eq!(sent(&machine, "RoleArn"), "arn:aws:iam::123456789012:role/Authenticated");
}
