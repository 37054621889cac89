//! The sandbox's HTTP server: as any other, but that it can close a connection without an answer.

use std::io::{Error, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt;

const CONNECTIONS_MAX: usize = 128;
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// Marks an answer that is not sent: the connection is closed instead.
#[derive(Clone)]
struct Unsent;

/// No answer: the caller sees its connection closed.
pub fn no_answer() -> Response {
    (axum::Extension(Unsent), ()).into_response()
}

/// Serves for ever.
pub async fn serve(listener: TcpListener, router: Router) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, or the caller has gone: the next one may fare better.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else { continue };
        let router = router.clone();
        tokio::spawn(async move {
            if let Err(error) = connection(stream, router).await {
                tracing::debug!(%error, "a connection ended");
            }
            drop(slot);
        });
    }
}

async fn connection(stream: TcpStream, router: Router) -> Result<(), hyper::Error> {
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let router = router.clone();
        async move {
            let Ok(response) = router.oneshot(request.map(Body::new)).await;
            match response.extensions().get::<Unsent>() {
                Some(_) => Err(Error::from(ErrorKind::ConnectionAborted)),
                None => Ok(response),
            }
        }
    });
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service)
        .await
}
