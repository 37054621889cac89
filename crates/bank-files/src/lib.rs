//! Files for and from banks, in ISO 20022: payment orders out (pain.001.001.09), statements (camt.053.001.08) and notifications of
//! debits and credits (camt.054.001.08) in. Pure: bytes and values in, bytes and values out.
//!
//! Every file, read or written, is held against a description of its message ([`structure`]): order, number and choice of elements,
//! lengths, codes, check digits. What the standard allows and nobody here needs is passed over when read; what the standard does not
//! know is refused. Amounts are yuan to the fen; nothing is rounded.
//!
//! Faults ([`fault`]) are normal answers: a code, a sentence in two languages and the path to the element.

pub mod camt;
pub mod fault;
pub mod limits;
pub mod pain001;
pub mod party;
pub mod sample_bank;
mod structure;
mod value;
mod xml;

pub use fault::{Fault, FaultKind};
