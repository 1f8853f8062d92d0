//! The user pool: the OAuth 2.0 side of Amazon Cognito, from the browser's first page to the tokens; and
//! the same at any other OpenID provider, whose endpoints [`discovery`] knows.

pub mod authorize;
pub mod callback;
pub mod claims;
pub mod discovery;
pub mod endpoints;
pub mod issuer;
pub mod page;
pub mod token;
