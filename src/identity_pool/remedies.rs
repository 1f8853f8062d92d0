//! Which remedy comes next: each is tried at most once per invocation, whatever the identity pool says.

use super::refusal::Remedy;

/// What to do about a refusal now.
#[derive(Debug, PartialEq, Eq)]
pub enum Act {
    /// New tokens, then the same call.
    Refresh,
    /// A new IdentityId, then the same call.
    ResetIdentity,
    /// The same calls at once.
    Again,
    /// The same call again; the number counts earlier repetitions.
    Repeat(u32),
    /// Tell the person.
    GiveUp,
}

/// Remedies tried in this invocation: each at most once.
#[derive(Debug, Default)]
pub struct Tried {
    refresh: bool,
    reset: bool,
    again: bool,
    repeats: u32,
}

impl Tried {
    /// What to do about a refusal with this remedy.
    pub fn next(&mut self, remedy: Remedy) -> Act {
        let (refresh, reset) = match remedy {
            Remedy::Refresh => (true, false),
            Remedy::ResetIdentity => (false, true),
            Remedy::Unclear => (true, true),
            Remedy::NewOpenIdToken if !std::mem::replace(&mut self.again, true) => return Act::Again,
            Remedy::NewOpenIdToken | Remedy::None => (false, false),
            Remedy::Retry => {
                self.repeats += 1;
                return Act::Repeat(self.repeats - 1);
            }
        };
        if refresh && !std::mem::replace(&mut self.refresh, true) {
            Act::Refresh
        } else if reset && !std::mem::replace(&mut self.reset, true) {
            Act::ResetIdentity
        } else {
            Act::GiveUp
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_remedy_is_tried_once() {
        let mut tried = Tried::default();
        assert_eq!(tried.next(Remedy::Unclear), Act::Refresh);
        assert_eq!(tried.next(Remedy::Unclear), Act::ResetIdentity);
        assert_eq!(tried.next(Remedy::Unclear), Act::GiveUp);
        assert_eq!(tried.next(Remedy::Refresh), Act::GiveUp);
        assert_eq!(tried.next(Remedy::Retry), Act::Repeat(0));
        assert_eq!(tried.next(Remedy::Retry), Act::Repeat(1));
        assert_eq!(tried.next(Remedy::NewOpenIdToken), Act::Again);
        assert_eq!(tried.next(Remedy::NewOpenIdToken), Act::GiveUp);
        assert_eq!(Tried::default().next(Remedy::None), Act::GiveUp);
    }
}
