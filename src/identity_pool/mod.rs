//! The identity pool: from an ID token to AWS credentials of one role.
//!
//! What a refusal means is decided by [`refusal::read`], a pure function; [`enhanced`] makes the calls
//! over [`api`], [`remedies`] keeps count of what was tried, [`skew`] recognises a clock that is off.

pub mod api;
pub mod enhanced;
pub mod refusal;
pub mod remedies;
pub mod role;
pub mod skew;
