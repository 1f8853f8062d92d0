//! STS: who am I, and credentials for an OpenID token. Also the vault of all credentials given out.

use crate::clock::iso8601;
use crate::exchange::{Fields, Reply, Request};
use crate::identity_pool::OWN_PROVIDER;
use crate::keys::Jwt;
use crate::log::Endpoint;
use crate::random;
use crate::sigv4::{Authorization, SKEW_SECONDS};
use crate::state::State;
use std::collections::HashMap;

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// Who credentials speak for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The role.
    pub role_arn: String,
    /// The name of the session in it.
    pub session_name: String,
    /// The identity (`REGION:UUID`) at the identity pool, one for each person and provider.
    pub identity_id: String,
}

/// Credentials that were given out.
#[derive(Clone, Debug)]
pub(crate) struct Issued {
    pub holder: Holder,
    pub secret: String,
    pub session_token: String,
    pub ends: i64,
}

/// All of them, by access key id.
#[derive(Debug, Default)]
pub(crate) struct Vault(HashMap<String, Issued>);

impl Vault {
    pub fn issue(&mut self, holder: Holder, ends: i64) -> (String, Issued) {
        let key = random::aws_id("ASIA");
        let issued = Issued {
            holder,
            secret: random::base64(40),
            // Real ones begin like this and have 1,000 to 1,600 characters.
            session_token: format!("IQoJb3JpZ2luX2VjE{}==", random::base64(1200)),
            ends,
        };
        self.0.insert(key.clone(), issued.clone());
        (key, issued)
    }

    pub fn get(&self, access_key: &str) -> Option<&Issued> {
        self.0.get(access_key)
    }
}

/// The endpoint an `Action` names.
pub(crate) fn endpoint(action: &str) -> Endpoint {
    match action {
        "GetCallerIdentity" => Endpoint::CallerIdentity,
        "AssumeRoleWithWebIdentity" => Endpoint::AssumeRole,
        _ => Endpoint::Unknown,
    }
}

/// An error as STS writes it.
pub(crate) fn error(status: u16, code: &str, message: &str) -> Reply {
    let id = random::uuid();
    Reply::xml(
        status,
        format!(
            "<ErrorResponse xmlns=\"{NAMESPACE}\">\n  <Error>\n    <Type>{}</Type>\n    <Code>{code}</Code>\n    \
             <Message>{message}</Message>\n  </Error>\n  <RequestId>{id}</RequestId>\n</ErrorResponse>\n",
            if status < 500 { "Sender" } else { "Receiver" },
        ),
    )
}

pub(crate) fn answer(state: &mut State, endpoint: Endpoint, request: &Request) -> Reply {
    let answer = match endpoint {
        Endpoint::CallerIdentity => caller_identity(state, request),
        Endpoint::AssumeRole => assume_role(state, &request.form()),
        _ => Err((400, "InvalidAction", "Could not find operation".to_owned())),
    };
    answer.unwrap_or_else(|(status, code, message)| error(status, code, &message))
}

