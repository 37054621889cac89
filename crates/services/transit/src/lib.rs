//! Service `transit`: ride codes, trips, fares and clearing between cities (地铁公交扫码互联互通).
//!
//! The register on one screen:
//! * commands: [`command::Command`], one file each in `decide/`
//! * events: [`event::Event`]; messages: [`model::message::Message`]; refusals: [`refusal`]
//! * tables: `views.sql`, written only by `apply`
//! * verification of what gates send, outside the writer: [`verify`]
//! * routes and permissions: [`http::endpoints`]

pub mod accounts;
mod apply;
pub mod command;
mod decide;
pub mod event;
pub mod http;
pub mod keys;
pub mod model;
pub mod query;
pub mod refusal;
mod service;
pub mod verify;

pub use service::Transit;
