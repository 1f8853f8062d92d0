//! What one request is: decided from its head alone, without touching a socket.

use super::query::{Callback, NotOurs, Reading, State, read_query};
use crate::loopback::{self, Named};
use crate::profile::redirect_uri::RedirectUri;
use crate::secret::same;
use http::Method;
use http::request::Parts;

/// What the listener waits for.
pub struct Expected {
    /// Where: host, port and path.
    pub uri: RedirectUri,
    /// What the true callback shows.
    pub state: State,
    /// What `done=` must hold to see the result: 128 random bits, known to the one browser that was
    /// sent there.
    pub done: String,
}

/// What a request turned out to be.
#[derive(Debug)]
pub enum Verdict {
    /// It shows our `state`: the true callback, or the same once more.
    Callback(Callback),
    /// The browser was sent on to the result, or reloads it.
    Result,
    /// Nothing of ours.
    Stray(Stray),
}

/// Why a request is none of ours.
#[derive(Debug, PartialEq, Eq)]
pub enum Stray {
    /// Not exactly one `Host`. HTTP/1.0 clients may leave it out; no browser does.
    NoHost,
    /// A name that isn't the redirect URI's: DNS rebinding, or a proxy.
    ForeignHost,
    /// Anything but GET. HEAD neither: link checkers send it, and the code serves once.
    Method,
    /// Another path; favicons and probes.
    Path,
    /// A body, which a redirect has not. It is never read.
    Body,
    /// The browser says that no person is looking (Fetch Metadata): a fetch, an image, a frame.
    NotNavigation,
    /// The right path with a query that isn't the answer.
    Query(NotOurs),
}

/// Decides what a request is.
pub fn judge(head: &Parts, has_body: bool, expected: &Expected) -> Verdict {
    match refuse(head, has_body, &expected.uri) {
        Some(stray) => Verdict::Stray(stray),
        None => read(head.uri.query().unwrap_or_default(), expected),
    }
}

fn refuse(head: &Parts, has_body: bool, uri: &RedirectUri) -> Option<Stray> {
    match loopback::named(head, |name| uri.accepts_host(name)) {
        Named::Us => {}
        Named::Nobody => return Some(Stray::NoHost),
        Named::Another => return Some(Stray::ForeignHost),
    }
    if head.uri.path() != uri.path() {
        return Some(Stray::Path);
    }
    if head.method != Method::GET {
        return Some(Stray::Method);
    }
    if has_body {
        return Some(Stray::Body);
    }
    if !loopback::is_navigation(&head.headers) {
        return Some(Stray::NotNavigation);
    }
    None
}

