//! A node: configuration, TLS, HTTP, workers, command line. Everything below this crate is synchronous and takes time and
//! randomness as arguments; here they come from the system.

pub mod api;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod entropy;
pub mod exchange;
pub mod gate;
pub mod keys;
pub mod logging;
pub mod pool_endpoint;
pub mod receipt;
pub mod region;
pub mod running;
pub mod services;
pub mod supervisor;
pub mod tls;
pub mod transit_keys;
pub mod transport;
