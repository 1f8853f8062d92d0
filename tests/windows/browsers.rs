//! How the browser is found. Everywhere else in these tests `BROWSER` names it.

use crate::machine::{given, windows};
use crate::support::{Machine, alice};

/// What Wine's own handler of `http` opens addresses with; the first that is there.
const BROWSERS: &str = r"HKEY_CURRENT_USER\Software\Wine\WineBrowser";

/// Who has no `BROWSER` has the one that Windows knows.
#[test]
fn the_browser_that_windows_knows_is_opened() {
    let mut machine = windows("");
    let browser = machine.path("browser").to_str().unwrap().to_owned();
    let set = registry(&machine, &["add", BROWSERS, "/v", "Browsers", "/d", &browser, "/f"]);
    assert!(set, "{browser}");
    machine.set("BROWSER", "");
    machine.seat(alice());
    machine.call().document();
    assert_eq!(machine.tabs().len(), 1);
    let tab = machine.tabs().remove(0);
    assert!(tab.contains("&state=") && tab.contains("code_challenge_method=S256"), "whole: {tab}");
}

fn registry(machine: &Machine, arguments: &[&str]) -> bool {
    machine.program(&given("WINE")).arg("reg").args(arguments).status().unwrap().success()
}
