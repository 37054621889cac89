//! Fields of the national interface (12.3): names, lengths, kinds, dictionaries.

use huitong_kernel::decimal::{Price, Quantity, Ratio};
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use huitong_service_kit::Refusal;

use crate::refusal;

/// What a value must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// One of a dictionary.
    Code(&'static [&'static str]),
    /// Yuan, at most two decimals.
    Amount,
    /// At most four decimals.
    Count,
    /// Yuan, at most six decimals.
    Price,
    Ratio,
    /// `yyyy-MM-dd`, or with a time behind it, which is not looked at.
    Date,
    /// `yyyy-MM-dd HH:mm:ss`
    Time,
    /// A whole number.
    Number,
    /// Another node of fields, or bytes: not looked at here.
    Bytes,
}

/// A field of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: &'static str,
    /// In characters.
    pub length: usize,
    pub required: bool,
    pub kind: Kind,
    /// Accepted and kept, without effect.
    pub ignored: bool,
}

impl Field {
    const fn new(name: &'static str, length: usize, kind: Kind) -> Field {
        Field { name, length, required: false, kind, ignored: false }
    }

    /// `!`
    pub const fn must(mut self) -> Field {
        self.required = true;
        self
    }

    pub const fn ignored(mut self) -> Field {
        self.ignored = true;
        self
    }
}

pub const fn text(name: &'static str, length: usize) -> Field {
    Field::new(name, length, Kind::Text)
}

pub const fn code(name: &'static str, length: usize, dictionary: &'static [&'static str]) -> Field {
    Field::new(name, length, Kind::Code(dictionary))
}

pub const fn amount(name: &'static str) -> Field {
    Field::new(name, 17, Kind::Amount)
}

pub const fn count(name: &'static str) -> Field {
    Field::new(name, 17, Kind::Count)
}

pub const fn price(name: &'static str) -> Field {
    Field::new(name, 17, Kind::Price)
}

pub const fn date(name: &'static str) -> Field {
    Field::new(name, 19, Kind::Date)
}

pub const fn time(name: &'static str) -> Field {
    Field::new(name, 19, Kind::Time)
}

pub const fn number(name: &'static str, length: usize) -> Field {
    Field::new(name, length, Kind::Number)
}

pub const fn bytes(name: &'static str) -> Field {
    Field::new(name, usize::MAX, Kind::Bytes)
}

/// A day, whatever time stands behind it.
pub fn day(text: &str) -> Option<Date> {
    let (day, rest) = text.split_at_checked(10)?;
    let is_time = rest.is_empty() || (rest.starts_with([' ', 'T']) && is_clock(&rest[1..]));
    is_time.then(|| day.parse().ok()).flatten()
}

/// `HH:mm` with or without seconds.
fn is_clock(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let limits = [24, 60, 60];
    let is_number = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    let fits = |(part, limit): (&&str, u32)| is_number(part) && part.parse::<u32>().is_ok_and(|value| value < limit);
    (2..=3).contains(&parts.len()) && parts.iter().zip(limits).all(fits)
}

impl Field {
    /// Checks a value that is there (MED-1003 to 1005, MED-1012).
    pub fn check(&self, value: &str, path: &str) -> Result<(), Refusal> {
        if value.chars().count() > self.length {
            return Err(refusal::FIELD_TOO_LONG.with("field", path).with("limit", self.length).at_field(path));
        }
        let number = || Err(refusal::NUMBER_MALFORMED.with("field", path).at_field(path));
        let is_good = match self.kind {
            Kind::Text | Kind::Bytes => true,
            Kind::Code(known) => known.is_empty() || known.contains(&value),
            Kind::Amount => value.parse::<Fen>().is_ok(),
            Kind::Count => value.parse::<Quantity>().is_ok(),
            Kind::Price => value.parse::<Price>().is_ok(),
            Kind::Ratio => value.parse::<Ratio>().is_ok(),
            Kind::Number => value.bytes().all(|byte| byte.is_ascii_digit()),
            Kind::Date => day(value).is_some(),
            Kind::Time => value.len() == 19 && day(value).is_some(),
        };
        match self.kind {
            _ if is_good => Ok(()),
            Kind::Code(_) => Err(refusal::CODE_UNKNOWN.with("field", path).with("value", value).at_field(path)),
            Kind::Date | Kind::Time => Err(refusal::TIME_MALFORMED.with("field", path).at_field(path)),
            _ => number(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(field: Field, value: &str, code: &str) {
        assert_eq!(field.check(value, "field").expect_err("refused").code, code, "{value}");
    }

    #[test]
    fn each_kind_of_fault_has_its_code() {
        refused(amount("a"), "12.345", "MED-1004");
        refused(amount("a"), "1e3", "MED-1004");
        refused(count("c"), "1.00001", "MED-1004");
        refused(date("d"), "2026-02-31", "MED-1005");
        refused(date("d"), "2026-02-28 25:00:00", "MED-1005");
        refused(time("t"), "2026-02-28", "MED-1005");
        refused(text("t", 3), "参保地人", "MED-1003");
        refused(code("c", 3, &["1", "2"]), "3", "MED-1012");
        for good in ["2026-02-28", "2026-02-28 23:59:59", "2026-02-28T10:00"] {
            assert_eq!(date("d").check(good, "d"), Ok(()));
        }
        assert_eq!(text("t", 3).check("参保地", "t"), Ok(()));
    }
}
