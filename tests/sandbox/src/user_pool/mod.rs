//! The user pool's domain: OAuth 2.0 endpoints, login pages, keys.

pub(crate) mod authorize;
pub(crate) mod claims;
pub(crate) mod company;
pub(crate) mod login;
pub(crate) mod metadata;
pub(crate) mod pages;
pub(crate) mod sessions;
pub(crate) mod sign_in;
pub(crate) mod sign_out;
pub(crate) mod token;
