//! `/_sandbox/…`: the switches of [`crate::Sandbox`] over HTTP, for suites in a shell or in Python.
//! Parameters come in the query or as a form; answers are JSON. Neither logged nor counted.
//!
//! | request | does |
//! | --- | --- |
//! | `GET counts`, `GET log`, `GET world` | counts, request log, ids and names |
//! | `POST fault?endpoint=token&kind=status&status=503&times=2` | see [`fault`] |
//! | `POST clear-faults` | |
//! | `POST clock?offset=3600[&date_offset=0]` | moves the clock, seconds |
//! | `POST register-redirect?uri=…[&client=…]` | callback and sign-out URL |
//! | `POST person?name=alice&act=…` | `disable`, `enable`, `revoke`, `sign-out` |
//! | `POST client?id=…&rotation=off\|SECONDS&id_token_seconds=…&…` | changes an app client |
//! | `POST identity-pool?credential_seconds=…` | how long credentials live from now on |
//! | `POST forget?what=…` | `browsers`, `identities`, `log` |
//! | `POST reset` | forgets everything that happened |

use crate::exchange::{Fields, Reply, Request};
use crate::fault::{Fault, Times};
use crate::log::Endpoint;
use crate::server::Shared;
use hyper::Method;
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) fn answer(shared: &Shared, request: &Request) -> Reply {
    let mut fields = request.query.clone();
    fields.0.extend(request.form().0);
    let name = request.path.trim_start_matches("/_sandbox/");
    let done = match (&request.method, name) {
        (&Method::GET, "counts") => Ok(json!(shared.log.counts())),
        (&Method::GET, "log") => Ok(json!(shared.log.entries())),
        (&Method::GET, "world") => Ok(world(shared)),
        (&Method::POST, name) => change(shared, name, &fields).map(|()| json!({ "ok": true })),
        _ => Err("no such control".to_owned()),
    };
    match done {
        Ok(value) => Reply::json(200, &value),
        Err(message) => Reply::json(400, &json!({ "error": message })),
    }
}

fn change(shared: &Shared, name: &str, fields: &Fields) -> Result<(), String> {
    let mut state = shared.state();
    match name {
        "fault" => {
            let endpoint: Endpoint = named(need(fields, "endpoint")?)?;
            let (fault, times) = fault(fields)?;
            state.faults.add(endpoint, fault, times);
        }
        "clear-faults" => state.faults.clear(),
        "clock" => {
            state.clock.offset = number(need(fields, "offset")?)?;
            state.clock.date_offset = fields.get("date_offset").map(number).transpose()?;
        }
        "register-redirect" => {
            let uri = need(fields, "uri")?.to_owned();
            let id = fields.get("client").unwrap_or(crate::cast::PUBLIC_CLIENT);
            let client =
                state.world.clients.iter_mut().find(|client| client.id == id).ok_or("no such client")?;
            client.redirect_uris.push(uri.clone());
            client.sign_out_uris.push(uri);
        }
        "person" => {
            let name = need(fields, "name")?;
            state.world.user(name).ok_or("no such person")?;
            match need(fields, "act")? {
                "disable" => state.world.user_mut(name).disabled = true,
                "enable" => state.world.user_mut(name).disabled = false,
                "revoke" => state.sessions.revoke_all(name),
                "sign-out" => state.sessions.sign_out(name),
                _ => return Err("act is one of disable, enable, revoke, sign-out".to_owned()),
            }
        }
        "client" => {
            let id = need(fields, "id")?;
            let client =
                state.world.clients.iter_mut().find(|client| client.id == id).ok_or("no such client")?;
            match fields.get("rotation") {
                None => {}
                Some("off") => client.rotation = None,
                Some(seconds) => client.rotation = Some(number(seconds)?),
            }
            let mut set =
                |name: &str, target: fn(&mut crate::world::Client) -> &mut i64| -> Result<(), String> {
                    if let Some(seconds) = fields.get(name) {
                        *target(client) = number(seconds)?;
                    }
                    Ok(())
                };
            set("id_token_seconds", |client| &mut client.id_token_seconds)?;
            set("access_token_seconds", |client| &mut client.access_token_seconds)?;
            set("refresh_token_seconds", |client| &mut client.refresh_token_seconds)?;
        }
        "identity-pool" => {
            state.world.identity_pool.credential_seconds = number(need(fields, "credential_seconds")?)?;
        }
        "forget" => match need(fields, "what")? {
            "browsers" => state.sign_ins.forget_browsers(),
            "identities" => state.identities.forget(),
            "log" => shared.log.clear(),
            _ => return Err("what is one of browsers, identities, log".to_owned()),
        },
        "reset" => {
            state.reset();
            shared.log.clear();
        }
        _ => return Err("no such control".to_owned()),
    }
    Ok(())
}

