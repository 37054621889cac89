//! Handing records to the node: oldest first, in batches, each under its own idempotency key, until the node says it holds
//! them. Nothing is lost or doubled when an answer is.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use huitong_transit_code::make::Sign;
use huitong_transit_code::record::{TapRecord, batch_message};
use reqwest::{Method, StatusCode};
use serde::{Deserialize, Serialize};

use super::device::Device;
use super::folder::Acknowledged;
use crate::demo::client::ApiClient;

pub const BATCH_RECORDS_MAX: usize = 500;
/// Tries of one batch before the rest waits for the next upload.
const TRIES: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// Answers in one upload that hold less than was sent, after which the gate stops insisting.
const SHORT_ANSWERS_MAX: u32 = 3;

#[derive(Serialize)]
struct Batch {
    gate: String,
    epoch: u32,
    first: u64,
    last: u64,
    /// Base64, in order.
    records: Vec<String>,
    /// r ‖ s, hexadecimal.
    signature: String,
}

#[derive(Deserialize)]
struct BatchAnswer {
    /// The node holds the epoch's records from 1 to here.
    held_to: u64,
    #[serde(default)]
    accepted: u64,
    #[serde(default)]
    duplicate: u64,
    #[serde(default)]
    impossible: u64,
    #[serde(default)]
    refused: u64,
}

/// What an upload came to.
#[derive(Debug, Default, Serialize)]
pub struct Uploaded {
    pub batches: u64,
    pub accepted: u64,
    pub duplicate: u64,
    pub impossible: u64,
    pub refused: u64,
    pub waiting: usize,
    /// Why it stopped before the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

pub async fn upload(device: &mut Device, client: &ApiClient) -> anyhow::Result<Uploaded> {
    let mut uploaded = Uploaded::default();
    let mut short_answers = 0;
    let mut records_max = BATCH_RECORDS_MAX;
    while let Some(batch) = next_batch(device, records_max)? {
        match send(client, &batch).await {
            // The node, or a proxy before it, takes less at once.
            Err(Fault::TooLarge(_)) if batch.records.len() > 1 => records_max = batch.records.len() / 2,
            Err(Fault::TooLarge(fault) | Fault::Other(fault)) => {
                uploaded.fault = Some(fault);
                break;
            }
            Ok(answer) => {
                uploaded.batches += 1;
                uploaded.accepted += answer.accepted;
                uploaded.duplicate += answer.duplicate;
                uploaded.impossible += answer.impossible;
                uploaded.refused += answer.refused;
                // A node that lost records is given them again: the gate still has them all.
                device.acknowledge(Acknowledged { epoch: batch.epoch, sequence: answer.held_to.min(batch.last) })?;
                short_answers += u32::from(answer.held_to < batch.last);
                if short_answers > SHORT_ANSWERS_MAX {
                    uploaded.fault = Some(format!("the node holds to {} and takes no more", answer.held_to));
                    break;
                }
            }
        }
    }
    uploaded.waiting = device.waiting().len();
    Ok(uploaded)
}

/// The oldest waiting records of one epoch; `None` when none waits.
fn next_batch(device: &Device, records_max: usize) -> anyhow::Result<Option<Batch>> {
    let waiting = device.waiting();
    let Some(first) = waiting.first() else { return Ok(None) };
    let (epoch, mut last, mut last_hash) = (first.epoch, first.sequence, [0; 32]);
    let mut records = Vec::new();
    for kept in waiting.iter().take(records_max).take_while(|kept| kept.epoch == epoch) {
        let bytes = device.store.read(kept)?;
        (last, last_hash) = (kept.sequence, TapRecord::hash(&bytes));
        records.push(STANDARD.encode(bytes));
    }
    let message = batch_message(&device.place.id, epoch, first.sequence, last, &last_hash);
    let signature = hex::encode(device.key.sign(&message));
    let gate = device.place.name.clone();
    Ok(Some(Batch { gate, epoch, first: first.sequence, last, records, signature }))
}

/// Why a batch was not taken.
enum Fault {
    TooLarge(String),
    Other(String),
}

/// The same batch under the same key until it is answered, or is refused for good.
async fn send(client: &ApiClient, batch: &Batch) -> Result<BatchAnswer, Fault> {
    let key = format!("tb-{}-{}-{}-{}", batch.gate, batch.epoch, batch.first, batch.last);
    let mut pause = FIRST_PAUSE;
    let mut fault = String::new();
    for turn in 0..TRIES {
        if turn > 0 {
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        match client.send::<_, serde_json::Value>(Method::POST, "/v1/transit/tap-batches", Some(&key), batch).await {
            Ok((StatusCode::OK, answer)) => {
                return serde_json::from_value(answer)
                    .map_err(|error| Fault::Other(format!("the node's answer: {error}")));
            }
            Ok((status, _)) => fault = format!("the node answered {status}: not booked yet"),
            Err(error) if error.may_pass() => fault = error.to_string(),
            Err(error) if error.is_too_large() => return Err(Fault::TooLarge(error.to_string())),
            Err(error) => return Err(Fault::Other(error.to_string())),
        }
    }
    Err(Fault::Other(fault))
}
