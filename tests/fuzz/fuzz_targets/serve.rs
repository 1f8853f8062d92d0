//! One request to the endpoint of `serve`: nobody gets credentials without the token.
#![no_main]

use cognito_creds::container::judge;
use cognito_creds::secret::ContainerToken;
use cognito_creds_fuzz::head;
use libfuzzer_sys::fuzz_target;

const TOKEN: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG";

fuzz_target!(|data: &[u8]| {
    // `$T` in the input is the token.
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some((head, _)) = head(text.replace("$T", TOKEN).as_bytes()) else { return };
    let is_admitted = judge(&head, 9911, &ContainerToken::new(TOKEN)).is_none();
    if is_admitted {
        let one = |name| {
            let mut values = head.headers.get_all(name).iter();
            values.next().filter(|_| values.next().is_none()).map(|value| value.as_bytes().to_owned())
        };
        assert!(text.contains("$T"));
        assert_eq!(one("authorization").as_deref(), Some(TOKEN.as_bytes()));
        let host = one("host").unwrap().to_ascii_lowercase();
        assert!(host == b"127.0.0.1:9911" || host == b"localhost:9911");
        assert!(head.method == "GET" && head.uri.path() == "/credentials");
    }
});
