//! Endpoints of the visited side.

use huitong_service_kit::http::Endpoint;

use super::TransitEdge;

pub fn endpoints() -> Vec<Endpoint<TransitEdge>> {
    Vec::new()
}
