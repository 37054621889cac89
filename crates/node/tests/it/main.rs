//! Real nodes: processes, TLS, files.

mod api_description;
mod bad_requests;
mod crash;
mod endpoints;
mod house;
mod morning;
mod offline;
mod region;
mod stage;
