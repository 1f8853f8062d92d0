//! `rust-sdk-client [PROFILE]`: S3 through the AWS SDK for Rust, with a profile or by its default chain; one command a line on
//! stdin, one answer a line on stdout (`clients.py` has the words).

use aws_config::BehaviorVersion;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::DisplayErrorContext;
use aws_sdk_s3::primitives::ByteStream;
use std::error::Error;
use std::io::BufRead;

const BUCKET: &str = "demo-bucket";
const KEY: &str = "from-rust.txt";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    if let Some(profile) = std::env::args().nth(1) {
        config = config.profile_name(profile);
    }
    let config = config.load().await;
    // The sandbox has one address for all buckets.
    let client = Client::from_conf(aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build());
    for command in std::io::stdin().lock().lines() {
        let done = match command.expect("stdin is text").as_str() {
            "list" => list(&client).await,
            "copy" => copy(&client).await,
            "burst" => burst(&client).await,
            other => panic!("unknown command {other}"),
        };
        let (word, text) = match done {
            Ok(text) => ("ok", text),
            // As the SDK's guide prints errors.
            Err(error) => ("error", DisplayErrorContext(&*error).to_string()),
        };
        println!("{word} {}", text.replace('\\', "\\\\").replace('\n', "\\n"));
    }
}

async fn list(client: &Client) -> Result<String, Box<dyn Error>> {
    let answer = client.list_objects_v2().bucket(BUCKET).send().await?;
    Ok(answer.contents().iter().filter_map(|object| object.key()).collect::<Vec<_>>().join(" "))
}

/// There and back.
async fn copy(client: &Client) -> Result<String, Box<dyn Error>> {
    let body = ByteStream::from_static(b"from Rust");
    client.put_object().bucket(BUCKET).key(KEY).body(body).send().await?;
    let back = client.get_object().bucket(BUCKET).key(KEY).send().await?.body.collect().await?.to_vec();
    Ok(String::from_utf8(back)?)
}

async fn burst(client: &Client) -> Result<String, Box<dyn Error>> {
    let calls = [(); 20].map(|()| tokio::spawn(client.list_objects_v2().bucket(BUCKET).send()));
    for call in calls {
        call.await??;
    }
    Ok("20".to_owned())
}
