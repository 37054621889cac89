//! The exchange at work: one link per peer, feeds between services of this node, the endpoint peers call.

pub mod endpoint;
pub mod link;
pub mod links;
pub mod local;
pub mod streams;
pub mod switchboard;
