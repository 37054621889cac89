//! How large a file may be.

/// Bytes of a file, read or written. Refused before anything is parsed.
pub const FILE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Elements inside one another; the messages here need 12, what they may carry besides a few more.
pub const DEPTH_MAX: usize = 32;
/// Entries of a statement or notification file, over all its accounts.
pub const ENTRIES_MAX: usize = 100_000;
/// Transfers of a payment order. Banks take some thousands in one file; who has more sends more files.
pub const TRANSFERS_MAX: usize = 10_000;
/// Characters of foreign text that a fault repeats.
pub const REPEATED_CHARACTERS_MAX: usize = 60;
