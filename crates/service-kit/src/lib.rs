//! What every service shares at its edges.
//!
//! * [`service`]: the shape of a service. * [`refusal`]: reasons why not, in two languages.
//! * [`stream`]: a service on its journal: commands, peers' messages and due timers through one door.
//! * [`http`]: endpoints with their permissions, problem documents, pagination.
//! * [`toml_data`]: dated data files, turned into the JSON text that is published.
//! * [`harness`]: a region of services without network, for tests that read like stories.

mod column;
pub mod harness;
pub mod http;
mod named;
pub mod principal;
pub mod refusal;
pub mod service;
pub mod stream;
pub mod toml_data;

pub use column::Text;
pub use huitong_store::journal::Pace;
pub use huitong_store::{FromSql, Row, SqlError, StoreError, ToSql, Tx, View, attachment, params};
pub use principal::Principal;
pub use refusal::{Refusal, RefusalKind, Stop};
pub use service::{
    Answer, Applied, Context, Decision, Directory, Envelope, Input, Outgoing, Received, Service, ShapeProblem,
};
