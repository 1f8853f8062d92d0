//! A machine with Windows.

use crate::support::{Machine, alice};
use cognito_creds::profile::Profile;
use cognito_sandbox::cast::PUBLIC_CLIENT;

/// What tests/windows.sh says.
pub fn given(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run tests/windows.sh"))
}

/// A machine whose profile has these keys.
pub fn windows(keys: &str) -> Machine {
    let mut machine = Machine::with(keys);
    for name in ["WINEPREFIX", "WINEDEBUG"] {
        machine.set(name, &given(name));
    }
    machine.set("USERPROFILE", &home(&machine));
    machine.set("LOCALAPPDATA", &format!(r"{}\AppData\Local", home(&machine)));
    machine.start_by(&[&given("WINE"), &given("COGNITO_CREDS_EXE")]);
    machine
}

/// The same, and alice has signed in; nobody sits at the browser any more.
pub fn signed_in(keys: &str) -> Machine {
    let mut machine = windows(keys);
    machine.seat(alice());
    machine.call().document();
    machine.leave();
    machine
}

/// From now on, credentials are too short for any SDK, so that the next call renews them.
pub fn issue_short_credentials(machine: &Machine) {
    machine.sandbox.change(|world| world.identity_pool.credential_seconds = 600);
}

/// From now on, ID tokens are too short to be used twice, so that who needs credentials needs a refresh.
pub fn issue_short_tokens(machine: &Machine) {
    machine.sandbox.change(|world| world.client_mut(PUBLIC_CLIENT).id_token_seconds = 300);
}

/// The user profile folder, as Windows names it: drive Z: is the root of Wine's host.
pub fn home(machine: &Machine) -> String {
    on_windows(machine.path("").to_str().unwrap().trim_end_matches('/'))
}

/// A path of the host, as Windows names it.
pub fn on_windows(path: &str) -> String {
    format!("Z:{}", path.replace('/', "\\"))
}

/// The profile as the program reads it.
pub fn profile(machine: &Machine) -> Profile {
    machine.profile_with_state(&format!(r"{}\AppData\Local\cognito-creds", home(machine)))
}
