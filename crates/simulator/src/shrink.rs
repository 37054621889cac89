//! A failing plan made small: parts are left out as long as it still fails.

use crate::plan::Plan;
use crate::play;
use crate::world::Failure;

/// Plays at most so many plans while shrinking.
const PLAYS_MAX: usize = 300;

/// The smallest failing plan that was found, with its failure. A different failure counts, too: it is as real.
pub fn shrink(plan: &Plan, failure: Failure) -> (Plan, Failure) {
    let (mut plan, mut failure) = (plan.clone(), failure);
    let mut plays = 0;
    let mut part = plan.items.len().div_ceil(2);
    while part > 0 && plays < PLAYS_MAX {
        let mut start = 0;
        let mut smaller = false;
        while start < plan.items.len() && plays < PLAYS_MAX {
            let mut tried = plan.clone();
            tried.items.drain(start..(start + part).min(tried.items.len()));
            plays += 1;
            match play(&tried, false) {
                Err(found) => {
                    (plan, failure, smaller) = (tried, found, true);
                }
                Ok(_) => start += part,
            }
        }
        if !smaller || part > 1 {
            part /= 2;
        }
    }
    (plan, failure)
}
