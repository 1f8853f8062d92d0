//! The simulated day: milliseconds since midnight.

use cognito_creds::clock::Timestamp;

pub type Ms = u64;
pub const SECOND: Ms = 1_000;
pub const MINUTE: Ms = 60 * SECOND;
pub const HOUR: Ms = 60 * MINUTE;

/// For the program's own decisions, which know whole seconds.
pub fn stamp(at: Ms) -> Timestamp {
    Timestamp::from_unix((at / SECOND) as i64)
}
