//! The AWS SDK over [`Client`]: no second HTTP client, TLS stack, proxy rule or trust rule.
//!
//! The call blocks the thread that polls it, so the SDK's own timers can't interrupt it; the limits
//! of [`Client::send`] do. The SDK's `read_timeout` shortens the limit of one request.

use super::{Client, REQUEST_LIMIT, SendError, SendErrorKind, Sent};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use std::time::Duration;

impl HttpClient for Client {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        let limit = settings.read_timeout().unwrap_or(REQUEST_LIMIT);
        SharedHttpConnector::new(Connector { client: self.clone(), limit })
    }
}

#[derive(Debug)]
struct Connector {
    client: Client,
    limit: Duration,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(self.exchange(request))
    }
}

impl Connector {
    fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = request.try_into_http1x().map_err(|e| ConnectorError::user(Box::new(e)))?;
        let (parts, body) = request.into_parts();
        let body = body.bytes().ok_or_else(|| ConnectorError::user("a streaming body".into()))?.to_vec();
        let request = http::Request::from_parts(parts, body);
        let response = self.client.send(request, self.limit).map_err(connector_error)?;
        let response = response.map(|body| SdkBody::from(body.into_vec()));
        HttpResponse::try_from(response).map_err(|e| ConnectorError::other(Box::new(e), None))
    }
}

/// The SDK's classes, with the [`SendError`] kept inside for [`SendError::within`].
fn connector_error(error: SendError) -> ConnectorError {
    use SendErrorKind as K;
    let (kind, sent) = (error.kind(), error.sent());
    let error = Box::new(error);
    let class = match kind {
        K::TimedOut => ConnectorError::timeout(error),
        K::Insecure => ConnectorError::user(error),
        K::TooLarge | K::Other => ConnectorError::other(error, None),
        K::Dns | K::Refused | K::Connect | K::Tls | K::Proxy | K::Broken => ConnectorError::io(error),
    };
    match sent {
        Sent::Never => class.never_connected(),
        Sent::Perhaps => class,
    }
}
