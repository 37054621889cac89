//! Amounts at the HTTP edge: yuan with two decimals as a JSON string, read from a string or a number.

use huitong_kernel::decimal::decimal_text;
use huitong_kernel::money::Fen;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

/// An amount in yuan on the wire, in fen inside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Yuan(pub Fen);

impl Serialize for Yuan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.yuan())
    }
}

impl<'de> Deserialize<'de> for Yuan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Yuan, D::Error> {
        let text = decimal_text(deserializer)?;
        text.parse().map(Yuan).map_err(|error| D::Error::custom(format!("decimal: {error}")))
    }
}

impl From<Fen> for Yuan {
    fn from(amount: Fen) -> Yuan {
        Yuan(amount)
    }
}

impl utoipa::PartialSchema for Yuan {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("yuan with at most two decimals, as string or number; written with two decimals"))
            .pattern(Some(r"^-?\d{1,14}(\.\d{1,2})?$"))
            .examples(["350.00"])
            .into()
    }
}

impl utoipa::ToSchema for Yuan {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_numbers_are_read_alike_and_three_decimals_are_refused() {
        assert_eq!(serde_json::from_str::<Yuan>("350").unwrap(), Yuan(Fen(35_000)));
        assert_eq!(serde_json::from_str::<Yuan>("\"0.1\"").unwrap(), Yuan(Fen(10)));
        assert_eq!(serde_json::to_string(&Yuan(Fen(-5))).unwrap(), "\"-0.05\"");
        for text in ["12.345", "1e3", "null", "{}"] {
            assert!(serde_json::from_str::<Yuan>(text).is_err(), "{text}");
        }
    }
}
