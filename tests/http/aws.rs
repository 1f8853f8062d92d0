//! The AWS SDK over the client, as the identity pool is called.

use super::client;
use super::doubles::{Double, closed_port, read_request, response};
use aws_sdk_cognitoidentity::config::timeout::TimeoutConfig;
use aws_sdk_cognitoidentity::config::{BehaviorVersion, Region, retry::RetryConfig};
use aws_sdk_cognitoidentity::error::SdkError;
use aws_sdk_cognitoidentity::operation::get_id::{GetIdError, GetIdOutput};
use cognito_creds::http::{SendError, SendErrorKind, Sent};
use std::time::{Duration, Instant};

fn get_id(port: u16, read_timeout: Duration) -> Result<GetIdOutput, Box<SdkError<GetIdError>>> {
    let config = aws_sdk_cognitoidentity::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .endpoint_url(format!("http://127.0.0.1:{port}"))
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().read_timeout(read_timeout).build())
        .http_client(client())
        .build();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let call = aws_sdk_cognitoidentity::Client::from_conf(config)
        .get_id()
        .identity_pool_id("eu-central-1:pool")
        .logins("issuer", "canary-token")
        .send();
    runtime.block_on(call).map_err(Box::new)
}

#[track_caller]
fn assert_carries(error: &SdkError<GetIdError>, kind: SendErrorKind, sent: Sent) {
    let found = SendError::within(error).unwrap_or_else(|| panic!("no SendError in {error:?}"));
    assert_eq!((found.kind(), found.sent()), (kind, sent));
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
}

const AMPLE: Duration = super::AMPLE;

#[test]
fn the_sdk_gets_its_answer_and_signs_nothing() {
    let server = Double::answering(response("200 OK", r#"{"IdentityId":"eu-central-1:me"}"#));
    let answer = get_id(server.port(), AMPLE).unwrap();
    assert_eq!(answer.identity_id(), Some("eu-central-1:me"));
    let request = server.next_heard().to_ascii_lowercase();
    assert!(request.contains("\r\nx-amz-target: awscognitoidentityservice.getid\r\n"), "{request}");
    assert!(request.contains(r#"{"issuer":"canary-token"}"#), "{request}");
    assert!(!request.contains("authorization"), "{request}");
}

#[test]
fn an_error_of_the_service_stays_one() {
    let body = r#"{"__type":"NotAuthorizedException","message":"no"}"#;
    let server = Double::answering(response("400 Bad Request", body));
    let error = get_id(server.port(), AMPLE).unwrap_err();
    assert!(error.as_service_error().is_some_and(GetIdError::is_not_authorized_exception), "{error:?}");
    assert!(SendError::within(&*error).is_none());
}

#[test]
fn a_page_in_place_of_json_is_an_answer_that_cannot_be_read() {
    let server = Double::answering(response("200 OK", "<html>Sign in to the hotel's network</html>"));
    let error = get_id(server.port(), AMPLE).unwrap_err();
    assert!(matches!(*error, SdkError::ResponseError(_)), "{error:?}");
    assert!(SendError::within(&*error).is_none());
}

#[test]
fn a_refused_connection_can_be_told_from_a_broken_one() {
    let error = get_id(closed_port(), AMPLE).unwrap_err();
    assert!(matches!(&*error, SdkError::DispatchFailure(failure) if failure.is_io()), "{error:?}");
    assert_carries(&error, SendErrorKind::Refused, Sent::Never);

    let server = Double::start(|mut stream, _| {
        read_request(&mut stream);
    });
    let error = get_id(server.port(), AMPLE).unwrap_err();
    assert!(matches!(&*error, SdkError::DispatchFailure(failure) if failure.is_io()), "{error:?}");
    assert_carries(&error, SendErrorKind::Broken, Sent::Perhaps);
}

#[test]
fn the_read_timeout_of_the_sdk_is_a_limit_of_the_client() {
    let server = Double::start(|mut stream, _| {
        read_request(&mut stream);
        let _ = std::io::Read::read(&mut stream, &mut [0]);
    });
    let start = Instant::now();
    let error = get_id(server.port(), Duration::from_millis(300)).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(5), "took {:?}", start.elapsed());
    assert_carries(&error, SendErrorKind::TimedOut, Sent::Perhaps);
}
