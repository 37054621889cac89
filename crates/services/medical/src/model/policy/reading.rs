//! A pack as it is published: JSON without unknown fields, floating-point numbers and negative amounts.

use std::collections::BTreeMap;

use huitong_service_kit::Refusal;
use huitong_service_kit::http::body::parse;
use serde::Deserialize;
use serde_json::Value;

use super::Pack;
use crate::refusal;

impl Pack {
    /// Reads a pack; what is wrong names its field.
    ///
    /// # Errors
    /// MED-6004 where a filing's adjustment does not say whether it is points or a factor; else what is wrong with any body.
    pub fn read(json: &str) -> Result<Pack, Refusal> {
        parse(json.as_bytes()).map_err(|problem| match without_unit(json) {
            Some(kind) => refusal::ADJUSTMENT_UNIT_MISSING.refuse().at_field(format!("filings.{kind}.adjust")),
            None => refusal::shape(problem),
        })
    }
}

/// The first filing whose adjustment is neither `none` nor has a unit.
fn without_unit(json: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Filings {
        filings: BTreeMap<String, Value>,
    }
    let has_unit = |rule: &Value| match rule.get("adjust") {
        Some(Value::String(text)) => text == "none",
        Some(Value::Object(unit)) => unit.len() == 1 && (unit.contains_key("points") || unit.contains_key("factor")),
        _ => false,
    };
    let filings = serde_json::from_str::<Filings>(json).ok()?.filings;
    filings.into_iter().find(|(_, rule)| rule.is_object() && !has_unit(rule)).map(|(kind, _)| kind)
}
