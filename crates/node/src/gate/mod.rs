//! A gate for testing and for the demonstration: the verifier with a clock, a record on disk before it answers, tables that it
//! fetches, uploads that it repeats until the node holds them.

pub mod clock;
pub mod device;
pub mod fetch;
pub mod folder;
pub mod held;
pub mod memory;
pub mod moment;
pub mod record_store;
pub mod upload;