/// `kind`: `status` (status, retry_after), `drop-before`, `drop-after`, `drop-mid-body`, `truncated`,
/// `captive-portal`, `redirect` (status, location), `oauth` (status, error, description), `aws` (status,
/// type, message), `huge` (bytes), `drip` (step, pause), `delay` (seconds), `hang`, `answer` (status,
/// content_type, body). `times`: a number or `forever`; `skip`: requests that pass before. `delay`
/// (seconds, may be fractional) goes with every kind.
fn fault(fields: &Fields) -> Result<(Fault, Times), String> {
    let status =
        |default: u16| fields.get("status").map_or(Ok(default), |text| number(text).map(|n| n as u16));
    let text = |name: &str| fields.get(name).unwrap_or_default().to_owned();
    let delay = fields.get("delay").map(seconds).transpose()?;
    let fault = match need(fields, "kind")? {
        "status" => match fields.get("retry_after") {
            None => Fault::Status(status(503)?),
            Some(after) => {
                Fault::RetryAfter { status: status(503)?, seconds: number(after)?.max(0).cast_unsigned() }
            }
        },
        "drop-before" => Fault::DropBefore,
        "drop-after" => Fault::DropAfterApplying,
        "drop-mid-body" => Fault::DropMidBody,
        "truncated" => Fault::TruncatedJson,
        "captive-portal" => Fault::CaptivePortal,
        "redirect" => Fault::Redirect { status: status(302)?, location: text("location") },
        "oauth" => Fault::OAuth {
            status: status(400)?,
            error: need(fields, "error")?.to_owned(),
            description: fields.get("description").map(str::to_owned),
        },
        "aws" => Fault::Aws {
            status: status(400)?,
            kind: need(fields, "type")?.to_owned(),
            message: text("message"),
        },
        "huge" => Fault::HugeBody(usize::try_from(number(need(fields, "bytes")?)?).unwrap_or(0)),
        "drip" => Fault::SlowDrip {
            step: usize::try_from(number(need(fields, "step")?)?).unwrap_or(1),
            pause: seconds(need(fields, "pause")?)?,
        },
        "hang" => Fault::Hang,
        "delay" => Fault::Delay(delay.ok_or("delay is missing")?),
        "answer" => Fault::Answer {
            status: status(200)?,
            content_type: fields.get("content_type").unwrap_or("text/plain").to_owned(),
            headers: Vec::new(),
            body: text("body").into_bytes(),
        },
        other => return Err(format!("no such kind of fault: {other}")),
    };
    let fault = match (delay, fault) {
        (Some(pause), fault) if !matches!(fault, Fault::Delay(_)) => Fault::DelayThen(pause, Box::new(fault)),
        (_, fault) => fault,
    };
    let skip = fields.get("skip").map_or(Ok(0), number)? as u32;
    let times = match fields.get("times") {
        Some("forever") => Times::Forever,
        times => Times::AfterSkipping { skip, count: times.map_or(Ok(1), number)? as u32 },
    };
    Ok((fault, times))
}

fn need<'a>(fields: &'a Fields, name: &str) -> Result<&'a str, String> {
    fields.get(name).ok_or_else(|| format!("{name} is missing"))
}

fn number(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| format!("{text} is not a number"))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let value: f64 = text.parse().map_err(|_| format!("{text} is not a number"))?;
    Duration::try_from_secs_f64(value).map_err(|_| format!("{text} is not a duration"))
}

fn named<T: serde::de::DeserializeOwned>(name: &str) -> Result<T, String> {
    serde_json::from_value(json!(name)).map_err(|_| format!("no such endpoint: {name}"))
}

fn world(shared: &Shared) -> Value {
    let state = shared.state();
    let world = &state.world;
    json!({
        "url": state.url,
        "region": world.region,
        "user_pool_id": world.user_pool_id,
        "identity_pool_id": world.identity_pool.id,
        "issuer": world.issuer,
        "clients": world.clients.iter().map(|client| &client.id).collect::<Vec<_>>(),
        "users": world.users.iter().map(|user| &user.name).collect::<Vec<_>>(),
        "roles": world.roles.iter().map(|role| &role.arn).collect::<Vec<_>>(),
        "buckets": world.buckets.iter().map(|bucket| &bucket.name).collect::<Vec<_>>(),
    })
}
