//! A person at a browser, as an HTTP client: opens the address, picks the company or fills in the
//! form, follows every redirect by hand, keeps cookies as browsers do, and reads the last page.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use url::Url;

/// More pages than any sign-in has.
const LONGEST_TRAIL: usize = 20;

/// Somebody with a browser of their own. Cookies stay from one sign-in to the next, so the second one
/// within an hour is silent; a new `Person` has a fresh browser.
#[derive(Debug)]
pub struct Person {
    name: String,
    password: String,
    intent: Intent,
    agent: Agent,
    /// Host and name → value. Ports do not matter to cookies (RFC 6265 §8.5): the callback listener on
    /// 127.0.0.1 gets the cookies of the sandbox.
    cookies: Mutex<BTreeMap<(String, String), String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Intent {
    UserPool,
    Company,
    Deny,
}

/// The page on which a sign-in ended.
#[derive(Clone, Debug)]
pub struct PageSeen {
    /// HTTP status.
    pub status: u16,
    /// The page.
    pub body: String,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// What the address bar shows.
    pub final_url: String,
    /// Every address on the way, the last one included.
    pub trail: Vec<String>,
}

impl PageSeen {
    /// The first header of that name, which is given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl Person {
    /// Somebody who types user name and password into the login page.
    pub fn new(name: &str, password: &str) -> Self {
        Self::with(name, password, Intent::UserPool)
    }

    /// Somebody who signs in at their company.
    pub fn federated(name: &str, password: &str) -> Self {
        Self::with(name, password, Intent::Company)
    }

    /// Somebody who presses Cancel.
    pub fn deny() -> Self {
        Self::with("", "", Intent::Deny)
    }

    fn with(name: &str, password: &str, intent: Intent) -> Self {
        Self {
            name: name.to_owned(),
            password: password.to_owned(),
            intent,
            agent: agent(None),
            cookies: Mutex::default(),
        }
    }

    /// Trusts this certificate authority (PEM), and no other.
    pub fn trusting(mut self, ca_pem: &str) -> io::Result<Self> {
        let authority = Certificate::from_pem(ca_pem.as_bytes()).map_err(io::Error::other)?;
        self.agent = agent(Some(authority));
        Ok(self)
    }

