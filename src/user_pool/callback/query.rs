//! What the query of a redirect says, and whether it belongs to this sign-in.
//!
//! A pure function over text, so that an address a person pastes is read by the same rules as one
//! the browser brings.

use crate::error::{Error, foreign};
use crate::secret::{AuthorizationCode, random_text, same};
use std::borrow::Cow;
use std::fmt;

/// Longest query that is read, in bytes. A Cognito code has 36 characters and its longest error
/// texts some hundred, so this leaves room for every provider while bounding what is kept.
const QUERY_MAX: usize = 8 * 1024;

/// The `state` of one authorization request: 256 random bits as 43 base64url characters (RFC 6749
/// §10.12; Cognito wants no URL-encoded JSON here). Whoever shows it was sent by this sign-in.
#[derive(Clone)]
pub struct State(String);

impl State {
    /// A fresh one. Fails only where the operating system has no random numbers.
    pub fn new() -> Result<Self, Error> {
        random_text::<32>().map(Self)
    }

    /// The text for `state=`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("State([redacted])")
    }
}

/// What the authorization server sent back (RFC 6749 §4.1.2). Text is as it came, at most 8 KiB in
/// all; pass it through [`foreign`] before a person sees it.
#[derive(Debug, Clone)]
pub enum Callback {
    /// The person signed in.
    Code {
        /// The code to exchange.
        code: AuthorizationCode,
        /// Who says it issued the code (RFC 9207), for the caller to compare.
        iss: Option<String>,
    },
    /// The person or the provider said no, or something is set up wrong.
    Refused {
        /// The OAuth error code, such as `access_denied`.
        error: String,
        /// The `error_description`.
        description: Option<String>,
        /// Who says so, as above.
        iss: Option<String>,
    },
}

impl Callback {
    /// Who says it is from them (RFC 9207).
    pub fn iss(&self) -> Option<&str> {
        match self {
            Self::Code { iss, .. } | Self::Refused { iss, .. } => iss.as_deref(),
        }
    }
}

/// How a query was read.
#[derive(Debug, Clone)]
pub enum Reading {
    /// The answer to our request.
    TheOne(Callback),
    /// Something else, and why.
    NotOurs(NotOurs),
}

/// Why a query is not the answer to our request. Displays as a sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOurs {
    /// Neither a code nor an error: a bare visit.
    #[error("It holds no answer from a sign-in.")]
    Empty,
    /// Not as RFC 6749 §4.1.2 has it: too long, a parameter twice, code and error together, a code
    /// with characters that none can have.
    #[error("It is not the complete and unchanged answer of a sign-in.")]
    Malformed,
    /// A code with the `state` of another sign-in or none: an old tab, or a forgery.
    #[error("It belongs to another sign-in.")]
    OtherState,
    /// An error without our `state`. Any page can forge one and Cognito documents `state` on errors
    /// for `login_required` only, so it may be told when time runs out, never acted on. The text has
    /// been through [`foreign`].
    #[error("It holds an error without proof that it is about this sign-in: {0}")]
    StrayError(String),
}

/// Reads the raw query (what follows `?`, still percent-encoded) of a redirect.
///
/// Unknown parameters are tolerated, known ones may stand once (RFC 6749 §3.1).
pub fn read_query(query: &str, state: &State) -> Reading {
    match Answer::parse(query) {
        Ok(answer) => answer.judge(state),
        Err(reason) => Reading::NotOurs(reason),
    }
}

/// The parameters that mean something, each at most once.
#[derive(Default)]
struct Answer<'a> {
    state: Option<Cow<'a, str>>,
    code: Option<Cow<'a, str>>,
    iss: Option<Cow<'a, str>>,
    error: Option<Cow<'a, str>>,
    description: Option<Cow<'a, str>>,
}

