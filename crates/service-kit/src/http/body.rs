//! Reading a JSON body strictly: the right shape or a stable refusal that names the field.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{Method, header};
use huitong_kernel::hash::{Digest, HashFunction};
use serde::de::DeserializeOwned;
use std::convert::Infallible;
use std::marker::PhantomData;

use super::problem::Problem;
use crate::service::{Service, ShapeProblem};

/// A request body of type `T` for service `S`.
pub struct Body<T, S> {
    pub value: T,
    /// SHA-256 over method, path and body: what an `Idempotency-Key` stands for.
    pub request: Digest,
    service: PhantomData<S>,
}

impl<T: DeserializeOwned, S: Service, State: Send + Sync> FromRequest<State> for Body<T, S> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &State) -> Result<Self, Problem> {
        let RawBody { bytes, request, .. } = RawBody::<S>::from_request(request, state).await?;
        let value = parse::<T>(&bytes).map_err(|problem| Problem::from_refusal::<S>(&S::shape_refusal(problem)))?;
        Ok(Body { value, request, service: PhantomData })
    }
}

/// A request body as it came, for formats that are read elsewhere.
pub struct RawBody<S> {
    pub bytes: axum::body::Bytes,
    /// As that of [`Body`].
    pub request: Digest,
    service: PhantomData<S>,
}

impl<S: Service, State: Send + Sync> FromRequest<State> for RawBody<S> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &State) -> Result<Self, Problem> {
        let method = request.method().clone();
        let path = request.uri().path().to_owned();
        let declared =
            request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let bytes = axum::body::Bytes::from_request(request, state).await.map_err(|rejection| {
            let problem = if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
                ShapeProblem::TooLarge { limit: declared.unwrap_or_default() }
            } else {
                ShapeProblem::NotJson
            };
            Problem::from_refusal::<S>(&S::shape_refusal(problem))
        })?;
        let request = request_hash(&method, &path, &bytes);
        Ok(RawBody { bytes, request, service: PhantomData })
    }
}

/// A request without body: what its `Idempotency-Key` stands for.
pub struct NoBody {
    /// SHA-256 over method and path.
    pub request: Digest,
}

impl<State: Send + Sync> FromRequestParts<State> for NoBody {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &State) -> Result<NoBody, Infallible> {
        Ok(NoBody { request: request_hash(&parts.method, parts.uri.path(), b"") })
    }
}

fn request_hash(method: &Method, path: &str, body: &[u8]) -> Digest {
    HashFunction::Sha256.hash(&[method.as_str().as_bytes(), b" ", path.as_bytes(), b"\n", body])
}

/// Reads JSON; the error says which field is at fault.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ShapeProblem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value: T = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| shape_problem(&error))?;
    deserializer.end().map_err(|_| ShapeProblem::NotJson)?;
    Ok(value)
}

/// serde tells the kind of fault only in its message, so the message is read; the texts are pinned by tests.
fn shape_problem(error: &serde_path_to_error::Error<serde_json::Error>) -> ShapeProblem {
    let inner = error.inner();
    if inner.is_syntax() || inner.is_eof() {
        return ShapeProblem::NotJson;
    }
    let (path, text) = (error.path().to_string(), inner.to_string());
    let quoted = || text.split('`').nth(1).unwrap_or_default().to_owned();
    let below = |name: String| if path == "." { name } else { format!("{path}.{name}") };
    if text.starts_with("missing field") {
        ShapeProblem::Missing { field: below(quoted()) }
    } else if text.starts_with("unknown field") {
        ShapeProblem::Unknown { field: if path == "." { quoted() } else { path } }
    } else if ["decimal", "number out of range", "negative amount"].iter().any(|words| text.contains(words)) {
        ShapeProblem::Number { field: path }
    } else if [" date", "failed to parse", "digit year"].iter().any(|words| text.contains(words)) {
        ShapeProblem::Time { field: path }
    } else {
        ShapeProblem::WrongType { field: path }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use huitong_kernel::decimal::Price;
    use huitong_kernel::time::Date;
    use serde::Deserialize;

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Line {
        price: Price,
        name: String,
        #[serde(default)]
        day: Option<Date>,
    }

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Bill {
        lines: Vec<Line>,
    }

    fn check(json: &str, expected: ShapeProblem) {
        assert_eq!(parse::<Bill>(json.as_bytes()).expect_err(json), expected, "{json}");
    }

    #[test]
    fn each_fault_of_shape_names_its_field() {
        let field = |name: &str| name.to_owned();
        check("{", ShapeProblem::NotJson);
        check("{\"lines\":[]} x", ShapeProblem::NotJson);
        check("{}", ShapeProblem::Missing { field: field("lines") });
        check("{\"lines\":[],\"x\":1}", ShapeProblem::Unknown { field: field("x") });
        check("{\"lines\":7}", ShapeProblem::WrongType { field: field("lines") });
        check("{\"lines\":[{\"price\":\"1\"}]}", ShapeProblem::Missing { field: field("lines[0].name") });
        check("{\"lines\":[{\"price\":1e3,\"name\":\"a\"}]}", ShapeProblem::Number { field: field("lines[0].price") });
        check(
            "{\"lines\":[{\"price\":0.1234567,\"name\":\"a\"}]}",
            ShapeProblem::Number { field: field("lines[0].price") },
        );
        for day in ["\"2026-02-30\"", "\"yesterday\"", "\"\"", "7"] {
            let line = format!("{{\"lines\":[{{\"price\":1,\"name\":\"a\",\"day\":{day}}}]}}");
            check(&line, ShapeProblem::Time { field: field("lines[0].day") });
        }
    }
}
