//! What Wine's Credential Manager holds: it keeps each entry as a key of the registry, with its value
//! encrypted byte for byte (dlls/advapi32/cred.c).

use crate::machine::{given, profile};
use crate::support::Machine;
use cognito_creds::store::EntryName;

const KEY: &str = r"HKEY_CURRENT_USER\Software\Wine\Credential Manager";
/// `CRED_PERSIST_LOCAL_MACHINE`: it stays, and does not roam.
pub const LOCAL: u32 = 2;

/// An entry of the Credential Manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its name in the registry.
    pub name: String,
    /// How many bytes it holds.
    pub bytes: usize,
    /// How long it stays.
    pub persist: u32,
}

/// The entries of the login.
pub fn login(machine: &Machine) -> Vec<Item> {
    of(machine, &profile(machine).login_entry())
}

/// The entries of the credentials.
pub fn credentials(machine: &Machine) -> Vec<Item> {
    of(machine, &profile(machine).credentials_entry())
}

/// The cached credentials come to their end.
pub fn let_credentials_end(machine: &Machine) {
    let cached = credentials(machine);
    assert!(!cached.is_empty(), "nothing was cached");
    for item in &cached {
        delete(machine, item);
    }
}

/// One entry is lost.
pub fn delete(machine: &Machine, item: &Item) {
    registry(machine, &["delete", &format!(r"{KEY}\{}", item.name), "/f"]);
}

/// What was seen twice in a row: keys are enumerated by number, and one is skipped where another test's goes
/// meanwhile (RegEnumKeyExW).
fn of(machine: &Machine, entry: &EntryName) -> Vec<Item> {
    let mut seen = seen(machine, entry);
    for _ in 0..20 {
        let again = self::seen(machine, entry);
        if again == seen {
            return seen;
        }
        seen = again;
    }
    panic!("the entries keep changing: {seen:?}")
}

fn seen(machine: &Machine, entry: &EntryName) -> Vec<Item> {
    let listed = registry(machine, &["query", KEY, "/s"]);
    let begins = format!("Generic: {}.", entry.as_str());
    let keys = listed.split("HKEY_CURRENT_USER").filter_map(|key| {
        let (path, values) = key.split_once('\n')?;
        let name = path.trim_end().rsplit_once('\\')?.1;
        let value = |wanted: &str| {
            let words = values.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
            words
                .filter(|words| words.first() == Some(&wanted))
                .find_map(|words| Some((*words.get(2)?).to_owned()))
        };
        name.starts_with(&begins).then(|| Item {
            name: name.to_owned(),
            bytes: value("Password").unwrap_or_default().len() / 2,
            persist: u32::from_str_radix(value("Persist").unwrap().trim_start_matches("0x"), 16).unwrap(),
        })
    });
    keys.collect()
}

fn registry(machine: &Machine, arguments: &[&str]) -> String {
    let output = machine.program(&given("WINE")).arg("reg").args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
