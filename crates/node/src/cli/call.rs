//! `huitong call`: any endpoint of a node's API

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use huitong_kernel::id::new_uuid;
use huitong_service_kit::http::Clock;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use serde_json::value::RawValue;

use super::FAILED;
use crate::clock::SystemClock;
use crate::demo::client::{ApiClient, CallError};
use crate::entropy::random_source;

#[derive(Args)]
pub struct CallArguments {
    /// GET, POST, PUT, PATCH or DELETE
    method: Method,
    /// The path with its query, for instance /v1/medical/prepayments; /docs of the node lists them
    path: String,
    /// The JSON body, sent as it is written; - reads it from standard input
    #[arg(long)]
    body: Option<PathBuf>,
    /// Base address of the node's API
    #[arg(long)]
    node: String,
    /// API key
    #[arg(long, env = "HUITONG_KEY")]
    key: String,
    /// The Idempotency-Key; the same id gives the same answer for ever. A new one when absent
    #[arg(long)]
    message_id: Option<String>,
}

/// Prints what the node answers. Exit code 0 only when it was granted and is known.
pub async fn run(arguments: CallArguments) -> anyhow::Result<i32> {
    let client = ApiClient::new(&arguments.node, &arguments.key);
    if arguments.method == Method::GET {
        return Ok(show(client.text(&arguments.path).await.map(|text| (StatusCode::OK, readable(&text)))));
    }
    let body = arguments.body.as_deref().map(read).transpose()?;
    let message_id = match arguments.message_id {
        Some(given) => given,
        None => new_uuid(SystemClock { offset_ms: 0 }.now(), &mut random_source()?).to_string(),
    };
    eprintln!("message id 报文ID: {message_id}");
    let called = client.call(arguments.method, &arguments.path, Some(&message_id), body.as_ref()).await;
    // A message of the national interface is refused with status 200.
    let is_refused = called.as_ref().is_ok_and(|(_, answer): &(_, Value)| answer["infcode"].as_i64() == Some(-1));
    let code = show(called.map(|(status, answer)| (status, format!("{answer:#}"))));
    Ok(if is_refused { FAILED } else { code })
}

fn read(path: &Path) -> anyhow::Result<Box<RawValue>> {
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text)?;
    } else {
        text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    }
    serde_json::from_str(&text).context("the body is not valid JSON 报文体不是有效的JSON")
}

/// JSON with line breaks; a page or a file as it is.
fn readable(text: &str) -> String {
    serde_json::from_str::<Value>(text).map_or_else(|_| text.to_owned(), |value| format!("{value:#}"))
}

fn show(called: Result<(StatusCode, String), CallError>) -> i32 {
    match called {
        Ok((status, answer)) => {
            println!("{answer}");
            if status == StatusCode::ACCEPTED { FAILED } else { 0 }
        }
        Err(CallError::Refused(problem)) => {
            eprintln!("REFUSED 拒绝: {}", CallError::Refused(problem));
            FAILED
        }
        Err(error @ CallError::Unreachable(_)) => {
            eprintln!("UNKNOWN 结果未知: {error}");
            eprintln!("Repeat it with the same --message-id: nothing is booked twice 以同一报文ID重发，不会重复入账.");
            FAILED
        }
    }
}
