//! The Linux kernel's keyrings: the cache that makes a warm call cheap, and the place for a login
//! where there is no keychain.
//!
//! Keys are found and read without a lock, a thread or D-Bus, 3 to 30 µs a call (keyrings(7)). They
//! never reach a disk, no other user can read them, and the kernel forgets them by itself.

use super::{Bytes, EntryName, Store, StoreError};
use linux_keyutils::{
    Key, KeyError, KeyPermissionsBuilder, KeyRing, KeyRingIdentifier, KeySerialId, Permission,
};
use std::time::Duration;
use zeroize::Zeroizing;

/// Every key of ours begins with this; the entry's name follows.
const PREFIX: &str = "cognito-creds:";
/// What a key of type `user` holds (keyrings(7)); the kernel calls more "invalid arguments".
const KEY_BYTES: usize = 32_767;
/// First size of the read buffer: credentials have under 4 KB, a login up to 8 KB.
const READ_BYTES: usize = 8_192;
/// How many credentials one save may drop; a quota of 20,000 bytes holds about six.
const ROUNDS: usize = 16;

/// A keyring of the kernel that holds our keys.
#[derive(Debug)]
pub struct Kernel {
    purpose: Purpose,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Cache,
    Login,
}

impl Kernel {
    /// The user keyring, shared by all of the user's sessions until reboot.
    pub fn cache() -> Self {
        Self { purpose: Purpose::Cache }
    }

    /// The user's persistent keyring, which outlives the last session by three days and starts
    /// those anew at each use (persistent-keyring(7)); the user keyring where the kernel was built
    /// without `CONFIG_PERSISTENT_KEYRINGS`.
    pub fn login() -> Self {
        Self { purpose: Purpose::Login }
    }

    /// The ring to look in. The persistent ring comes possessed, the user ring does not.
    fn ring(&self) -> Result<KeyRing, KeyError> {
        match self.persistent()? {
            Some(ring) => Ok(ring),
            None => KeyRing::from_special_id(KeyRingIdentifier::User, false),
        }
    }

