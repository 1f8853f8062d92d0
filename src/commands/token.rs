//! `token`: the ID token, or the access token, alone on stdout.

use super::{Desk, env, hand_out, pointing, profile_name};
use crate::cli::Token;
use crate::error::{Error, Next};
use crate::journal::{Journal, Wanted};
use crate::profile::Profile;
use crate::profile::auth::Auth;
use crate::session::TokenKind;
use crate::sign_in::flight::Flight;
use zeroize::Zeroizing;

/// Prints a token of the profile's login. stdin is never read, and on success stderr stays empty.
pub fn run(args: &Token) -> Result<(), Error> {
    let name = profile_name(args.profile.as_deref());
    print(&name, if args.access { TokenKind::Access } else { TokenKind::Id })
        .inspect_err(|error| Journal::new().note_for(Wanted::Token, &name, error.what()))
}

fn print(name: &str, kind: TokenKind) -> Result<(), Error> {
    let desk = Desk::new(name)?;
    if let Auth::Developer(_) = &desk.profile.auth {
        return Err(no_tokens(&desk.profile));
    }
    let vault = desk.vault();
    let session = desk.session(&vault);
    let flight = Flight { session: &session, journal: &desk.journal, env: &env };
    let login = flight.token(kind).map_err(|error| pointing(error, &desk.profile))?;
    let line = Zeroizing::new(format!("{}\n", kind.of(&login)));
    hand_out(&desk.profile, "token", line.as_bytes())
}

/// The token that a backend gives is the identity pool's own, and good for nothing else.
fn no_tokens(profile: &Profile) -> Error {
    let what = format!(
        "Profile {} signs in at a backend of its own (cognito_auth = developer), which gives AWS credentials but no ID or access token.",
        profile.name
    );
    Error::new(Next::Configure, what, profile.command("credential-process"))
}
