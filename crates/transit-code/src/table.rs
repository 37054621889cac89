//! Tables for gates: bytes with the operator's signature behind them.
//!
//! A table is its body, then `r ‖ s` by the key that the operator configured in the gate. An older table than the one in
//! force is refused, whoever signed it.

use crate::reason::Reason;
use crate::signature::{Key, RawSignature, Signatures};

pub const SIGNATURE_LENGTH: usize = 64;

/// The body of a signed table; [`Reason::Chain`] unless the operator signed it.
pub fn signed_body<'t>(table: &'t [u8], operator: &Key, signatures: &impl Signatures) -> Result<&'t [u8], Reason> {
    let split = table.len().checked_sub(SIGNATURE_LENGTH).ok_or(Reason::Chain)?;
    let (body, signature) = table.split_at_checked(split).ok_or(Reason::Chain)?;
    let signature: &RawSignature = signature.first_chunk().ok_or(Reason::Chain)?;
    if signatures.verifies(operator, &operator.signed_hash(body), signature) { Ok(body) } else { Err(Reason::Chain) }
}
