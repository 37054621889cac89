//! Splitting the revenue of a cross-border trip: a document per partner, after the trip was charged.

use huitong_kernel::division::Division;
use huitong_service_kit::{Context, Decision, Stop, View};

use crate::Transit;
use crate::decide::Decided;
use crate::model::message::TripAdjust;
use crate::model::settlement::SplitNotice;
use crate::model::trip::TripFinal;

/// The notices of a charged trip.
pub fn of_trip(
    _transit: &Transit,
    _view: View<'_>,
    _trip: &TripFinal,
    _context: &mut Context<'_>,
) -> Result<Decision<Transit>, Stop> {
    Ok(Decision::nothing())
}

/// The notices of an adjustment: what changes, by the weights of the original.
pub fn of_adjust(
    _transit: &Transit,
    _view: View<'_>,
    _adjust: &TripAdjust,
    _context: &mut Context<'_>,
) -> Result<Decision<Transit>, Stop> {
    Ok(Decision::nothing())
}

/// At the partner.
pub fn take(_view: View<'_>, _notice: SplitNotice, _from: Division, _context: &mut Context<'_>) -> Decided {
    Ok(Decision::nothing())
}
