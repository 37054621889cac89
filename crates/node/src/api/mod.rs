//! The public HTTP API of a node: all services' endpoints behind authentication and limits.

pub mod alarms;
pub mod authenticate;
pub mod description;
pub mod health;
pub mod limits;
pub mod observe;
pub mod status;
pub mod verify;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use huitong_clearing::http::ClearingEdge;
use huitong_medical::http::MedicalEdge;
use huitong_registry::http::RegistryEdge;
use huitong_service_kit::http::{Problem, endpoint, kit_refusals};
use huitong_transit::http::TransitEdge;
use utoipa_axum::router::OpenApiRouter;

use crate::config::ApiConfig;

/// What the API is made of.
pub struct Api {
    pub registry: RegistryEdge,
    pub medical: Option<MedicalEdge>,
    pub transit: Option<TransitEdge>,
    pub clearing: Option<ClearingEdge>,
    pub status: status::NodeStatus,
    pub authenticator: authenticate::Authenticator,
    pub metrics: metrics_exporter_prometheus::PrometheusHandle,
}

impl Api {
    pub fn router(self, config: &ApiConfig) -> Router {
        let limits = Arc::new(limits::Limits::new(config));
        let verify = verify::VerifyState {
            keeper: Arc::clone(&self.status.keeper),
            medical: self.medical.clone(),
            limits: Arc::clone(&limits),
        };
        let mut services: OpenApiRouter =
            endpoint::router(huitong_registry::http::endpoints()).with_state(self.registry);
        if let Some(medical) = self.medical {
            services = services.merge(endpoint::router(huitong_medical::http::endpoints()).with_state(medical));
        }
        if let Some(transit) = self.transit {
            services = services.merge(endpoint::router(huitong_transit::http::endpoints()).with_state(transit));
        }
        if let Some(clearing) = self.clearing {
            services = services.merge(endpoint::router(huitong_clearing::http::endpoints()).with_state(clearing));
        }
        let services = services
            .merge(endpoint::router(status::endpoints()).with_state(self.status.clone()))
            .merge(endpoint::router(verify::endpoints()).with_state(verify.clone()))
            .merge(endpoint::router(alarms::endpoints()).with_state(self.status.clone()))
            .merge(endpoint::router(health::endpoints()).with_state((self.status, self.metrics)));
        let (router, openapi) = services.split_for_parts();
        verify::add(description::add(router, openapi), verify)
            .fallback(|| async { Problem::kit(&kit_refusals::NOT_FOUND) })
            .method_not_allowed_fallback(|| async { Problem::kit(&kit_refusals::METHOD_NOT_ALLOWED) })
            .layer(from_fn_with_state(Arc::clone(&limits), limits::rate))
            .layer(from_fn_with_state(self.authenticator, authenticate::authenticate))
            .layer(DefaultBodyLimit::max(config.body_bytes_max))
            .layer(from_fn_with_state(limits, limits::admit))
            .layer(axum::middleware::from_fn(observe::observe))
    }
}
