//! The user pool: the OAuth 2.0 side of Amazon Cognito, from the browser's first page to the tokens.

pub mod authorize;
pub mod callback;
pub mod claims;
pub mod endpoints;
pub mod page;
pub mod token;