impl<'a> Answer<'a> {
    fn parse(query: &'a str) -> Result<Self, NotOurs> {
        if query.len() > QUERY_MAX {
            return Err(NotOurs::Malformed);
        }
        let mut answer = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "state" => &mut answer.state,
                "code" => &mut answer.code,
                "iss" => &mut answer.iss,
                "error" => &mut answer.error,
                "error_description" => &mut answer.description,
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err(NotOurs::Malformed);
            }
        }
        Ok(answer)
    }

    fn judge(self, state: &State) -> Reading {
        let ours = self.state.as_deref().is_some_and(|theirs| same(state.as_str(), theirs));
        Reading::NotOurs(match (self.code, self.error) {
            (Some(_), Some(_)) => NotOurs::Malformed,
            (None, None) => NotOurs::Empty,
            (Some(code), None) if !is_code(&code) => NotOurs::Malformed,
            (None, Some(error)) if error.is_empty() => NotOurs::Malformed,
            (Some(_), None) if !ours => NotOurs::OtherState,
            (None, Some(error)) if !ours => NotOurs::StrayError(told(&error, self.description.as_deref())),
            (Some(code), None) => {
                return Reading::TheOne(Callback::Code {
                    code: AuthorizationCode::new(code),
                    iss: self.iss.map(Cow::into_owned),
                });
            }
            (None, Some(error)) => {
                return Reading::TheOne(Callback::Refused {
                    error: error.into_owned(),
                    description: self.description.map(Cow::into_owned),
                    iss: self.iss.map(Cow::into_owned),
                });
            }
        })
    }
}