type Refusal = (u16, &'static str, String);

fn refuse<T>(status: u16, code: &'static str, message: &str) -> Result<T, Refusal> {
    Err((status, code, message.to_owned()))
}

fn caller_identity(state: &State, request: &Request) -> Result<Reply, Refusal> {
    let (arn, id) = match signer(state, request, "sts")? {
        None => {
            (format!("arn:aws:iam::{}:user/admin", state.world.account_id), "AIDASANDBOXADMIN0001".to_owned())
        }
        Some(holder) => {
            let name = holder.role_arn.rsplit('/').next().unwrap_or_default();
            let session = &holder.session_name;
            let arn = format!("arn:aws:sts::{}:assumed-role/{name}/{session}", state.world.account_id);
            (arn, format!("AROASANDBOXROLE00001:{session}"))
        }
    };
    let account = &state.world.account_id;
    Ok(result(
        "GetCallerIdentity",
        &format!("<Arn>{arn}</Arn><UserId>{id}</UserId><Account>{account}</Account>"),
    ))
}

/// Who signed a request; `None` for the administrator's static keys.
fn signer(state: &State, request: &Request, service: &str) -> Result<Option<Holder>, Refusal> {
    let Some(header) = request.header("authorization") else {
        return refuse(403, "MissingAuthenticationToken", "Request is missing Authentication Token");
    };
    let Some(authorization) = Authorization::parse(header).filter(|found| found.service == service) else {
        return refuse(
            400,
            "IncompleteSignature",
            "The request signature does not conform to AWS standards.",
        );
    };
    let token = request.header("x-amz-security-token");
    let (admin_key, admin_secret) = &state.world.admin_keys;
    let issued = state.vault.get(authorization.access_key);
    let secret = match issued {
        Some(issued) if token == Some(&issued.session_token) => &issued.secret,
        None if authorization.access_key == admin_key && token.is_none() => admin_secret,
        _ => {
            return refuse(
                403,
                "InvalidClientTokenId",
                "The security token included in the request is invalid.",
            );
        }
    };
    let Some(signed_at) =
        Authorization::signed_at(request).filter(|_| authorization.matches(request, secret))
    else {
        let text = "The request signature we calculated does not match the signature you provided. \
                    Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";
        return refuse(403, "SignatureDoesNotMatch", text);
    };
    let now = state.now();
    if (now - signed_at).abs() > SKEW_SECONDS {
        return refuse(
            403,
            "SignatureDoesNotMatch",
            "Signature expired or not yet current: the clock of the caller is off.",
        );
    }
    match issued {
        Some(issued) if now >= issued.ends => {
            refuse(403, "ExpiredToken", "The security token included in the request is expired")
        }
        _ => Ok(issued.map(|issued| issued.holder.clone())),
    }
}

/// Whether the administrator's keys signed a request of a JSON service.
pub(crate) fn signed_by_admin(
    state: &State,
    request: &Request,
    service: &str,
) -> Result<(), (String, String)> {
    match signer(state, request, service) {
        Ok(None) => Ok(()),
        Ok(Some(holder)) => {
            let text = format!("User: {} is not authorized to perform this operation", holder.role_arn);
            Err(("AccessDeniedException".to_owned(), text))
        }
        Err((_, code, message)) => Err((format!("{code}Exception"), message)),
    }
}

fn assume_role(state: &mut State, form: &Fields) -> Result<Reply, Refusal> {
    let seconds: i64 = match form.get("DurationSeconds") {
        None => 3600,
        Some(text) => {
            text.parse().or_else(|_| refuse(400, "MalformedInput", "DurationSeconds is not a number"))?
        }
    };
    let session_name = form.get("RoleSessionName").unwrap_or_default();
    check_duration(seconds)?;
    check_session_name(session_name)?;
    let subject = check_token(state, form.get("WebIdentityToken").unwrap_or_default())?;
    let arn = form.get("RoleArn").unwrap_or_default();
    let Some(role) = state.world.role(arn).filter(|role| role.trusts_pool) else {
        return refuse(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity");
    };
    if seconds > role.max_session_seconds {
        let text = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        return refuse(400, "ValidationError", text);
    }
    let ends = state.now() + seconds;
    let holder = Holder {
        role_arn: arn.to_owned(),
        session_name: session_name.to_owned(),
        identity_id: subject.clone(),
    };
    let assumed = arn.rsplit('/').next().unwrap_or_default().to_owned();
    let (key, issued) = state.vault.issue(holder, ends);
    Ok(result(
        "AssumeRoleWithWebIdentity",
        &format!(
            "<SubjectFromWebIdentityToken>{subject}</SubjectFromWebIdentityToken><Audience>{}</Audience>\
             <AssumedRoleUser><Arn>arn:aws:sts::{}:assumed-role/{assumed}/{session_name}</Arn>\
             <AssumedRoleId>AROASANDBOXROLE00001:{session_name}</AssumedRoleId></AssumedRoleUser>\
             <Credentials><SessionToken>{}</SessionToken><SecretAccessKey>{}</SecretAccessKey>\
             <Expiration>{}</Expiration><AccessKeyId>{key}</AccessKeyId></Credentials><Provider>{OWN_PROVIDER}</Provider>",
            state.world.identity_pool.id,
            state.world.account_id,
            issued.session_token,
            issued.secret,
            iso8601(issued.ends),
        ),
    ))
}

fn check_duration(seconds: i64) -> Result<(), Refusal> {
    let bound = match seconds {
        i64::MIN..900 => "greater than or equal to 900",
        43_201.. => "less than or equal to 43200",
        _ => return Ok(()),
    };
    let text = format!(
        "1 validation error detected: Value '{seconds}' at 'durationSeconds' failed to satisfy constraint: \
         Member must have value {bound}"
    );
    refuse(400, "ValidationError", &text)
}

/// 2 to 64 of `[\w+=,.@-]`.
fn check_session_name(name: &str) -> Result<(), Refusal> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    if (2..=64).contains(&name.len()) && name.bytes().all(good) {
        return Ok(());
    }
    let text = "1 validation error detected: Value at 'roleSessionName' failed to satisfy constraint: \
                Member must satisfy regular expression pattern: [\\w+=,.@-]*";
    refuse(400, "ValidationError", text)
}

/// The identity of a token of `GetOpenIdToken`.
fn check_token(state: &State, token: &str) -> Result<String, Refusal> {
    let Some(jwt) = Jwt::parse(token) else {
        return refuse(400, "InvalidIdentityToken", "The ID Token provided is not a valid JWT.");
    };
    if jwt.text("iss") != format!("https://{OWN_PROVIDER}") {
        return refuse(
            400,
            "InvalidIdentityToken",
            "No OpenIDConnect provider found in your account for the token's issuer",
        );
    }
    if !state.keys.verify(&jwt) {
        return refuse(400, "InvalidIdentityToken", "Couldn't verify signed token.");
    }
    if jwt.text("aud") != state.world.identity_pool.id {
        return refuse(400, "InvalidIdentityToken", "Incorrect token audience");
    }
    let (now, ends) = (state.now(), jwt.seconds("exp"));
    if now >= ends {
        let text =
            format!("Token expired: current date/time {now} must be before the expiration date/time {ends}");
        return refuse(400, "ExpiredTokenException", &text);
    }
    Ok(jwt.text("sub").to_owned())
}

fn result(action: &str, members: &str) -> Reply {
    let id = random::uuid();
    Reply::xml(
        200,
        format!(
            "<{action}Response xmlns=\"{NAMESPACE}\"><{action}Result>{members}</{action}Result>\
             <ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></{action}Response>\n"
        ),
    )
}
