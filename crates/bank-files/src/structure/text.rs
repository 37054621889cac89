//! What the text of an element may be.

use crate::fault::{self, Fault, FaultKind};
use crate::value;

#[derive(Clone, Copy, Debug)]
pub enum Text {
    /// 1 to so many characters.
    UpTo(usize),
    /// 1 to so many digits.
    Digits(usize),
    /// One of these codes.
    OneOf(&'static [&'static str]),
    /// Without sign: 18 digits, 5 of them after the point.
    Amount,
    /// With or without sign: 18 digits.
    Decimal,
    Date,
    DateTime,
    Flag,
    Bic,
    /// With its check digits.
    Iban,
    Currency,
}

impl Text {
    /// Numbers, dates and flags may have blanks around them, texts and codes not (XML Schema part 2, whiteSpace).
    pub fn collapse<'t>(&self, text: &'t str) -> &'t str {
        match self {
            Text::Amount | Text::Decimal | Text::Date | Text::DateTime | Text::Flag => value::trim(text),
            _ => text,
        }
    }

    /// Whether the text is as it must be; the fault has no path yet.
    pub fn check(&self, text: &str) -> Result<(), Fault> {
        let text = self.collapse(text);
        let held = |holds: bool, kind: FaultKind| if holds { Ok(()) } else { Err(kind.at("")) };
        match self {
            Text::UpTo(most) => {
                held((1..=*most).contains(&text.chars().count()), fault::LENGTH).map_err(|fault| fault.with(most))
            }
            Text::Digits(most) => {
                let holds = (1..=*most).contains(&text.len()) && value::are_digits(text);
                held(holds, fault::DIGITS).map_err(|fault| fault.with(most))
            }
            Text::OneOf(codes) => {
                held(codes.contains(&text), fault::CODE).map_err(|fault| fault.with(codes.join(", ")))
            }
            Text::Amount => held(value::decimal(text).is_some_and(|read| read.fraction.len() <= 5), fault::AMOUNT),
            Text::Decimal => {
                let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
                held(value::decimal(unsigned).is_some(), fault::DECIMAL)
            }
            Text::Date => held(value::date(text).is_some(), fault::DATE),
            Text::DateTime => held(value::instant(text).is_some(), fault::DATE_TIME),
            Text::Flag => held(value::flag(text).is_some(), fault::FLAG),
            Text::Bic => held(is_bic(text), fault::BIC),
            Text::Iban => {
                held(is_iban(text), fault::IBAN).and_then(|()| held(iban_remainder(text) == 1, fault::IBAN_CHECK))
            }
            Text::Currency => held(is_currency(text), fault::CURRENCY_CODE),
        }
    }
}

pub fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// ISO 9362: prefix of 4, country of 2 letters, suffix of 2, branch of 3 or none.
fn is_bic(text: &str) -> bool {
    let bytes = text.as_bytes();
    matches!(bytes.len(), 8 | 11)
        && bytes.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && bytes[4..6].iter().all(u8::is_ascii_uppercase)
}

/// ISO 13616: country of 2 letters, 2 check digits, 1 to 30 letters and digits.
fn is_iban(text: &str) -> bool {
    let bytes = text.as_bytes();
    (5..=34).contains(&bytes.len())
        && bytes[..2].iter().all(u8::is_ascii_uppercase)
        && bytes[2..4].iter().all(u8::is_ascii_digit)
        && bytes[4..].iter().all(u8::is_ascii_alphanumeric)
}

/// ISO 7064, MOD 97-10: the first four characters last, letters as 10 to 35; one when the check digits are right.
fn iban_remainder(iban: &str) -> u32 {
    let (head, tail) = iban.split_at(4);
    tail.chars().chain(head.chars()).filter_map(|character| character.to_digit(36)).fold(0, |remainder, digit| {
        let shift = if digit < 10 { 10 } else { 100 };
        (remainder * shift + digit) % 97
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(rule: Text, text: &str) -> Option<&'static str> {
        rule.check(text).err().map(|fault| fault.code())
    }

    #[test]
    fn an_iban_has_right_check_digits() {
        for iban in [
            "GB82WEST12345698765432",
            "DE89370400440532013000",
            "AT611904300234573201",
            "MT84MALT011000012345MTLCAST001S",
        ] {
            assert_eq!(code(Text::Iban, iban), None, "{iban}");
        }
        for iban in ["GB28WEST12345698765432", "DE89370400440532013001", "DE98370400440532013000"] {
            assert_eq!(code(Text::Iban, iban), Some("BNK-2111"), "{iban}");
        }
        for iban in ["", "DE89", "de89370400440532013000", "DE89 3704 0044 0532 0130 00", "DE89３70400440532013000"] {
            assert_eq!(code(Text::Iban, iban), Some("BNK-2110"), "{iban}");
        }
    }

    #[test]
    fn lengths_are_counted_in_characters_and_nothing_is_empty() {
        assert_eq!(code(Text::UpTo(3), "汇通网"), None);
        assert_eq!(code(Text::UpTo(3), "汇通网络"), Some("BNK-2101"));
        assert_eq!(code(Text::UpTo(3), ""), Some("BNK-2101"));
        assert_eq!(code(Text::Digits(15), "1234567890123456"), Some("BNK-2103"));
        assert_eq!(code(Text::Digits(15), "１"), Some("BNK-2103"));
    }

    #[test]
    fn an_amount_is_a_plain_decimal() {
        for amount in ["0", "0.05", "100.", ".5", " 12.30\n", "000000000000000000001.00", "1234567890123.12345"] {
            assert_eq!(code(Text::Amount, amount), None, "{amount}");
        }
        for amount in
            ["", ".", "-0.00", "-1", "+1", "1e3", "1,000.00", "1.123456", "1234567890123456789", "0x1", "NaN", "１"]
        {
            assert_eq!(code(Text::Amount, amount), Some("BNK-2104"), "{amount}");
        }
        assert_eq!(code(Text::Decimal, "-1.000000"), None);
        assert_eq!(code(Text::Decimal, "--1"), Some("BNK-2105"));
    }

    #[test]
    fn banks_and_codes_are_written_as_the_standard_says() {
        for bic in ["ICBKCNBJ", "BKCHCNBJ300", "1234CN00"] {
            assert_eq!(code(Text::Bic, bic), None, "{bic}");
        }
        for bic in ["", "ICBKCNB", "ICBKC1BJ", "icbkcnbj", "ICBKCNBJ30"] {
            assert_eq!(code(Text::Bic, bic), Some("BNK-2109"), "{bic}");
        }
        assert_eq!(code(Text::OneOf(&["CRDT", "DBIT"]), " CRDT"), Some("BNK-2102"));
        assert_eq!(code(Text::Flag, "yes"), Some("BNK-2108"));
    }
}
