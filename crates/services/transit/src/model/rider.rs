//! Who pays (the account token) and with which ticket. The visited side knows no more of a rider than this.

use std::fmt;
use std::str::FromStr;

use huitong_transit_code::code::Account;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an account is 28 decimal digits (issuer 8, number 20), with a ticket 16 hexadecimal digits more")]
pub struct RiderError;

macro_rules! hexadecimal {
    ($(#[$documentation:meta])* $name:ident, $length:literal) => {
        $(#[$documentation])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub [u8; $length]);

        impl FromStr for $name {
            type Err = RiderError;
            fn from_str(text: &str) -> Result<$name, RiderError> {
                let mut bytes = [0; $length];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| RiderError)?;
                Ok($name(bytes))
            }
        }

        impl TryFrom<String> for $name {
            type Error = RiderError;
            fn try_from(text: String) -> Result<$name, RiderError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                hex::encode(value.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

hexadecimal!(
    /// 卡账户号 with its issuer: 4 and 10 bytes of BCD, so its text is 28 decimal digits.
    AccountToken,
    14
);
hexadecimal!(
    /// An account token with a ticket number (8 bytes): companions on one account ride with tickets of their own.
    Rider,
    22
);

impl AccountToken {
    pub fn new(account: &Account) -> AccountToken {
        let mut bytes = [0; 14];
        bytes[..4].copy_from_slice(&account.issuer);
        bytes[4..].copy_from_slice(&account.number);
        AccountToken(bytes)
    }

    pub fn issuer(&self) -> [u8; 4] {
        let [a, b, c, d, ..] = self.0;
        [a, b, c, d]
    }

    pub fn account(&self) -> Account {
        let mut number = [0; 10];
        number.copy_from_slice(&self.0[4..]);
        Account { issuer: self.issuer(), number }
    }

    /// Whether it is a token of model P, made for one visited city (Huitong rule: its number begins with 90).
    pub fn is_granted(&self) -> bool {
        self.0[4] == 0x90
    }

    /// Whether every nibble is a decimal digit.
    pub fn is_decimal(&self) -> bool {
        self.0.iter().all(|byte| byte >> 4 <= 9 && byte & 0x0f <= 9)
    }
}

impl Rider {
    pub fn new(account: AccountToken, ticket: [u8; 8]) -> Rider {
        let mut bytes = [0; 22];
        bytes[..14].copy_from_slice(&account.0);
        bytes[14..].copy_from_slice(&ticket);
        Rider(bytes)
    }

    pub fn account(&self) -> AccountToken {
        let mut bytes = [0; 14];
        bytes.copy_from_slice(&self.0[..14]);
        AccountToken(bytes)
    }
}
