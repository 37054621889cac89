//! Endpoints below /v1/transit, each with its permission. Wire types live here and nowhere else.
//!
//! * [`visited`]: dated data, gates, taps, trips. * [`home`]: accounts, authorisations, debts, riders' trips.
//! * [`clearing`]: totals, statements, contests, flows.

mod clearing;
mod home;
mod visited;

use std::sync::Arc;

use huitong_service_kit::http::{Edge, Endpoint, Problem};
use huitong_service_kit::{Directory, Refusal, Stop, View};
use huitong_transit_code::make::SigningKey;

use crate::Transit;
use crate::verify::Verifier;

/// What the handlers have at hand.
#[derive(Clone)]
pub struct TransitEdge {
    pub edge: Edge<Transit>,
    /// The same service as that of the stream, for reading prices.
    pub transit: Arc<Transit>,
    /// Verifies what gates send, outside the writer.
    pub verifier: Arc<Verifier>,
    /// Signs the tables of gates (SM2); their operators configure its public key.
    pub tables: Arc<SigningKey>,
    /// The region's calendars, for prices.
    pub directory: Arc<dyn Directory>,
}

impl TransitEdge {
    /// Reads the views; runs where blocking is allowed.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(View<'_>) -> Result<T, Stop> + Send + 'static,
    ) -> Result<T, Problem> {
        self.edge.read(read).await
    }
}

pub fn endpoints() -> Vec<Endpoint<TransitEdge>> {
    let mut endpoints = visited::endpoints();
    endpoints.extend(home::endpoints());
    endpoints.extend(clearing::endpoints());
    endpoints
}

/// The problem document of a refusal of this service.
pub fn problem(refusal: &Refusal) -> Problem {
    Problem::from_refusal::<Transit>(refusal)
}