    fn persistent(&self) -> Result<Option<KeyRing>, KeyError> {
        if self.purpose == Purpose::Cache {
            return Ok(None);
        }
        match KeyRing::get_persistent(KeyRingIdentifier::Process) {
            Ok(ring) => Ok(Some(ring)),
            Err(KeyError::OperationNotSupported) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The ring with our right to read and change what is in it.
    ///
    /// A key gives those rights to its possessor only, and a session that did not log in through
    /// PAM (cron, a unit, `su`) does not possess the user keyring until it links it.
    fn possessed_ring(&self) -> Result<KeyRing, KeyError> {
        if let Some(ring) = self.persistent()? {
            return Ok(ring);
        }
        let process = KeyRing::from_special_id(KeyRingIdentifier::Process, true)?;
        process.link_keyring_id(KeyRingIdentifier::User)?;
        KeyRing::from_special_id(KeyRingIdentifier::User, false)
    }

    /// Writes the key, its permissions and its end.
    ///
    /// An existing key is changed in place: readers see the old or the new bytes, and the quota is
    /// charged for the difference only. The kernel drops the old end on the way, so a crash before
    /// the last line leaves a key that stays; its content names its own end, and the next save
    /// sets it.
    fn write(&self, description: &str, value: &[u8], lives: Option<Duration>) -> Result<(), KeyError> {
        let key = self.possessed_ring()?.add_key(description, value)?;
        // The possessor everything; the user's other sessions may find the key, which is what
        // brings them to linking the ring; nobody else anything.
        let found = Permission::VIEW | Permission::SEARCH;
        key.set_perms(KeyPermissionsBuilder::builder().posessor(Permission::ALL).user(found).build())?;
        match lives {
            Some(lives) => key.set_timeout(whole_seconds(lives)),
            None => Ok(()),
        }
    }

    /// Makes room by dropping the credentials that would end soonest, none of them twice. `false`
    /// where there are no more; whether it was room enough, the next write tells.
    ///
    /// Only keys with an end are dropped: a login has none.
    fn make_room(tried: &mut Vec<KeySerialId>) -> bool {
        let Ok(keys) = std::fs::read_to_string("/proc/keys") else { return false };
        let user = rustix::process::geteuid().as_raw();
        let Some(ending) = soonest_to_end(&keys, user, tried) else { return false };
        tried.push(ending.id);
        // A key that can't be dropped, say because another process was faster, is no reason to give
        // up: there may be others.
        let _ = Self::cache().possessed_ring().and_then(|ring| ending.drop_from(ring));
        true
    }
}

impl Store for Kernel {
    /// Three system calls where the session possesses the ring, as after any ordinary login: the
    /// ring, the key, the bytes. Only a session that is refused links the ring and tries again.
    fn load(&self, name: &EntryName) -> Result<Option<Bytes>, StoreError> {
        let description = describe_key(name);
        let read = |ring: KeyRing| read_all(ring.search(&description)?);
        let value = match self.ring().and_then(read) {
            Err(KeyError::AccessDenied) => self.possessed_ring().and_then(read),
            value => value,
        };
        absent_is_none(value)
    }

    /// Keeps the value until `lives` has passed, in whole seconds, or as long as the ring. Where the
    /// user's quota is full, cached credentials go to make room.
    fn save(&self, name: &EntryName, value: &[u8], lives: Option<Duration>) -> Result<(), StoreError> {
        if value.len() > KEY_BYTES {
            return Err(StoreError::Full(format!("a kernel key holds {KEY_BYTES} bytes at most")));
        }
        let description = describe_key(name);
        let mut tried = Vec::new();
        loop {
            match self.write(&description, value, lives) {
                Err(KeyError::QuotaExceeded) if tried.len() < ROUNDS && Self::make_room(&mut tried) => {}
                written => return written.map_err(refusal),
            }
        }
    }

    fn delete(&self, name: &EntryName) -> Result<(), StoreError> {
        let drop_it = |ring: KeyRing| drop_key(ring, ring.search(&describe_key(name))?);
        absent_is_none(self.possessed_ring().and_then(drop_it)).map(|_| ())
    }

    fn describe(&self) -> String {
        match self.persistent() {
            Ok(Some(_)) => "kernel keyring (until reboot or 3 days unused)".to_owned(),
            _ => "kernel keyring (until reboot)".to_owned(),
        }
    }
}

fn describe_key(name: &EntryName) -> String {
    format!("{PREFIX}{}", name.as_str())
}

/// The key's bytes in one call, unless they outgrow the first buffer.
fn read_all(key: Key) -> Result<Bytes, KeyError> {
    let mut buffer = Zeroizing::new(vec![0; READ_BYTES]);
    loop {
        let length = key.read(&mut buffer.as_mut_slice())?;
        if length <= buffer.len() {
            buffer.truncate(length);
            return Ok(buffer);
        }
        buffer = Zeroizing::new(vec![0; length]);
    }
}

/// Revoking gives the payload's quota back at once; a key that is only unlinked or invalidated
/// keeps it until the kernel's collector comes round.
fn drop_key(ring: KeyRing, key: Key) -> Result<(), KeyError> {
    key.revoke()?;
    ring.unlink_key(key)
}

/// A time-out of 0 would mean "never" to the kernel.
fn whole_seconds(lives: Duration) -> usize {
    usize::try_from(lives.as_secs()).unwrap_or(usize::MAX).clamp(1, u32::MAX as usize)
}

fn absent_is_none<T>(result: Result<T, KeyError>) -> Result<Option<T>, StoreError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(KeyError::KeyDoesNotExist | KeyError::KeyExpired | KeyError::KeyRevoked) => Ok(None),
        Err(error) => Err(refusal(error)),
    }
}

fn refusal(error: KeyError) -> StoreError {
    /// `ENOSYS`, which the library has no name for: a kernel without keyrings, or a container's filter.
    const NO_SUCH_CALL: i32 = rustix::io::Errno::NOSYS.raw_os_error();
    match error {
        KeyError::PermissionDenied
        | KeyError::AccessDenied
        | KeyError::OperationNotSupported
        | KeyError::Unknown(NO_SUCH_CALL) => {
            StoreError::Absent("the kernel's keyrings can't be used here".to_owned())
        }
        KeyError::QuotaExceeded => {
            StoreError::Full("the kernel allows this user no more key data".to_owned())
        }
        other => StoreError::Failed(format!("the kernel keyring failed: {other}")),
    }
}

/// A key of ours that has an end, as `/proc/keys` shows it.
#[derive(Debug, PartialEq, Eq)]
struct Ending<'a> {
    id: KeySerialId,
    description: &'a str,
    expired: bool,
}

impl Ending<'_> {
    /// Drops the key and what it takes of the quota.
    ///
    /// An expired key keeps its quota until it is collected, 300 seconds after its end by default
    /// (`gc_delay`, keyrings(7)), and refuses to be revoked (EKEYEXPIRED). Adding a key of its name
    /// brings it back to life with one byte, and then it can be.
    fn drop_from(&self, ring: KeyRing) -> Result<(), KeyError> {
        let key = if self.expired { ring.add_key(self.description, b"-")? } else { Key::from_id(self.id) };
        drop_key(ring, key)
    }
}

