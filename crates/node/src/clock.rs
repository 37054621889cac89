//! The system clock: the only place that reads it. A configured offset lets tests run a node with a wrong clock.

use std::time::{SystemTime, UNIX_EPOCH};

use huitong_kernel::time::Instant;
use huitong_service_kit::http::Clock;

pub struct SystemClock {
    pub offset_ms: i64,
}

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let milliseconds = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
        Instant(milliseconds.saturating_add(self.offset_ms))
    }
}
