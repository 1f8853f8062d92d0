//! `configure` on any config file: every other line stays, doing it twice is doing it once, what was
//! written is read back, and taking it out leaves the file as it was.
#![no_main]

use cognito_creds::profile::edit::{check_name, check_value, set, unset};
use cognito_creds::profile::{config_file, lines};
use cognito_creds_fuzz::{nowhere, texts};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some([name, domain, role, text]) = texts(data) else { return };
    if check_name(name).is_err() || check_value(domain).is_err() || check_value(role).is_err() {
        return;
    }
    // Such a file is refused before.
    if text.starts_with('\u{feff}') {
        return;
    }
    let changes = [("cognito_domain", domain), ("region", "eu-west-1"), ("cognito_role", role)];
    let new = set(text, name, &changes);
    assert_eq!(set(&new, name, &changes), new, "twice is once");
    let header = header(name);
    assert_eq!(outside(&new, name, &header), outside(text, name, &header), "lines of others after set");
    let gone = unset(text, name);
    assert_eq!(outside(&gone, name, &header), outside(text, name, &header), "lines of others after unset");
    assert_eq!(unset(&gone, name), gone);
    let ours = lines::entries(&gone, |header| lines::is_profile(header, name));
    assert!(!ours.iter().any(|entry| entry.key.starts_with("cognito_")), "{gone:?}");

    if let Ok(Some(section)) = config_file::read_text(&new, nowhere(), name) {
        for (key, value) in changes {
            assert_eq!(section.get(key), Some(value).filter(|value| !value.is_empty()), "{key}");
        }
    } else {
        let before = config_file::read_text(&format!("{text}\n{header}\n"), nowhere(), name);
        assert!(before.is_err(), "what was set can't be read: {new:?}");
    }

    let has_section = |text: &str| text.lines().any(|line| is_header_of(line, name));
    // A carriage return at the very end becomes part of the line's end.
    if !has_section(text) && !text.ends_with('\r') && !domain.is_empty() {
        let ours = [("cognito_domain", domain), ("cognito_role", role)];
        assert_eq!(unset(&set(text, name, &ours), name), text, "as if it had never been");
    }
});

fn header(name: &str) -> String {
    if name == "default" { "[default]".to_owned() } else { format!("[profile {name}]") }
}

fn is_header_of(line: &str, name: &str) -> bool {
    line.strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .is_some_and(|(header, _)| lines::is_profile(header.trim(), name))
}

/// The lines that no section of the profile has, without blank ones and without how they end.
fn outside<'a>(text: &'a str, name: &str, header: &str) -> Vec<&'a str> {
    let mut inside = false;
    let mut kept = Vec::new();
    for line in text.split('\n') {
        let line = line.trim_end_matches('\r');
        if line.starts_with('[') {
            inside = is_header_of(line, name);
        }
        if !inside && !line.trim().is_empty() && line != header {
            kept.push(line);
        }
    }
    kept
}
