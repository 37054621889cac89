//! Service `registry`: who takes part. Participants, principals, roles, API keys, insured persons.
//!
//! The register on one screen:
//! * commands: [`command::Command`]; events: [`event::Event`]; messages it publishes: [`model::published`]
//! * tables: `views.sql`, written only by `apply`; refusals: [`refusal`]
//! * routes and permissions: [`http::endpoints`]

mod apply;
pub mod command;
mod decide;
pub mod event;
pub mod http;
pub mod model;
pub mod query;
pub mod refusal;
mod service;

pub use service::Registry;
