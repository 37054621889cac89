//! Publishing the figures of a finished day, once.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::time::Date;
use huitong_service_kit::{Context, Decision, View};

use super::Decided;
use crate::Transit;
use crate::event::{Event, FlowsPublished};
use crate::query::flows;

/// The tables as they stay. The key of their rounding is drawn here and kept nowhere: nobody can round back.
pub fn publish(transit: &Transit, view: View<'_>, network: Division, day: Date, context: &mut Context<'_>) -> Decided {
    let mut key = Digest::ZERO;
    context.random.fill(&mut key.0);
    let tables = flows::publish(transit, view, network, day, &key)?;
    Ok(Decision::nothing().event(Event::FlowsPublished(FlowsPublished { network, day, tables })))
}
