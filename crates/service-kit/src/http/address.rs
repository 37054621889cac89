//! Path and query of a request: malformed ones get a problem document like every other refusal.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::kit_refusals;
use super::problem::Problem;

/// The places of the path.
pub struct Path<T>(pub T);

/// The query.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + Send, State: Send + Sync> FromRequestParts<State> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Path<T>, Problem> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Path(value)),
            Err(_) => Err(Problem::kit(&kit_refusals::PATH_MALFORMED)),
        }
    }
}

impl<T: DeserializeOwned, State: Send + Sync> FromRequestParts<State> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Query<T>, Problem> {
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(value)) => Ok(Query(value)),
            Err(_) => Err(Problem::kit(&kit_refusals::PATH_MALFORMED)),
        }
    }
}
