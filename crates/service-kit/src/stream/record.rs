//! The bytes of a decision's entry: readable JSON, complete enough to rebuild the views.

use huitong_kernel::entry::Sequence;
use huitong_kernel::feed::Feed;
use huitong_kernel::hash::Digest;
use huitong_kernel::split::Split;
use huitong_kernel::time::Instant;
use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;
use crate::service::{Answer, CallResult, Correlation};

/// One decision.
#[derive(Debug, Serialize, Deserialize)]
pub struct Record<E, R> {
    pub at: Instant,
    pub cause: Cause,
    pub events: Vec<E>,
    pub answer: Answer<R>,
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub resolved: Vec<(Correlation, CallResult<R>)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<String>,
    /// The hash of the bytes beside it, which may be erased one day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment: Option<Digest>,
    /// Up to which entry attachments are erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased: Option<Sequence>,
}

/// Why it was decided.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    Call {
        principal: String,
        participant: String,
        request_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        idempotency: Option<Idempotency>,
    },
    /// The message just received.
    Message {
        feed: Feed,
        number: Sequence,
    },
    /// The message just received could not be read or was refused; it had no effect.
    Unread {
        feed: Feed,
        number: Sequence,
        reason: Refusal,
    },
    Timer,
    /// The first entry of a part: which range of keys it holds.
    Split(Split),
}

/// The caller's `Idempotency-Key` and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Idempotency {
    pub key: String,
    /// SHA-256 over method, path and body of the request.
    pub request: Digest,
}
