//! Keys that the node holds for its cities: issuers of ride codes, and the key under which gates take their tables.

use std::collections::BTreeMap;

use huitong_kernel::division::Division;
use huitong_transit_code::make::SigningKey;

/// An issuer of ride codes (发卡机构) whose codes this node signs.
pub struct Issuer {
    /// BCD.
    pub issuer: [u8; 4],
    pub certificate: [u8; 117],
    pub key: SigningKey,
}

/// By city. A node that holds none still serves gates, trips and clearing.
#[derive(Default)]
pub struct IssuerKeys(pub BTreeMap<Division, Issuer>);

impl IssuerKeys {
    pub fn of(&self, city: Division) -> Option<&Issuer> {
        self.0.get(&city)
    }
}
