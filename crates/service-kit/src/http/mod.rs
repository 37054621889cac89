//! The HTTP edge that all services share.

pub mod address;
pub mod body;
pub mod caller;
pub mod edge;
pub mod endpoint;
mod html;
pub mod kit_refusals;
pub mod page;
pub mod problem;
pub mod yuan;

pub use address::{Path, Query};
pub use body::{Body, NoBody, RawBody};
pub use caller::{Caller, RequestId, is_key};
pub use edge::{Asked, Clock, Edge};
pub use endpoint::{Access, Endpoint};
pub use html::escaped;
pub use page::{Page, PageQuery};
pub use problem::Problem;
pub use yuan::Yuan;
