//! An endpoint with the permission it needs. The check is made here, so a handler cannot forget it, and the
//! permission stands in the OpenAPI document, so that one test can walk every endpoint.

use std::convert::Infallible;

use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use super::kit_refusals;
use super::problem::Problem;
use crate::principal::Principal;

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody: health, the API's description.
    Public,
    /// Principals with this permission.
    Permission(&'static str),
}

pub struct Endpoint<T> {
    pub access: Access,
    pub routes: UtoipaMethodRouter<T>,
}

impl<T: Clone + Send + Sync + 'static> Endpoint<T> {
    /// Takes larger bodies than the others, of callers with the permission only.
    #[must_use]
    pub fn body_bytes_max(mut self, limit: usize) -> Endpoint<T> {
        self.routes.2 = self.routes.2.layer::<_, Infallible>(DefaultBodyLimit::max(limit));
        self
    }
}

/// The extension of an OpenAPI operation that names its permission.
pub const PERMISSION_EXTENSION: &str = "x-permission";

/// One endpoint: its permission and its handler (annotated with `utoipa::path`).
#[macro_export]
macro_rules! endpoint {
    ($permission:literal, $handler:path) => {
        $crate::http::Endpoint {
            access: $crate::http::Access::Permission($permission),
            routes: ::utoipa_axum::routes!($handler),
        }
    };
    (public, $handler:path) => {
        $crate::http::Endpoint { access: $crate::http::Access::Public, routes: ::utoipa_axum::routes!($handler) }
    };
}

/// The routes of all endpoints, each behind its permission.
pub fn router<T: Clone + Send + Sync + 'static>(endpoints: Vec<Endpoint<T>>) -> OpenApiRouter<T> {
    endpoints.into_iter().fold(OpenApiRouter::new(), |router, endpoint| {
        let (schemas, mut paths, method_router) = endpoint.routes;
        let access = endpoint.access;
        describe(&mut paths, access);
        let guarded = method_router.layer(from_fn(move |request: Request, next: Next| guard(access, request, next)));
        router.routes((schemas, paths, guarded))
    })
}

async fn guard(access: Access, request: Request, next: Next) -> Response {
    if let Access::Permission(permission) = access {
        match request.extensions().get::<Principal>() {
            None => return Problem::kit(&kit_refusals::NOT_AUTHENTICATED).into_response(),
            Some(principal) if !principal.may(permission) => {
                let kind = kit_refusals::NOT_PERMITTED;
                return Problem::of(&kind, &kind.with("permission", permission)).into_response();
            }
            Some(_) => {}
        }
    }
    next.run(request).await
}

fn describe(paths: &mut utoipa::openapi::path::Paths, access: Access) {
    let text = match access {
        Access::Public => "public",
        Access::Permission(permission) => permission,
    };
    for item in paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.delete, &mut item.patch];
        for operation in operations.into_iter().flatten() {
            let extension = utoipa::openapi::extensions::Extensions::builder().add(PERMISSION_EXTENSION, text).build();
            operation.extensions.get_or_insert_default().merge(extension);
            if access != Access::Public {
                let bearer = utoipa::openapi::security::SecurityRequirement::new("bearer", [] as [&str; 0]);
                operation.security.get_or_insert_default().push(bearer);
            }
        }
    }
}
