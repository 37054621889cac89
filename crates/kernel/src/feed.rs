//! Who speaks to whom: services of jurisdictions, and the feed from one to another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::division::Division;

/// A service of a jurisdiction, written `310000/medical`; a part of a split one, written `310000/transit/3`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    /// The jurisdiction whose node answers.
    pub jurisdiction: Division,
    pub service: String,
}

/// The entries of the stream `from` that are addressed to `to`, numbered 1, 2, 3 … without gaps.
/// Written `310000/medical>330000/medical`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Feed {
    pub from: Address,
    pub to: Address,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an address is written DIVISION/service, a feed ADDRESS>ADDRESS")]
pub struct AddressError;

impl Address {
    pub const SERVICE_NAME_LENGTH_MAX: usize = 32;

    pub fn new(jurisdiction: Division, service: &str) -> Address {
        Address { jurisdiction, service: service.to_owned() }
    }
}

impl Address {
    /// The service's name without its part.
    pub fn service_name(&self) -> &str {
        self.service.split('/').next().unwrap_or(&self.service)
    }
}

impl Feed {
    pub fn new(from: Address, to: Address) -> Feed {
        Feed { from, to }
    }

    /// The feed in the other direction.
    pub fn reverse(&self) -> Feed {
        Feed { from: self.to.clone(), to: self.from.clone() }
    }
}

impl FromStr for Address {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Address, AddressError> {
        let (jurisdiction, service) = text.split_once('/').ok_or(AddressError)?;
        let (name, part) = service.split_once('/').map_or((service, None), |(name, part)| (name, Some(part)));
        let named = (1..=Address::SERVICE_NAME_LENGTH_MAX).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        // Written in one way only: no sign, no leading zero.
        let numbered = part.is_none_or(|part| part.parse::<u8>().is_ok_and(|number| number.to_string() == part));
        if !named || !numbered {
            return Err(AddressError);
        }
        Ok(Address::new(jurisdiction.parse().map_err(|_| AddressError)?, service))
    }
}

impl FromStr for Feed {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Feed, AddressError> {
        let (from, to) = text.split_once('>').ok_or(AddressError)?;
        Ok(Feed::new(from.parse()?, to.parse()?))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.jurisdiction, self.service)
    }
}

impl fmt::Display for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}>{}", self.from, self.to)
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Address, AddressError> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> String {
        address.to_string()
    }
}

impl TryFrom<String> for Feed {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Feed, AddressError> {
        text.parse()
    }
}

impl From<Feed> for String {
    fn from(feed: Feed) -> String {
        feed.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_is_written_and_read_back() {
        let feed: Feed = "310000/medical>330000/medical".parse().expect("well formed");
        assert_eq!(feed.reverse().to_string(), "330000/medical>310000/medical");
        for text in [
            "310000>330000",
            "310000/medical",
            "310000/Medical>330000/medical",
            "310000/>330000/x",
            "310000/transit/03>330000/x",
        ] {
            assert!(text.parse::<Feed>().is_err(), "{text}");
        }
    }
}
