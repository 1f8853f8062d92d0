//! The sign-in without a port: a person pastes the address that their browser ended on.

use super::{Attendance, Settled, SignedIn};
use crate::error::Error;
use crate::profile::auth::AppClient;
use crate::profile::redirect_uri::RedirectUri;
use crate::sign_in::words;
use crate::user_pool::authorize::Request;
use crate::user_pool::callback::{Callback, NotOurs, Reading, read_query};
use std::time::Instant;
use url::Url;

/// How often a person may paste something else.
const ATTEMPTS: usize = 3;

impl Attendance<'_> {
    /// Runs the sign-in without a port: `ask` is told where the person has to go and, from the second time
    /// on, what was wrong with the text before; it gives back what was pasted, or `TimedOut` at the instant. State and PKCE hold as they
    /// do for the listener, and so do the path and the port that it would have had.
    pub fn run_pasted(
        self,
        app: &AppClient,
        mut ask: impl FnMut(&Url, Option<&str>, Instant) -> std::io::Result<String>,
    ) -> Result<SignedIn, Error> {
        let (session, profile) = (self.session, self.session.profile);
        session.client().and_then(|_| session.vault.is_ready()).map_err(|e| self.not_begun(e))?;
        let endpoints = session.endpoints(app).map_err(|e| self.not_begun(e))?;
        // Nothing is bound, so none of them is taken.
        let redirect = app.redirect_uris.first().ok_or_else(|| words::nothing_pasted(profile))?;
        let request = Request::new(app, &endpoints.authorize, redirect, self.again)?;
        let until = Instant::now() + profile.login_timeout;
        let mut wrong: Option<String> = None;
        for _ in 0..ATTEMPTS {
            let pasted = ask(&request.url, wrong.as_deref(), until)
                .map_err(|e| self.no_answer(&e, words::nothing_pasted(profile)))?;
            if self.is_replaced() {
                return Err(words::taken_over(profile));
            }
            match read_pasted(&pasted, redirect, &request) {
                Ok(callback) => {
                    // Gives the terminal back before the network takes its time.
                    drop(ask);
                    return self.complete(app, callback, &request, redirect).and_then(Settled::whole);
                }
                Err(what) => wrong = Some(what),
            }
        }
        let last = wrong.unwrap_or_default();
        Err(self.not_begun(words::not_that_address(profile, &last)))
    }
}

/// The answer in a pasted text, or a sentence that says why there is none.
pub fn read_pasted(pasted: &str, redirect: &RedirectUri, request: &Request) -> Result<Callback, String> {
    let address = unwrapped(pasted);
    let begins = format!("the one to paste begins with {}", redirect.as_str());
    let Some(query) = redirect.query_of(address) else {
        let is_the_first =
            address.split_once('?').map(|(page, _)| page) == request.url.as_str().split('?').next();
        return Err(match address {
            "" => format!("Nothing was pasted; {begins} and holds a code."),
            _ if is_the_first => {
                format!("That is the address to open; {begins}, and the browser shows it after the sign-in.")
            }
            _ => format!("That is not the address that this sign-in ends on; {begins} and holds a code."),
        });
    };
    match read_query(query, &request.state) {
        Reading::TheOne(callback) => Ok(callback),
        Reading::NotOurs(why) => Err(match why {
            NotOurs::Empty => "That address holds no code; copy all of it.".to_owned(),
            NotOurs::Malformed => {
                "That address is not complete, or was changed; copy all of it, and nothing else.".to_owned()
            }
            NotOurs::OtherState => {
                "That address belongs to another sign-in; open the address shown here.".to_owned()
            }
            NotOurs::StrayError(error) => format!(
                "That address holds an error without proof that it is about this sign-in ({}).",
                error.trim_end_matches('.')
            ),
        }),
    }
}

/// Without what surrounds an address in mails, shells and chats: blanks, quotes, angle brackets.
fn unwrapped(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || "'\"`<>".contains(c))
}

#[cfg(test)]
mod tests {
    use super::unwrapped;

    #[test]
    fn what_surrounds_an_address_is_left_out() {
        for text in [
            " http://x/?a=1\t",
            "'http://x/?a=1'",
            " <http://x/?a=1> ",
            "\"http://x/?a=1\"",
            "`http://x/?a=1`",
        ] {
            assert_eq!(unwrapped(text), "http://x/?a=1", "{text}");
        }
    }
}
