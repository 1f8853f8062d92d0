//! What a person sees: the chooser, the company's page, Cognito's error pages. No script but the one
//! line that posts a SAML response, as every identity provider's page has it.

use crate::exchange::Reply;
use crate::user_pool::sign_in::BROWSER_SESSION_SECONDS;
use crate::world::Company;

/// The managed login page.
pub(crate) struct Login<'a> {
    pub query: &'a str,
    pub csrf: &'a str,
    pub name: &'a str,
    pub message: Option<&'a str>,
    /// `None` hides the company: the application chose the user pool.
    pub company: Option<&'a Company>,
    pub language: &'a str,
}

impl Login<'_> {
    pub fn render(&self) -> String {
        let query = escape(self.query);
        let company = self.company.map_or(String::new(), |company| {
            format!(
                r#"<a class="button quiet" id="company" href="/oauth2/authorize?identity_provider={}&amp;{query}">Sign in with {}</a>
<p class="or"><span>or</span></p>"#,
                escape(&company.provider),
                escape(&company.display_name),
            )
        });
        let body = format!(
            r#"<h1>Sign in</h1>
<p class="lead">to the sandbox of <b>cognito-creds</b></p>
{company}
<form method="post" action="/login?{query}">
<input type="hidden" name="_csrf" value="{csrf}">
{message}
<label for="username">User name</label>
<input id="username" name="username" value="{name}" autocomplete="username" autocapitalize="none" spellcheck="false" required {focus_name}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required {focus_password}>
<button id="submit" class="button" type="submit">Sign in</button>
</form>
<p class="small"><a id="cancel" href="/login/cancel?{query}">Cancel</a></p>
<p class="hint">Try <code>alice</code>, password <code>password</code>.</p>"#,
            csrf = escape(self.csrf),
            name = escape(self.name),
            message = message(self.message),
            focus_name = if self.name.is_empty() { "autofocus" } else { "" },
            focus_password = if self.name.is_empty() { "" } else { "autofocus" },
        );
        page(self.language, "Sign in", "pool", &body)
    }
}

/// The company's own login page. Its field ids are those of the login page.
pub(crate) fn company_login(company: &Company, relay_state: &str, text: Option<&str>) -> String {
    let relay_state = escape(relay_state);
    let name = escape(&company.display_name);
    let body = format!(
        r#"<h1>{name}</h1>
<p class="lead">Single sign-on</p>
<form method="post" action="/company/login?RelayState={relay_state}">
{message}
<label for="username">Work account</label>
<input id="username" name="username" placeholder="name@{domain}" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button id="submit" class="button" type="submit">Continue</button>
</form>
<p class="small"><a id="cancel" href="/company/cancel?RelayState={relay_state}">Cancel</a></p>
<p class="hint">Try <code>erin@{domain}</code>, password <code>password</code>.</p>"#,
        message = message(text),
        domain = escape(&company.identifier),
    );
    page("en", &name, "company", &body)
}

/// The company's answer: a form that posts itself to Cognito.
pub(crate) fn saml_post(response: &str, relay_state: &str) -> String {
    let body = format!(
        r#"<form id="saml" method="post" action="/saml2/idpresponse">
<input type="hidden" name="SAMLResponse" value="{}">
<input type="hidden" name="RelayState" value="{}">
<noscript><button class="button" type="submit">Continue</button></noscript>
</form>
<script>document.getElementById("saml").submit()</script>"#,
        escape(response),
        escape(relay_state),
    );
    page("en", "Signing in", "company", &body)
}

/// A page of Cognito's on which a sign-in ends without a redirect.
pub(crate) fn error(status: u16, title: &str, text: &str) -> Reply {
    let body = format!(r#"<h1>{}</h1><p class="error">{}</p>"#, escape(title), escape(text));
    Reply::html(status, page("en", title, "pool", &body))
}

/// The redirect URI is not registered byte for byte.
pub(crate) fn redirect_mismatch() -> Reply {
    error(400, "An error was encountered with the requested page.", "redirect_mismatch")
}

/// The client id is not known.
pub(crate) fn unknown_client() -> Reply {
    error(400, "An error was encountered with the requested page.", "Invalid client id: invalid_request")
}

/// The form stood open for too long or is not ours.
pub(crate) fn something_went_wrong() -> Reply {
    error(
        400,
        "Something went wrong",
        "An error was encountered with the requested page. Please start again.",
    )
}

/// The one-hour session cookie. `Secure` only over TLS: the sandbox's plain HTTP is loopback only.
pub(crate) fn session_cookie(url: &str, value: &str) -> String {
    let secure = if url.starts_with("https:") { " Secure;" } else { "" };
    format!("cognito={value}; Path=/; Max-Age={BROWSER_SESSION_SECONDS}; HttpOnly;{secure} SameSite=Lax")
}

fn message(text: Option<&str>) -> String {
    text.map_or(String::new(), |text| format!(r#"<p class="error" role="alert">{}</p>"#, escape(text)))
}

fn page(language: &str, title: &str, class: &str, body: &str) -> String {
    format!(
        r#"<!DOCTYPE html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{}</title><link rel="icon" href="data:,"><style>{STYLE}</style></head>
<body class="{class}"><main>{body}</main></body></html>
"#,
        escape(title)
    )
}

pub(crate) fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut safe, char| {
        match char {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
        safe
    })
}

const STYLE: &str = "
:root{color-scheme:light dark;--ink:#16202c;--dim:#5b6776;--paper:#fff;--ground:#eef1f5;--line:#cfd6de;--accent:#0b5cad;--bad:#a3172c}
@media (prefers-color-scheme:dark){:root{--ink:#e8edf3;--dim:#9aa7b5;--paper:#1a222c;--ground:#10161d;--line:#37424f;--accent:#5aa7f0;--bad:#ff8a97}}
body.company{--accent:#7a3ea8}
@media (prefers-color-scheme:dark){body.company{--accent:#c391ee}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{width:min(24rem,calc(100vw - 2rem));padding:2rem;background:var(--paper);border:1px solid var(--line);border-top:4px solid var(--accent);border-radius:10px}
h1{margin:0;font-size:1.5rem;line-height:1.25}
.lead{margin:.25rem 0 1.5rem;color:var(--dim)}
label{display:block;margin:.9rem 0 .25rem;font-size:.9rem;font-weight:600}
input{width:100%;padding:.6rem .7rem;font:inherit;color:inherit;background:transparent;border:1px solid var(--line);border-radius:6px}
.button{display:block;width:100%;margin-top:1.25rem;padding:.65rem;font:inherit;font-weight:600;text-align:center;text-decoration:none;color:var(--paper);background:var(--accent);border:1px solid var(--accent);border-radius:6px;cursor:pointer}
.quiet{color:var(--ink);background:transparent;border-color:var(--line)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.or{display:flex;align-items:center;gap:.75rem;margin:1.25rem 0 0;color:var(--dim);font-size:.9rem}
.or:before,.or:after{content:'';flex:1;border-top:1px solid var(--line)}
.error{margin:1rem 0 0;color:var(--bad)}
.small,.hint{margin:1rem 0 0;font-size:.9rem;text-align:center}
.hint{color:var(--dim)}
a{color:var(--accent)}
";