fn read(query: &str, expected: &Expected) -> Verdict {
    let shown = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "done");
    if shown.is_some_and(|(_, value)| same(&expected.done, &value)) {
        return Verdict::Result;
    }
    match read_query(query, &expected.state) {
        Reading::TheOne(callback) => Verdict::Callback(callback),
        Reading::NotOurs(why) => Verdict::Stray(Stray::Query(why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn expected(uri: &str) -> Expected {
        Expected { uri: RedirectUri::parse(uri).unwrap(), state: State::new().unwrap(), done: "d".repeat(22) }
    }

    fn judged(request: http::request::Builder, expected: &Expected) -> Verdict {
        judge(&request.body(()).unwrap().into_parts().0, false, expected)
    }

    fn stray(request: http::request::Builder, expected: &Expected) -> Stray {
        match judged(request, expected) {
            Verdict::Stray(stray) => stray,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_true_callback_is_known_on_every_shape_of_redirect_uri() {
        for (uri, host, path) in [
            ("http://localhost:8080", "localhost:8080", "/"),
            ("http://localhost:8080/cb?x=1", "LocalHost:8080", "/cb"),
            ("http://127.0.0.1:9/a/b", "127.0.0.1:9", "/a/b"),
            ("http://[::1]:9/ü", "[::1]:9", "/%C3%BC"),
            ("http://localhost/", "localhost", "/"),
        ] {
            let expected = expected(uri);
            let target = format!("{path}?code=a&state={}", expected.state.as_str());
            for target in [target.clone(), format!("http://{host}{target}")] {
                let request = Request::get(&target).header("host", host);
                assert!(matches!(judged(request, &expected), Verdict::Callback(_)), "{uri} {target}");
            }
        }
    }

    #[test]
    fn a_foreign_or_doubtful_host_is_refused_before_the_query_is_read() {
        let expected = expected("http://localhost:8080/cb");
        let target = format!("/cb?code=a&state={}", expected.state.as_str());
        assert_eq!(stray(Request::get(&target), &expected), Stray::NoHost);
        let twice = Request::get(&target).header("host", "localhost:8080").header("host", "localhost:8080");
        assert_eq!(stray(twice, &expected), Stray::NoHost);
        for host in ["evil.example:8080", "127.0.0.1:8080", "localhost", ""] {
            assert_eq!(stray(Request::get(&target).header("host", host), &expected), Stray::ForeignHost);
        }
        let proxied = Request::get(format!("http://evil.example{target}")).header("host", "localhost:8080");
        assert_eq!(stray(proxied, &expected), Stray::ForeignHost);
    }

    #[test]
    fn what_no_redirect_does_is_refused() {
        let expected = expected("http://localhost:8080/cb");
        let target = format!("/cb?code=a&state={}", expected.state.as_str());
        let get = || Request::get(&target).header("host", "localhost:8080");
        for method in ["HEAD", "POST", "OPTIONS", "PUT", "X"] {
            assert_eq!(stray(get().method(method), &expected), Stray::Method);
        }
        for path in ["/", "/cb/", "/CB", "//cb", "/cb%2F", "/c%62", "/favicon.ico"] {
            let other = target.replacen("/cb", path, 1);
            assert_eq!(stray(get().uri(other), &expected), Stray::Path, "{path}");
        }
        let head = get().body(()).unwrap().into_parts().0;
        assert!(matches!(judge(&head, true, &expected), Verdict::Stray(Stray::Body)));
    }

    #[test]
    fn only_what_a_browser_shows_in_a_tab_counts() {
        let expected = expected("http://localhost:8080/cb");
        let target = format!("/cb?code=a&state={}", expected.state.as_str());
        let get = |mode: &str, dest: &str| {
            let get = Request::get(&target).header("host", "localhost:8080");
            judged(get.header("sec-fetch-mode", mode).header("sec-fetch-dest", dest), &expected)
        };
        assert!(matches!(get("navigate", "document"), Verdict::Callback(_)));
        for (mode, dest) in [
            ("no-cors", "image"),
            ("cors", "empty"),
            ("navigate", "iframe"),
            ("websocket", "websocket"),
            ("no-cors", "document"),
        ] {
            assert!(matches!(get(mode, dest), Verdict::Stray(Stray::NotNavigation)), "{mode} {dest}");
        }
    }

    #[test]
    fn what_a_browser_loads_ahead_of_its_person_does_not_count() {
        let expected = expected("http://localhost:8080/cb");
        let target = format!("/cb?code=a&state={}", expected.state.as_str());
        for purpose in ["prefetch", "prefetch;prerender", "prefetch;anonymous-client-ip"] {
            let ahead = Request::get(&target)
                .header("host", "localhost:8080")
                .header("sec-fetch-mode", "navigate")
                .header("sec-fetch-dest", "document")
                .header("sec-purpose", purpose);
            assert_eq!(stray(ahead, &expected), Stray::NotNavigation, "{purpose}");
        }
    }

    #[test]
    fn the_result_is_for_the_browser_that_was_sent_there() {
        let expected = expected("http://localhost:8080/cb?x=1");
        let at = |query: &str| {
            judged(Request::get(format!("/cb?{query}")).header("host", "localhost:8080"), &expected)
        };
        assert!(matches!(at(&format!("done={}", expected.done)), Verdict::Result));
        for query in ["done=", "done=x", &format!("done={}x", expected.done), "x=1"] {
            assert!(matches!(at(query), Verdict::Stray(Stray::Query(NotOurs::Empty))), "{query}");
        }
    }
}