    /// Clears the browser's cookies.
    pub fn forget_cookies(&self) {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Opens the address and goes on until a page asks nothing more. Errors are those of the network;
    /// an error page is a page.
    pub fn sign_in(&self, address: &str) -> io::Result<PageSeen> {
        let mut next = Step { url: parse(address)?, form: None };
        let mut trail = Vec::new();
        let mut answered = false;
        while trail.len() < LONGEST_TRAIL {
            trail.push(next.url.to_string());
            let page = self.fetch(&next, &trail)?;
            let location = page.header("location").filter(|_| (300..400).contains(&page.status));
            next = match location {
                Some(location) => Step { url: join(&next.url, location)?, form: None },
                None => match self.react(&next.url, &page.body, &mut answered)? {
                    Some(step) => step,
                    None => return Ok(page),
                },
            };
        }
        Err(io::Error::other(format!("no end after {LONGEST_TRAIL} pages: {trail:?}")))
    }

    /// What the person does on a page; `None` when there is nothing (more) to do.
    fn react(&self, here: &Url, html: &str, answered: &mut bool) -> io::Result<Option<Step>> {
        let link = |id: &str| {
            tags(html, "a")
                .find(|tag| tag.get("id").is_some_and(|found| found == id))
                .and_then(|tag| tag.get("href").cloned())
        };
        let asks_for_password = html.contains("id=\"password\"") && html.contains("id=\"username\"");
        if self.intent == Intent::Deny {
            return link("cancel").map(|href| Ok(Step { url: join(here, &href)?, form: None })).transpose();
        }
        if let (Intent::Company, Some(href)) = (self.intent, link("company")) {
            return Ok(Some(Step { url: join(here, &href)?, form: None }));
        }
        let posts_itself = html.contains("name=\"SAMLResponse\"");
        if !posts_itself && (!asks_for_password || *answered) {
            return Ok(None);
        }
        *answered |= asks_for_password;
        self.fill_in(here, html).map(Some)
    }

    fn fill_in(&self, here: &Url, html: &str) -> io::Result<Step> {
        let form = tags(html, "form").next().ok_or_else(|| io::Error::other("a page without its form"))?;
        let mut fields = url::form_urlencoded::Serializer::new(String::new());
        for input in tags(html, "input") {
            let Some(name) = input.get("name") else { continue };
            let value = match name.as_str() {
                "username" => &self.name,
                "password" => &self.password,
                _ => input.get("value").map_or("", String::as_str),
            };
            fields.append_pair(name, value);
        }
        let action = form.get("action").map_or("", String::as_str);
        Ok(Step { url: join(here, action)?, form: Some(fields.finish()) })
    }

    fn fetch(&self, step: &Step, trail: &[String]) -> io::Result<PageSeen> {
        let host = step.url.host_str().unwrap_or_default().to_owned();
        let cookie = self.cookie_header(&host);
        let agent_name = "Mozilla/5.0 (cognito-sandbox person)";
        let result = match &step.form {
            None => {
                let request = self
                    .agent
                    .get(step.url.as_str())
                    .header("user-agent", agent_name)
                    .header("accept", "text/html");
                cookie.iter().fold(request, |request, value| request.header("cookie", value)).call()
            }
            Some(form) => {
                let request = self.agent.post(step.url.as_str()).header("user-agent", agent_name);
                let request = request.header("content-type", "application/x-www-form-urlencoded");
                cookie.iter().fold(request, |request, value| request.header("cookie", value)).send(form)
            }
        };
        let mut response =
            result.map_err(|error| io::Error::other(format!("{}: {error}", without_query(&step.url))))?;
        let headers: Vec<(String, String)> = response
            .headers()
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect();
        self.keep_cookies(&host, &headers);
        Ok(PageSeen {
            status: response.status().as_u16(),
            body: response.body_mut().read_to_string().map_err(io::Error::other)?,
            headers,
            final_url: step.url.to_string(),
            trail: trail.to_vec(),
        })
    }

    fn cookie_header(&self, host: &str) -> Option<String> {
        let cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        let pairs: Vec<String> = cookies
            .iter()
            .filter(|((owner, _), _)| owner == host)
            .map(|((_, name), value)| format!("{name}={value}"))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    fn keep_cookies(&self, host: &str, headers: &[(String, String)]) {
        let mut cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, cookie) in headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let Some((name, value)) = pair.split_once('=') else { continue };
            let key = (host.to_owned(), name.trim().to_owned());
            if attributes.contains("Max-Age=0") {
                cookies.remove(&key);
            } else {
                cookies.insert(key, value.trim().to_owned());
            }
        }
    }
}

/// An address to open, or a form to post there.
struct Step {
    url: Url,
    form: Option<String>,
}

fn agent(authority: Option<Certificate<'static>>) -> Agent {
    let mut tls = TlsConfig::builder();
    if let Some(authority) = authority {
        tls = tls.root_certs(RootCerts::new_with_certs(&[authority]));
    }
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        // The last page comes after the exchange, and tests slow that down.
        .timeout_global(Some(Duration::from_secs(120)))
        .tls_config(tls.build())
        .build()
        .into()
}

fn parse(address: &str) -> io::Result<Url> {
    Url::parse(address).map_err(io::Error::other)
}

fn join(here: &Url, address: &str) -> io::Result<Url> {
    here.join(address).map_err(io::Error::other)
}

fn without_query(url: &Url) -> String {
    let mut bare = url.clone();
    bare.set_query(None);
    bare.to_string()
}

/// The attributes of every tag of that name. Enough for the pages in this crate, which quote all values
/// with double quotes.
fn tags<'a>(html: &'a str, name: &'a str) -> impl Iterator<Item = BTreeMap<String, String>> + 'a {
    html.split('<')
        .filter_map(move |piece| piece.strip_prefix(name)?.strip_prefix(char::is_whitespace))
        .map(|rest| attributes(rest.split('>').next().unwrap_or_default()))
}

fn attributes(tag: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut rest = tag;
    while let Some((name, after)) = rest.split_once("=\"") {
        let Some((value, after)) = after.split_once('"') else { break };
        let name = name.split_whitespace().last().unwrap_or_default();
        found.insert(name.to_owned(), unescape(value));
        rest = after;
    }
    found
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}
