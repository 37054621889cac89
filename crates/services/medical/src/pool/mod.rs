//! Pools that compute in a core system of their own (统筹区核心系统): the contract between home's node and that system.
//!
//! * [`request`]: what the node asks. * [`answer`]: what the pool says, how its signature is checked.
//! * [`check`]: what must hold of a computation that others have done, before it is booked.
//! * [`ask`]: a question as the journal keeps it, until its answer is booked and told to the visited node.
//! * [`posts`]: how often it was posted in vain, for whoever looks why it waits.
//!
//! For people who build the other end: `docs/services/medical-pool-endpoint.md`.

pub mod answer;
pub mod ask;
pub mod check;
pub mod posts;
pub mod request;

use huitong_kernel::time::DurationMs;

/// Name and version of the contract, in every request and every answer.
pub const CONTRACT: &str = "medical.pool.v1";

/// A request is no larger than this.
pub const REQUEST_BYTES_MAX: usize = 1024 * 1024;
/// An answer is no larger than this.
pub const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// Lines that travel with a request; of a larger batch only the sums and the hash do.
pub const LINES_MAX: usize = 1_000;
/// Questions of one pool that are open at a time; beyond that a new one is refused (MED-8006).
pub const OPEN_ASKS_MAX: u64 = 10_000;
/// Insurance years whose accumulators travel with a request.
pub const YEARS_MAX: usize = 3;

/// Within this time a question that books nothing is answered, or refused (MED-8005). Shorter than a caller waits.
pub const READ_DEADLINE: DurationMs = DurationMs::seconds(8);
/// So long a question that books something may stay without its answer before the duty officer is told.
pub const SILENT_AFTER: DurationMs = DurationMs::minutes(1);
/// And so often again.
pub const SILENT_AGAIN: DurationMs = DurationMs::minutes(60);
