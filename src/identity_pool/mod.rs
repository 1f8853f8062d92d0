//! The identity pool: from an ID token to AWS credentials of one role.
//!
//! [`pool`] is the pool's API over [`api`]; [`enhanced`] and [`basic`] (over [`sts`]) are the two flows
//! from an identity to credentials. What a refusal means is decided by pure functions, [`refusal::read`]
//! and [`role_refused::read`]; [`remedies`] keeps count of what was tried, [`skew`] recognises a clock that
//! is off.

pub mod api;
pub mod basic;
pub mod enhanced;
pub mod pool;
pub mod refusal;
pub mod remedies;
pub mod role;
pub mod role_refused;
pub mod skew;
pub mod sts;
