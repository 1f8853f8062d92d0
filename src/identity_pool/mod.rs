//! The identity pool: from an ID token to AWS credentials of one role.
//!
//! What a refusal means is decided by [`refusal::read`], a pure function; [`enhanced`] makes the calls.

pub mod enhanced;
pub mod refusal;
pub mod role;
