//! One of the person's roles, picked at the terminal and written into the profile as `cognito_role`.

use super::{Desk, env};
use crate::error::{Error, Next, foreign};
use crate::identity_pool::role;
use crate::login::Login;
use crate::output;
use crate::profile::auth::Auth;
use crate::profile::update::update;
use crate::profile::{Profile, config_path, edit, keys, no_identity_pool};
use crate::session::TokenKind;
use crate::sign_in::flight::Flight;
use crate::terminal::{self, Manner};
use crate::user_pool::claims::Claims;

/// Whether a person could pick, which is better known before the sign-in.
pub fn is_possible(profile: &Profile) -> Result<(), Error> {
    if profile.identity_pool.is_none() {
        return Err(no_identity_pool(profile));
    }
    if let Auth::Developer(_) = profile.auth {
        let what = format!(
            "Profile {} signs in at a backend of its own (cognito_auth = developer): the identity pool gives its one role, and there is none to pick.",
            profile.name
        );
        return Err(Error::new(Next::Stop, what, profile.command("login")));
    }
    if terminal::is_attended(&env) {
        return Ok(());
    }
    let what = "Picking a role needs somebody at a terminal; name the role instead.";
    Err(Error::new(Next::Stop, what, format!("{} --role NAME", profile.command("configure"))))
}

/// The signed-in person picks, and the profile gets it: the profile as it is then, or `None` where the
/// person leaves it as it was.
pub fn of_the_login(desk: &Desk) -> Result<Option<Desk>, Error> {
    let vault = desk.vault();
    let session = desk.session(&vault);
    let login = Flight { session: &session, journal: &desk.journal, env: &env }.token(TokenKind::Id)?;
    let claims = session.claims_of(&login.id_token, None)?;
    match role::choices(&claims)[..] {
        [] | [_] => Err(nothing_to_pick(&desk.profile, &claims)),
        _ => pick(&desk.profile, &claims)?.map(|role| keep(&desk.profile, &role)).transpose(),
    }
}

/// For a profile that is being written: the same, where a login is at hand that has a choice. No
/// network is asked, and whatever is in the way is no matter: nobody has asked for this.
pub fn offer(desk: &Desk) -> Result<(), Error> {
    let vault = desk.vault();
    let login = vault.load().ok().flatten();
    let claims = |login: Login| desk.session(&vault).claims_of(&login.id_token, None).ok();
    let Some(claims) = login.and_then(claims) else { return Ok(()) };
    if role::choices(&claims).len() < 2 || desk.profile.identity_pool.is_none() {
        return Ok(());
    }
    pick(&desk.profile, &claims)?.map_or(Ok(()), |role| keep(&desk.profile, &role).map(|_| ()))
}

/// What `cognito_role` is to be, as the person says.
fn pick(profile: &Profile, claims: &Claims) -> Result<Option<String>, Error> {
    let roles = role::choices(claims);
    let current = role::current(profile, claims);
    let start = roles.iter().position(|role| Some(*role) == current).unwrap_or(0);
    let question = format!(
        "Pick a role of {} for profile {}: it becomes cognito_role in {}.",
        foreign(claims.who()),
        profile.name,
        config_path(&env).display()
    );
    let manner = Manner::of(env("TERM").as_deref());
    let picked = terminal::pick(&foreign(&question), &rows(&roles, current), start, manner);
    let picked = picked.map_err(|why| none_picked(profile).because(why))?;
    picked
        .map(|row| role::key_for(roles[row], &roles).ok_or_else(|| no_role(profile, roles[row])))
        .transpose()
}

/// Name and ARN side by side, as text that can't do anything to a terminal.
fn rows(roles: &[&str], current: Option<&str>) -> Vec<String> {
    let names: Vec<_> = roles.iter().map(|role| foreign(role::name(role))).collect();
    let widest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let mark = |role: &str| if Some(role) == current { " (now)" } else { "" };
    let row = |(role, name): (&&str, &String)| format!("{name:widest$}  {}{}", foreign(role), mark(role));
    roles.iter().zip(&names).map(row).collect()
}

fn keep(profile: &Profile, role: &str) -> Result<Desk, Error> {
    let path = config_path(&env);
    let name = &profile.name;
    update(&path, |old| Ok((edit::set(old, name, &[(keys::ROLE.name, role)]), ())))?;
    output::stdout(&format!(
        "Profile {} in {}: {} = {role}",
        profile.shown(),
        path.display(),
        keys::ROLE.name
    ));
    Desk::new(name)
}

/// The person left without a choice, or could make none.
pub fn none_picked(profile: &Profile) -> Error {
    let what = format!("No role was picked; profile {} is as it was.", profile.name);
    Error::new(Next::Stop, what, profile.command("login --pick-role"))
}

fn nothing_to_pick(profile: &Profile, claims: &Claims) -> Error {
    let who = foreign(claims.who());
    let (what, role) = match role::choices(claims).first().map(|one| foreign(one)) {
        Some(one) => (format!("The login of {who} has one role, and nothing to pick from: {one}."), one),
        None => (
            format!("The login of {who} carries no roles to pick from; write the whole role ARN."),
            "arn:aws:iam::ACCOUNT:role/NAME".to_owned(),
        ),
    };
    Error::new(Next::Configure, what, role::set_role(profile, &role))
}

fn no_role(profile: &Profile, picked: &str) -> Error {
    let what = format!(
        "'{}' is no ARN of an IAM role and can't become cognito_role; profile {} is as it was.",
        foreign(picked),
        profile.name
    );
    Error::new(Next::Configure, what, profile.command("login --pick-role"))
}