/// A code is one or more printable ASCII characters (RFC 6749 Appendix A.11); so no NUL, no line
/// break, nothing that was not UTF-8 before it was decoded.
fn is_code(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

fn told(error: &str, description: Option<&str>) -> String {
    match description {
        Some(description) => foreign(&format!("{error}: {description}")),
        None => foreign(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fixed() -> State {
        State("s".repeat(43))
    }

    fn why(query: &str) -> NotOurs {
        match read_query(query, &fixed()) {
            Reading::NotOurs(why) => why,
            Reading::TheOne(callback) => panic!("{query:?} was taken: {callback:?}"),
        }
    }

    fn code_of(query: &str, state: &State) -> Option<(String, Option<String>)> {
        match read_query(query, state) {
            Reading::TheOne(Callback::Code { code, iss }) => Some((code.expose().to_owned(), iss)),
            _ => None,
        }
    }

    #[test]
    fn a_state_is_256_fresh_bits() {
        let (a, b) = (State::new().unwrap(), State::new().unwrap());
        assert_eq!(a.as_str().len(), 43);
        assert_ne!(a.as_str(), b.as_str());
        assert_eq!(format!("{a:?}"), "State([redacted])");
    }

    #[test]
    fn the_true_answer_is_taken_whatever_stands_beside_it() {
        let s = fixed();
        let state = s.as_str();
        for query in [
            format!("code=a-1&state={state}"),
            format!("state={state}&code=a-1&session_state=x&scope=openid+email&x&&=&%FF=%00"),
            format!("%73tate={state}&c%6Fde=%61-1"),
        ] {
            assert_eq!(code_of(&query, &s), Some(("a-1".into(), None)), "{query}");
        }
        assert_eq!(
            code_of(&format!("code=a&iss=https%3A%2F%2Fx&state={state}"), &s),
            Some(("a".into(), Some("https://x".into())))
        );
    }

    #[test]
    fn a_refusal_with_our_state_comes_through_as_it_was_written() {
        let query =
            format!("error=access_denied&error_description=No%0D%0A%3Cb%3E&state={}", fixed().as_str());
        let Reading::TheOne(Callback::Refused { error, description, .. }) = read_query(&query, &fixed())
        else {
            panic!("not taken");
        };
        assert_eq!((error.as_str(), description.as_deref()), ("access_denied", Some("No\r\n<b>")));
    }

    #[test]
    fn an_error_without_our_state_is_told_clean_and_never_taken() {
        for state in ["", "&state=", "&state=x", "&state=ssss"] {
            assert_eq!(
                why(&format!("error=a%1b[2J&error_description=b%0Ac{state}")),
                NotOurs::StrayError("a [2J: b c".into())
            );
        }
    }

    #[test]
    fn a_code_without_our_state_is_not_ours() {
        let short = "s".repeat(42);
        let long = "s".repeat(44);
        for state in
            ["", "&state", "&state=", "&state=x", &format!("&state={short}"), &format!("&state={long}")]
        {
            assert_eq!(why(&format!("code=a{state}")), NotOurs::OtherState, "{state}");
        }
    }

    #[test]
    fn a_parameter_twice_is_not_ours() {
        let state = fixed().0;
        for query in [
            format!("code=a&code=a&state={state}"),
            format!("code=a&state={state}&state={state}"),
            format!("code=a&state={state}&st%61te=x"),
            format!("code=a&iss=x&iss=x&state={state}"),
            format!("error=a&error=b&state={state}"),
            format!("error=a&error_description=a&error_description=&state={state}"),
            format!("code=a&error=b&state={state}"),
        ] {
            assert_eq!(why(&query), NotOurs::Malformed, "{query}");
        }
    }

    #[test]
    fn a_code_no_server_could_have_issued_is_not_ours() {
        let state = fixed().0;
        for code in ["", "a%00", "a%0D%0Ab", "a%0a", "%C3%A9", "%FF", "a%7F", "\u{e9}"] {
            assert_eq!(why(&format!("code={code}&state={state}")), NotOurs::Malformed, "{code}");
        }
        assert_eq!(why(&format!("error=&state={state}")), NotOurs::Malformed);
        let long = "a".repeat(QUERY_MAX);
        assert_eq!(why(&format!("code={long}&state={state}")), NotOurs::Malformed);
    }

    #[test]
    fn a_bare_visit_is_empty() {
        assert_eq!(why(""), NotOurs::Empty);
        assert_eq!(why(&format!("x=1&state={}", fixed().0)), NotOurs::Empty);
    }

    /// Encodes the pairs in the order given.
    fn encode<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }

    proptest! {
        #[test]
        fn nothing_is_taken_without_the_state(query in "(&?(code|state|error|iss|x)=([ -~]|\\PC|%[0-9a-fA-F]{2}){0,60}){0,6}") {
            prop_assert!(matches!(read_query(&query, &State::new().unwrap()), Reading::NotOurs(_)));
        }

        #[test]
        fn one_changed_character_of_the_state_is_enough(at in 0usize..43, with in "[A-Za-z0-9_-]") {
            let state = State::new().unwrap();
            let mut changed = state.0.clone();
            changed.replace_range(at..=at, &with);
            prop_assume!(changed != state.0);
            prop_assert!(code_of(&encode([("code", "a"), ("state", &changed)]), &state).is_none());
        }

        #[test]
        fn every_code_a_server_may_issue_arrives_unchanged(
            code in "[ -~]{1,200}", extra in "[a-z]{6,12}", value in "\\PC{0,40}", order in 0usize..6,
        ) {
            prop_assume!(extra != "error_description");
            let state = State::new().unwrap();
            let mut pairs = vec![("code", code.as_str()), ("state", state.as_str()), (extra.as_str(), value.as_str())];
            pairs.rotate_left(order % 3);
            if order >= 3 { pairs.swap(0, 1); }
            prop_assert_eq!(code_of(&encode(pairs), &state), Some((code, None)));
        }

        #[test]
        fn a_second_copy_of_any_parameter_spoils_the_answer(
            copy in prop::sample::select(vec!["code", "state"]), value in "\\PC{0,50}", front: bool,
        ) {
            let state = State::new().unwrap();
            let mut pairs = vec![("code", "a"), ("state", state.as_str())];
            pairs.insert(if front { 0 } else { 2 }, (copy, &value));
            prop_assert!(matches!(
                read_query(&encode(pairs), &state), Reading::NotOurs(NotOurs::Malformed)
            ));
        }
    }
}
