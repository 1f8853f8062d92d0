//! Everything that changes while the sandbox runs, behind one lock. Handlers get it as a whole:
//! they are short, never wait, and read like the rules they stand for.

use crate::clock::Clock;
use crate::fault::Faults;
use crate::federation::SigninTokens;
use crate::identity_pool::Identities;
use crate::keys::Keys;
use crate::s3::Objects;
use crate::sts::Vault;
use crate::user_pool::sessions::Sessions;
use crate::user_pool::sign_in::SignIns;
use crate::world::World;

#[derive(Debug)]
pub(crate) struct State {
    pub world: World,
    /// Scheme, host and port under which clients reach the sandbox.
    pub url: String,
    pub clock: Clock,
    pub keys: Keys,
    pub faults: Faults,
    pub sign_ins: SignIns,
    pub sessions: Sessions,
    pub identities: Identities,
    pub vault: Vault,
    pub signin_tokens: SigninTokens,
    pub objects: Objects,
}

impl State {
    pub fn new(world: World, url: String) -> Self {
        Self {
            objects: Objects::of(&world.buckets),
            world,
            url,
            clock: Clock::default(),
            keys: Keys::load(),
            faults: Faults::default(),
            sign_ins: SignIns::default(),
            sessions: Sessions::default(),
            identities: Identities::default(),
            vault: Vault::default(),
            signin_tokens: SigninTokens::default(),
        }
    }

    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Forgets everything that happened, keeps the world and the clock.
    pub fn reset(&mut self) {
        self.faults.clear();
        self.sign_ins = SignIns::default();
        self.sessions = Sessions::default();
        self.identities = Identities::default();
        self.vault = Vault::default();
        self.signin_tokens = SigninTokens::default();
        self.objects = Objects::of(&self.world.buckets);
    }
}
