//! XML as bank files use it: read against a description into a tree, written from values.

mod frame;
mod read;
mod tree;
mod write;

pub use read::read;
pub use tree::Place;
pub use write::Writer;
