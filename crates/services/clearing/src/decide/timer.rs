//! What becomes due: periods that are over, terms.

use huitong_kernel::time::Instant;
use huitong_service_kit::{Context, StoreError, View};

use super::{Decided, clocks, close, cut};
use crate::event::Early;
use crate::query;

/// Terms looked at in one tick.
const CLOCKS_MAX: usize = 64;
/// News of payments taken in one tick.
const EARLY_MAX: usize = 64;

pub enum Due {
    /// The open period of a service may be over.
    Service(String),
    Clock(String),
    /// News of a payment that had to wait for it.
    Early(Early),
}

pub fn due(view: View<'_>, now: Instant, limit: usize) -> Result<Vec<Due>, StoreError> {
    let services = query::lanes::due(view, now)?.into_iter().map(Due::Service);
    let clocks = query::clocks::due(view, now, CLOCKS_MAX)?.into_iter().map(Due::Clock);
    let early = query::payments::early_due(view, EARLY_MAX)?.into_iter().map(Due::Early);
    Ok(services.chain(clocks).chain(early).take(limit).collect())
}

pub fn decide(view: View<'_>, due: Due, context: &mut Context<'_>) -> Decided {
    match due {
        Due::Service(service) => cut::look(view, &service, context),
        Due::Clock(subject) => clocks::look(view, &subject, context),
        Due::Early(early) => close::take_early(view, early, context),
    }
}
