//! The region's set-up: profile, manifest, keys, nodes' folders.

pub mod init;
pub mod keeper;
pub mod manage;
pub mod profile;
pub mod transit_issuers;
