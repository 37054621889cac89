//! Callers that wait for a peer's answer. Volatile: what is decided is in the journal, so a caller that comes back
//! with the same key gets the outcome.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::service::{CallResult, Correlation};

/// Callers waiting at most, over all correlations.
const PARKED_MAX: usize = 16_384;

pub type Waiter<R> = Box<dyn FnOnce(CallResult<R>) + Send>;

pub struct Parked<R> {
    waiters: Mutex<HashMap<Correlation, Vec<Waiter<R>>>>,
}

impl<R: Clone> Parked<R> {
    pub fn new() -> Parked<R> {
        Parked { waiters: Mutex::new(HashMap::new()) }
    }

    /// Keeps the caller until [`Parked::resolve`]; dropped (which the caller sees) when too many wait.
    pub fn park(&self, correlation: Correlation, waiter: Waiter<R>) {
        let mut waiters = self.waiters.lock().unwrap_or_else(PoisonError::into_inner);
        if waiters.len() < PARKED_MAX {
            waiters.entry(correlation).or_default().push(waiter);
        }
    }

    /// Lets all callers go: another member may be the one to see the answer. They ask again with the same key.
    pub fn release_all(&self) {
        self.waiters.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub fn resolve(&self, correlation: &str, result: &CallResult<R>) {
        let waiting = self.waiters.lock().unwrap_or_else(PoisonError::into_inner).remove(correlation);
        for waiter in waiting.into_iter().flatten() {
            waiter(result.clone());
        }
    }
}

impl<R: Clone> Default for Parked<R> {
    fn default() -> Parked<R> {
        Parked::new()
    }
}
