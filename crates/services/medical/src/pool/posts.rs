//! Posts to core systems of pools that brought nothing, of this process alone: for whoever looks why a question waits. Nothing is
//! decided by it, and nothing is lost with it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use huitong_kernel::time::Instant;
use uuid::Uuid;

/// Questions that are remembered; beyond that all are forgotten, and counted anew.
const REMEMBERED_MAX: usize = 20_000;
/// Characters of a fault.
const FAULT_CHARACTERS_MAX: usize = 200;

/// Why the present step of a question goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InVain {
    pub posts: u32,
    pub last_at: Instant,
    /// What came of the last one.
    pub fault: String,
}

#[derive(Default)]
pub struct PostsInVain(Mutex<HashMap<Uuid, InVain>>);

impl PostsInVain {
    pub fn count(&self, ask: Uuid, at: Instant, fault: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED_MAX && !known.contains_key(&ask) {
            known.clear();
        }
        let before = known.get(&ask).map_or(0, |known| known.posts);
        let fault = fault.chars().take(FAULT_CHARACTERS_MAX).collect();
        known.insert(ask, InVain { posts: before.saturating_add(1), last_at: at, fault });
    }

    /// It has gone on to its next step, or ended.
    pub fn forget(&self, ask: Uuid) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&ask);
    }

    pub fn of(&self, ask: Uuid) -> Option<InVain> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&ask).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posts_are_counted_until_the_question_goes_on() {
        let (posts, ask) = (PostsInVain::default(), Uuid::from_u128(1));
        assert_eq!(posts.of(ask), None);
        posts.count(ask, Instant(1), "no connection");
        posts.count(ask, Instant(2), &"x".repeat(1_000));
        let known = posts.of(ask).expect("counted");
        assert_eq!((known.posts, known.last_at, known.fault.len()), (2, Instant(2), FAULT_CHARACTERS_MAX));
        posts.forget(ask);
        assert_eq!(posts.of(ask), None);
        for other in 0..=REMEMBERED_MAX as u128 {
            posts.count(Uuid::from_u128(other), Instant(3), "");
        }
        assert!(posts.0.lock().is_ok_and(|known| known.len() <= REMEMBERED_MAX));
    }
}
