//! Service `clearing`: what jurisdictions owe each other by the documents of the other services, cut, matched, contested, netted
//! and paid (清算).
//!
//! The register on one screen:
//! * commands: [`command::Command`], one file each in `decide/`
//! * events: [`event::Event`]; messages: [`model::message::Message`]; refusals: [`refusal`]
//! * tables: `views.sql`, written only by `apply`
//! * routes and permissions: [`http::endpoints`]

pub mod accounts;
mod apply;
pub mod command;
mod decide;
pub mod event;
pub mod http;
pub mod model;
pub mod print;
pub mod query;
pub mod refusal;
mod service;

pub use service::Clearing;
