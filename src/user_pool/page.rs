//! The page the browser ends on: static HTML that says how the sign-in went.
//!
//! No script, nothing fetched, every text escaped; the style sheet is allowed by its hash alone.

use crate::error::foreign;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const STYLE: &str = include_str!("page.css");

/// How the sign-in went, for the person in front of the browser. Text may come from tokens and
/// servers: it is cleaned and escaped here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// Everything worked, the credentials included.
    SignedIn {
        /// The person: an e-mail address or whatever the token has.
        who: String,
        /// The identity provider, where it isn't the user pool itself.
        provider: Option<String>,
        /// The profile that was signed in for.
        profile: String,
        /// The role, as ARN or name.
        role: Option<String>,
        /// The AWS account.
        account: Option<String>,
    },
    /// The person signed in, and is being asked for a role on the terminal.
    ChoosesRole {
        /// The person.
        who: String,
        /// The profile that the sign-in was for.
        profile: String,
    },
    /// The person signed in, and the identity pool gave no credentials all the same.
    NoCredentials {
        /// The person.
        who: String,
        /// The first line of an [`Error`](crate::error::Error): what happened.
        what: String,
        /// Its second line: a command.
        paste: String,
        /// The profile that the sign-in was for.
        profile: String,
    },
    /// Something went wrong, here or at the provider.
    NotSignedIn {
        /// The first line of an [`Error`](crate::error::Error): what happened.
        what: String,
        /// Its second line: a command.
        paste: String,
        /// The profile that the sign-in was for.
        profile: String,
    },
}

impl Page {
    /// The complete HTML document.
    pub fn render(&self) -> String {
        match self {
            Self::SignedIn { who, provider, profile, role, account } => {
                let with = provider.as_ref().map(|name| format!(" with {}", shown(name))).unwrap_or_default();
                let mut rows = row("Profile", &shown(profile));
                if let Some(role) = role {
                    rows += &row("Role", &shown_role(role));
                }
                if let Some(account) = account {
                    rows += &row("Account", &shown(account));
                }
                document(
                    "Signed in",
                    GOOD,
                    "You’re signed in",
                    &format!(
                        "<p class=\"lead\"><strong>{}</strong>{with}</p>\n<dl>\n{rows}</dl>\n\
                         <p class=\"end\">You can close this tab and go back to your terminal.</p>",
                        shown(who)
                    ),
                )
            }
            Self::ChoosesRole { who, profile } => document(
                "Signed in",
                GOOD,
                "You’re signed in",
                &format!(
                    "<p class=\"lead\"><strong>{}</strong></p>\n<dl>\n{}</dl>\n\
                     <p class=\"end\">Your terminal asks which role to take. You can close this tab.</p>",
                    shown(who),
                    row("Profile", &shown(profile))
                ),
            ),
            Self::NoCredentials { who, what, paste, profile } => document(
                "No AWS credentials",
                BAD,
                "You’re signed in, but have no AWS credentials",
                &format!(
                    "<p class=\"lead\"><strong>{}</strong></p>\n{}",
                    shown(who),
                    trouble(what, paste, profile)
                ),
            ),
            Self::NotSignedIn { what, paste, profile } => {
                document("Not signed in", BAD, "You’re not signed in", &trouble(what, paste, profile))
            }
        }
    }
}

/// What went wrong and the command to run.
fn trouble(what: &str, paste: &str, profile: &str) -> String {
    format!(
        "<p class=\"what\">{}</p>\n\
         <p class=\"label\" id=\"next\">Run this in your terminal</p>\n\
         <pre tabindex=\"0\" role=\"group\" aria-labelledby=\"next\"><code>{}</code></pre>\n\
         <p class=\"end\">Signing in for profile <strong>{}</strong>. You can close this tab.</p>",
        escape(what),
        escape(paste),
        shown(profile)
    )
}

/// The page for visits that are not the answer to this sign-in. It says the same whatever was sent.
pub(super) fn waiting() -> String {
    document(
        "Not your sign-in",
        CALM,
        "This page isn’t part of your sign-in",
        "<p class=\"lead\">It may come from an earlier attempt. Nothing has changed, and a sign-in that is \
         waiting goes on.</p>\n\
         <p class=\"end\">Continue in the newest sign-in tab, or look at your terminal.</p>",
    )
}

/// The Content-Security-Policy for every answer: the style sheet by its hash, the tab's icon, nothing
/// else (CSP Level 3).
pub(super) fn security_policy() -> &'static str {
    static POLICY: LazyLock<String> = LazyLock::new(|| {
        let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
        format!(
            "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
    });
    &POLICY
}

const GOOD: &str = r#"<div class="seal good"><svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="m5 12.5 4.5 4.5L19 7.5"/></svg></div>"#;
const BAD: &str = r#"<div class="seal bad"><svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.5" stroke-linecap="round" aria-hidden="true"><path d="M12 6v7.5M12 17.8v.1"/></svg></div>"#;
const CALM: &str = r#"<div class="seal calm"><svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="3" stroke-linecap="round" aria-hidden="true"><path d="M6 12h.1M12 12h.1M18 12h.1"/></svg></div>"#;
const MARK: &str = r#"<svg viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><rect x="1.8" y="3" width="16.4" height="14" rx="3.2"/><path d="m5.4 8 2.4 2.2-2.4 2.2M10.4 12.6h4"/></svg>"#;
/// The tab's icon, inline so that the browser doesn't ask for /favicon.ico.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20' fill='none' stroke='%23748094' stroke-width='1.8' stroke-linecap='round' stroke-linejoin='round'%3E%3Crect x='1.8' y='3' width='16.4' height='14' rx='3.2'/%3E%3Cpath d='m5.4 8 2.4 2.2-2.4 2.2M10.4 12.6h4'/%3E%3C/svg%3E";

