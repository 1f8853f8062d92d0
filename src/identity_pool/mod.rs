//! The identity pool: from an ID token to AWS credentials of one role.
//!
//! What a refusal means is decided by [`refusal::read`], a pure function; [`enhanced`] makes the calls,
//! [`remedies`] keeps count of what was tried.

pub mod enhanced;
pub mod refusal;
pub mod remedies;
pub mod role;
