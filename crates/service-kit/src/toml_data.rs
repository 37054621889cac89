//! Dated data files: TOML without floating-point numbers, turned into the JSON text that is published.

use serde_json::Value;

/// The JSON text of a TOML data file; packs and catalogues are published, hashed and stored in this form.
pub fn json_text(toml_text: &str) -> Result<String, String> {
    let value: toml::Value = toml::from_str(toml_text).map_err(|error| error.to_string())?;
    let json = convert(value)?;
    Ok(serde_json::to_string(&json).expect("a TOML document is plain data"))
}

fn convert(value: toml::Value) -> Result<Value, String> {
    Ok(match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::from(number),
        toml::Value::Boolean(truth) => Value::Bool(truth),
        toml::Value::Datetime(time) => Value::String(time.to_string()),
        toml::Value::Float(number) => {
            return Err(format!("floating-point number {number}: write amounts and ratios as strings"));
        }
        toml::Value::Array(items) => Value::Array(items.into_iter().map(convert).collect::<Result<_, _>>()?),
        toml::Value::Table(table) => Value::Object(
            table.into_iter().map(|(key, value)| Ok((key, convert(value)?))).collect::<Result<_, String>>()?,
        ),
    })
}

/// Yuan in data files, as strings with two decimals.
pub mod yuan {
    use huitong_kernel::money::Fen;
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    pub fn serialize<S: Serializer>(amount: &Fen, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&amount.yuan())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fen, D::Error> {
        let text = String::deserialize(deserializer)?;
        let amount: Fen = text.parse().map_err(D::Error::custom)?;
        if amount.is_negative() { Err(D::Error::custom("a negative amount")) } else { Ok(amount) }
    }

    pub mod optional {
        use super::*;

        pub fn serialize<S: Serializer>(amount: &Option<Fen>, serializer: S) -> Result<S::Ok, S::Error> {
            match amount {
                Some(amount) => super::serialize(amount, serializer),
                None => serializer.serialize_none(),
            }
        }

        pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Fen>, D::Error> {
            super::deserialize(deserializer).map(Some)
        }
    }
}