fn document(title: &str, seal: &str, heading: &str, rest: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title} · cognito-creds</title>\n<link rel=\"icon\" href=\"{ICON}\">\n\
         <style>{STYLE}</style>\n</head>\n<body>\n\
         <header class=\"brand\">{MARK}cognito-creds</header>\n\
         <main>\n{seal}\n<h1>{heading}</h1>\n{rest}\n</main>\n</body>\n</html>\n"
    )
}

fn row(name: &str, value: &str) -> String {
    format!("<div class=\"row\"><dt>{name}</dt><dd>{value}</dd></div>\n")
}

/// A role ARN leads with the name, which is what people know it by.
fn shown_role(role: &str) -> String {
    match role.rsplit_once('/') {
        Some((before, name)) if before.starts_with("arn:") && !name.is_empty() => {
            // A line may end after each part of it. Escaping makes no colon or slash of its own.
            let arn = escape(&foreign(role)).replace(':', ":<wbr>").replace('/', "/<wbr>");
            format!("{}<bdi class=\"arn\">{arn}</bdi>", shown(name))
        }
        _ => shown(role),
    }
}

/// A value from outside: cleaned, escaped, and kept from turning the direction of its neighbours.
fn shown(text: &str) -> String {
    format!("<bdi>{}</bdi>", escape(&foreign(text)))
}

/// Safe in element content and in quoted attributes (HTML Living Standard §13.1).
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c if c.is_control() && c != '\n' => safe.push('\u{FFFD}'),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOSTILE: &str =
        "</title></style><script>alert(1)</script><img src=x onerror=alert(1)>\" ' & \u{1b}[2J\u{202e}";

    fn signed_in(text: &str) -> Page {
        let text = text.to_owned();
        Page::SignedIn {
            who: text.clone(),
            provider: Some(text.clone()),
            profile: text.clone(),
            role: Some(text.clone()),
            account: Some(text),
        }
    }

    fn not_signed_in(text: &str) -> Page {
        Page::NotSignedIn { what: text.into(), paste: text.into(), profile: text.into() }
    }

    /// The document without what is ours and constant: its tags are all that a text could have added.
    fn tags(html: &str) -> Vec<String> {
        html.split('<').skip(1).map(|tag| tag.split('>').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn the_page_says_who_signed_in_for_what() {
        let page = Page::SignedIn {
            who: "ada@example.com".into(),
            provider: Some("EntraID".into()),
            profile: "dev".into(),
            role: Some("arn:aws:iam::123456789012:role/team/Data".into()),
            account: Some("123456789012".into()),
        };
        let html = page.render();
        for text in [
            "ada@example.com",
            "EntraID",
            ">dev<",
            ">Data<",
            "role/<wbr>team/",
            ">123456789012<",
            "close this tab",
        ] {
            assert!(html.contains(text), "{text}");
        }
    }

    #[test]
    fn the_page_says_what_went_wrong_and_what_to_run() {
        let html = not_signed_in("cognito-creds login --profile 'a b'").render();
        assert!(html.contains("<code>cognito-creds login --profile &#39;a b&#39;</code>"));
        assert!(html.contains("not signed in"));
    }

    #[test]
    fn hostile_text_is_shown_as_text() {
        for (hostile, harmless) in
            [(signed_in(HOSTILE), signed_in("x")), (not_signed_in(HOSTILE), not_signed_in("x"))]
        {
            let html = hostile.render();
            assert!(html.contains("&lt;script&gt;alert(1)&lt;/"), "{html}");
            assert!(!html.contains('\u{1b}'));
            assert_eq!(tags(&html), tags(&harmless.render()));
        }
    }

    #[test]
    fn nothing_is_fetched_and_nothing_runs() {
        for html in [signed_in("x").render(), not_signed_in("x").render(), waiting()] {
            assert!(html.starts_with("<!doctype html>\n<html lang=\"en\">"));
            for tag in tags(&html) {
                let lower = tag.to_ascii_lowercase();
                assert!(
                    !lower.starts_with("script") && !lower.contains(" on") && !lower.contains(" style="),
                    "{tag}"
                );
                assert!(!lower.contains(" src=") && !lower.contains("href=\"http"), "{tag}");
            }
            assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
        }
    }

    #[test]
    fn the_policy_allows_exactly_the_style_sheet_that_is_sent() {
        let html = waiting();
        let sent = html.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
        let hash = STANDARD.encode(Sha256::digest(sent.as_bytes()));
        assert!(security_policy().contains(&format!("style-src 'sha256-{hash}';")));
    }

    proptest! {
        #[test]
        fn no_text_adds_a_tag(text in "\\PC{0,80}|([<>&\"'/!-]|[a-z]){0,80}") {
            prop_assert_eq!(tags(&not_signed_in(&text).render()), tags(&not_signed_in("x").render()));
        }

        #[test]
        fn no_name_adds_a_tag(text in "([<>&\"'!-]|[a-z]){0,80}") {
            prop_assert_eq!(tags(&signed_in(&text).render()), tags(&signed_in("x").render()));
        }
    }
}
