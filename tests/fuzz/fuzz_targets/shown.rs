//! Text of strangers on its way to a person: on a terminal it is one bounded line, on the page it adds no
//! markup, and in a command to paste it is one word.
#![no_main]

use cognito_creds::error::{Error, Next, foreign, printable};
use cognito_creds::profile::command_line;
use cognito_creds::shell;
use cognito_creds::user_pool::page::Page;
use cognito_creds_fuzz::{assert_printable, assert_proper};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let shown = foreign(text);
    assert_printable(&shown);
    assert!(shown.chars().count() <= 301 && !shown.contains("eyJ") && !shown.contains("  "));
    assert_eq!(foreign(&shown), shown);
    assert_printable(&printable(text));
    let error = Error::new(Next::Stop, format!("It said {shown}."), command_line("login", text));
    assert_proper(&error.because(text).asking_to_wait(None));
    in_quotes(text);
    on_the_page(text);
});

/// Read back as POSIX shells do (XCU 2.2.2, 2.2.1).
fn in_quotes(text: &str) {
    let (mut read, mut inside, mut escaped) = (String::new(), false, false);
    for c in shell::quoted(text).chars() {
        match c {
            _ if escaped => {
                read.push(c);
                escaped = false;
            }
            '\'' => inside = !inside,
            '\\' if !inside => escaped = true,
            _ => {
                assert!(inside, "{c:?} is outside of the quotes");
                read.push(c);
            }
        }
    }
    assert!(!inside && read == text);
    let word = shell::word(text);
    assert!(word == text || word == shell::quoted(text));
}

fn on_the_page(text: &str) {
    let role = |text: &str| {
        let of = |text: &str| Some(text.to_owned());
        let (who, profile) = ("me".to_owned(), "dev".to_owned());
        Page::SignedIn { who, provider: of(text), profile, role: of(text), account: of("1") }.render()
    };
    let page = |text: &str| {
        let [who, what, paste, profile] = [(); 4].map(|()| text.to_owned());
        [
            Page::SignedIn {
                who: who.clone(),
                provider: Some(who.clone()),
                profile: profile.clone(),
                role: None,
                account: Some(who.clone()),
            },
            Page::NotSignedIn { what: what.clone(), paste: paste.clone(), profile: profile.clone() },
            Page::NoCredentials { who: who.clone(), what, paste, profile: profile.clone() },
            Page::ChoosesRole { who, profile },
        ]
        .map(|page| page.render())
    };
    for (hostile, plain) in page(text).iter().zip(page("x")) {
        for c in ['<', '>', '"'] {
            assert_eq!(hostile.matches(c).count(), plain.matches(c).count(), "{c} in {hostile}");
        }
    }
    // An ARN is shown in two parts, with places where the line may end.
    let tags = |page: &str| page.replace("<wbr>", "").matches('<').count();
    let more = tags(&role(text)) - tags(&role("x"));
    assert!(more == 0 || more == 2, "{}", role(text));
}
