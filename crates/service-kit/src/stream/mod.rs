//! A service on its journal.

pub mod alarms;
pub mod handle;
pub mod logic;
pub mod parked;
pub mod port;
pub mod record;
pub mod split;

pub use handle::{CallFailure, ServiceStream, StreamSettings};
pub use logic::{ApiCall, Delivery, ServiceLogic, Work};
pub use port::StreamPort;
pub use split::SplitStream;
