//! The credential process that makes Amazon Cognito logins work with every AWS tool.

pub mod error;
pub mod profile;
pub mod secret;
pub mod store;