/// Of the keys in the text of `/proc/keys`, ours with the least life left that was not tried yet.
///
/// A line reads `ID FLAGS USES TIMEOUT PERM UID GID TYPE DESCRIPTION: SIZE`; the time-out is `perm`,
/// `expd` or a number with a unit (proc(5)). Revoked, dead and invalid keys are listed until the
/// kernel has collected them.
fn soonest_to_end<'a>(proc_keys: &'a str, user: u32, tried: &[KeySerialId]) -> Option<Ending<'a>> {
    let ours = proc_keys.lines().filter_map(|line| {
        let words: Vec<&'a str> = line.split_whitespace().collect();
        let &[id, flags, _, timeout, _, uid, _, "user", description, ..] = words.as_slice() else {
            return None;
        };
        let alive = !flags.contains(['R', 'D', 'i']);
        let mine = uid.parse() == Ok(user) && description.starts_with(PREFIX);
        let left = seconds_left(timeout).filter(|_| alive && mine)?;
        let id = KeySerialId::new(u32::from_str_radix(id, 16).ok()?.cast_signed());
        let description = description.strip_suffix(':')?;
        (!tried.contains(&id)).then_some((left, Ending { id, description, expired: timeout == "expd" }))
    });
    ours.min_by_key(|(left, _)| *left).map(|(_, ending)| ending)
}

fn seconds_left(timeout: &str) -> Option<u64> {
    if timeout == "expd" {
        return Some(0);
    }
    let (number, unit) = timeout.split_at_checked(timeout.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Snapshot;

    const PROC_KEYS: &str = "\
06a94dd2 I------     1 perm 1f030000     0     0 keyring   .dns_resolver: empty
1ec14aa4 I--Q---     2 perm 1f3f0000  1000 65534 keyring   _uid.1000: 5
2a655978 I--Q---     1  59m 3f090000  1000  1000 user      cognito-creds:credentials.aa: 3000
2a655979 I--Q---     1  12m 3f090000  1000  1000 user      cognito-creds:credentials.bb: 3000
2a65597a I--Q---     1 perm 3f090000  1000  1000 user      cognito-creds:login.cc: 6000
2a65597b I--Q---     1   5s 3f090000  1001  1001 user      cognito-creds:credentials.dd: 3000
2a65597c I--Q---     1   4s 3f010000  1000  1000 user      someone-else: 3000
2a65597d IR-Q---     1   1s 3f090000  1000  1000 user      cognito-creds:credentials.ff: [revoked]
3a65597d I--Q---     1   2h 3f090000  1000  1000 user      cognito-creds:credentials.ee: 3000
";

    #[test]
    fn room_is_made_by_our_own_key_that_ends_soonest_and_never_by_a_login() {
        let soonest = soonest_to_end(PROC_KEYS, 1000, &[]).unwrap();
        assert_eq!(soonest.description, "cognito-creds:credentials.bb");
        assert_eq!((soonest.id, soonest.expired), (KeySerialId::new(0x2a65_5979), false));
        let logins_only: String = PROC_KEYS.lines().filter(|line| line.contains("login")).collect();
        assert_eq!(soonest_to_end(&logins_only, 1000, &[]), None);
        assert_eq!(soonest_to_end("", 1000, &[]), None);
    }

    #[test]
    fn what_has_expired_goes_first_and_no_key_is_tried_twice() {
        let expired =
            "2a655990 I--Q---     1 expd 3f090000  1000  1000 user      cognito-creds:credentials.gg: 9\n";
        let keys = format!("{PROC_KEYS}{expired}");
        let mut tried = Vec::new();
        let mut order = Vec::new();
        while let Some(ending) = soonest_to_end(&keys, 1000, &tried) {
            assert!(tried.len() < 9, "it ends");
            tried.push(ending.id);
            order.push((ending.description.rsplit('.').next().unwrap(), ending.expired));
        }
        assert_eq!(order, [("gg", true), ("bb", false), ("aa", false), ("ee", false)]);
    }

    #[test]
    fn a_refused_or_missing_system_call_means_that_the_next_store_may_serve() {
        for error in [KeyError::PermissionDenied, KeyError::AccessDenied, KeyError::Unknown(38)] {
            assert!(matches!(refusal(error), StoreError::Absent(_)), "{error:?}");
        }
        assert!(matches!(refusal(KeyError::QuotaExceeded), StoreError::Full(_)));
        assert!(matches!(refusal(KeyError::Unknown(5)), StoreError::Failed(_)));
    }

    #[test]
    fn a_refusal_in_words() {
        let mut told = Snapshot::of("reasons", "kernel-keyring");
        let large =
            Kernel::cache().save(&EntryName::new("credentials", ["large"]), &vec![0; KEY_BYTES + 1], None);
        told.tell("too large", &large.unwrap_err().to_string());
        for (case, error) in [
            ("a container's filter", KeyError::PermissionDenied),
            ("the quota is used up", KeyError::QuotaExceeded),
            ("no memory", KeyError::OutOfMemory),
        ] {
            told.tell(case, &refusal(error).to_string());
        }
        told.compare();
    }

    #[test]
    fn a_life_of_less_than_a_second_is_not_for_ever() {
        assert_eq!(whole_seconds(Duration::from_millis(10)), 1);
        assert_eq!(whole_seconds(Duration::MAX), u32::MAX as usize);
    }
}
