//! Recomputation of a past settlement from what was recorded: the pack by its hash, the lines, the accumulators rebuilt in
//! order. Every field must come out the same (I16).
