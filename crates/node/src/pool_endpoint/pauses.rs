//! How long a question waits before it is posted again: longer each time.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

const FIRST: Duration = Duration::from_millis(500);
const LIMIT: Duration = Duration::from_secs(60);
/// Questions whose pauses are remembered before those that are over are forgotten.
const REMEMBERED_MAX: usize = 4_096;

#[derive(Default)]
pub struct Pauses(HashMap<Uuid, Pause>);

struct Pause {
    tries: u32,
    until: Instant,
}

impl Pauses {
    pub fn is_over(&self, ask: Uuid, now: Instant) -> bool {
        self.0.get(&ask).is_none_or(|pause| pause.until <= now)
    }

    /// How many tries were in vain.
    pub fn tries(&self, ask: Uuid) -> u32 {
        self.0.get(&ask).map_or(0, |pause| pause.tries)
    }

    /// Another try was in vain.
    pub fn lengthen(&mut self, ask: Uuid, now: Instant) {
        if self.0.len() >= REMEMBERED_MAX {
            self.0.retain(|_, pause| pause.until > now);
        }
        let tries = self.tries(ask) + 1;
        let pause = FIRST.saturating_mul(1 << (tries - 1).min(16)).min(LIMIT);
        self.0.insert(ask, Pause { tries, until: now + pause });
    }

    /// It goes on: the next step begins without a pause.
    pub fn end(&mut self, ask: Uuid) {
        self.0.remove(&ask);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_minute_and_end_with_an_answer() {
        let (mut pauses, ask, start) = (Pauses::default(), Uuid::from_u128(1), Instant::now());
        assert!(pauses.is_over(ask, start));
        for (tries, seconds) in [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0)] {
            pauses.lengthen(ask, start);
            assert_eq!(pauses.tries(ask), tries);
            let over = start + Duration::from_secs_f64(seconds);
            assert!(pauses.is_over(ask, over) && !pauses.is_over(ask, over - Duration::from_millis(1)));
        }
        for _ in 0..100 {
            pauses.lengthen(ask, start);
        }
        assert!(pauses.is_over(ask, start + LIMIT));
        pauses.end(ask);
        assert!(pauses.is_over(ask, start));
    }
}
