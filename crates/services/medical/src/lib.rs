//! Service `medical`: direct settlement of medical bills across provinces (跨省异地就医直接结算).
//!
//! The register on one screen:
//! * commands: [`command::Command`], one file each in `decide/`
//! * events: [`event::Event`]; messages: [`model::message::Message`]; refusals: [`refusal`]
//! * tables: `views.sql`, written only by `apply`
//! * routes and permissions: [`http::endpoints`]
//! * FHIR R4: [`fhir`]

pub mod accounts;
mod apply;
pub mod command;
mod decide;
pub mod event;
pub mod fhir;
pub mod http;
mod members;
pub mod model;
pub mod national;
pub mod pool;
pub mod query;
pub mod refusal;
mod service;

pub use service::Medical;
