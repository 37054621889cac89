//! Limits on what callers may do at once: overload is a typed answer, never an unbounded buffer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use huitong_service_kit::Principal;
use huitong_service_kit::http::{Problem, kit_refusals};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::config::ApiConfig;

/// Principals remembered for rate limiting; beyond that all start anew.
const PRINCIPALS_MAX: usize = 10_000;

/// The bucket of callers without a key; no principal's id is empty.
const ANONYMOUS: &str = "";

pub struct Limits {
    slots: Semaphore,
    per_second: u32,
    /// A request that takes longer is answered with 408.
    request_timeout: Duration,
    buckets: Mutex<HashMap<String, Bucket>>,
}

struct Bucket {
    left: f64,
    at: Instant,
}

impl Limits {
    pub fn new(config: &ApiConfig) -> Limits {
        Limits {
            slots: Semaphore::new(config.requests_in_flight_max),
            per_second: config.requests_per_second_max,
            request_timeout: Duration::from_secs(config.request_seconds_max),
            buckets: Mutex::default(),
        }
    }

    /// Whether one more caller without a key is served now: all of them together have the rate of one key.
    pub fn admits_anonymous(&self) -> bool {
        self.take(ANONYMOUS, Instant::now())
    }

    /// A token bucket that holds one second's worth of requests.
    fn take(&self, principal: &str, now: Instant) -> bool {
        let rate = f64::from(self.per_second);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() > PRINCIPALS_MAX {
            buckets.clear();
        }
        let bucket = buckets.entry(principal.to_owned()).or_insert(Bucket { left: rate, at: now });
        let passed = now.duration_since(bucket.at).as_secs_f64();
        bucket.left = (bucket.left + passed * rate).min(rate);
        bucket.at = now;
        let granted = bucket.left >= 1.0;
        if granted {
            bucket.left -= 1.0;
        }
        granted
    }
}

/// Requests in flight and the time each may take.
pub async fn admit(State(limits): State<Arc<Limits>>, request: Request, next: Next) -> Response {
    let Ok(_slot) = limits.slots.try_acquire() else {
        return Problem::kit(&kit_refusals::OVERLOADED).into_response();
    };
    let ambiguous = request.headers().contains_key(header::TRANSFER_ENCODING);
    let mut response = match tokio::time::timeout(limits.request_timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::kit(&kit_refusals::TIMED_OUT).into_response(),
    };
    if ambiguous {
        // A proxy may have seen the end of a chunked request elsewhere: nothing that follows on this connection is taken
        // for another request (RFC 9112, section 6.1).
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Requests per second of one principal.
pub async fn rate(State(limits): State<Arc<Limits>>, request: Request, next: Next) -> Response {
    if let Some(principal) = request.extensions().get::<Principal>()
        && !limits.take(&principal.id, Instant::now())
    {
        return Problem::kit(&kit_refusals::TOO_MANY_REQUESTS).into_response();
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principal_gets_its_rate_and_no_more_and_others_are_not_touched() {
        let config: ApiConfig =
            toml::from_str("listen = \"127.0.0.1:0\"\nrequests_per_second_max = 3").expect("a config");
        let limits = Limits::new(&config);
        let start = Instant::now();
        let granted = (0..5).filter(|_| limits.take("greedy", start)).count();
        assert_eq!(granted, 3);
        assert!(limits.take("other", start));
        assert!(limits.take("greedy", start + Duration::from_secs(1)));
    }

    #[test]
    fn callers_without_a_key_share_one_allowance_and_take_nothing_from_others() {
        let config: ApiConfig =
            toml::from_str("listen = \"127.0.0.1:0\"\nrequests_per_second_max = 3").expect("a config");
        let limits = Limits::new(&config);
        let granted = (0..50).filter(|_| limits.admits_anonymous()).count();
        assert!((3..50).contains(&granted), "{granted} of 50 at once");
        assert!(limits.take("cashier", Instant::now()));
    }
}
