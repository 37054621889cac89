//! The metro's custom field (N = 28). Its entry data are a hint, never a proof: some phones rewrite them.

use crate::bytes::{byte, part, u16_at, u32_at};

pub const METRO_LENGTH: usize = 28;

/// Fields of the metro's custom field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetroField {
    /// 92 stored value, 95 single ticket.
    pub ticket_type: u8,
    /// Separates companions who ride on one account.
    pub ticket_number: [u8; 8],
    /// Fen; 0 for stored value.
    pub price_fen: u16,
    /// 0: not entered; other values unconfirmed.
    pub entry_state: u8,
    pub entry_station: u32,
    /// Seconds in the epoch of the profile.
    pub entry_time: u32,
    pub phone: [u8; 8],
}

impl MetroField {
    pub fn parse(custom: &[u8]) -> Option<MetroField> {
        (custom.len() == METRO_LENGTH).then(|| MetroField {
            ticket_type: byte(custom, 0),
            ticket_number: part(custom, 1),
            price_fen: u16_at(custom, 9),
            entry_state: byte(custom, 11),
            entry_station: u32_at(custom, 12),
            entry_time: u32_at(custom, 16),
            phone: part(custom, 20),
        })
    }
}

/// The ticket number of a code: the metro field's, or zeros where there is no metro field.
pub fn ticket_number(custom: &[u8]) -> [u8; 8] {
    MetroField::parse(custom).map_or([0; 8], |field| field.ticket_number)
}
