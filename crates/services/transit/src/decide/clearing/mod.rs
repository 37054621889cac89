//! What the two sides compare and settle: splits of revenue, day totals, periods, contests.

pub mod contest;
pub mod day;
pub mod period;
pub mod split;
