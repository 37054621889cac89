//! Numbers, days and moments as XML writes them (XML Schema part 2).

use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// What banks in China mean when they write no offset.
const SHANGHAI: Offset = Offset::constant(8);
/// Digits of a decimal, as the standard bounds them.
const DECIMAL_DIGITS_MAX: usize = 18;

/// A decimal without sign, cut at its point.
pub struct Decimal<'t> {
    pub whole: &'t str,
    pub fraction: &'t str,
}

/// XML's blanks, not Unicode's.
pub fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

pub fn are_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `12.30`, `12`, `12.` or `.5`; leading zeros do not count as digits.
pub fn decimal(text: &str) -> Option<Decimal<'_>> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = are_digits(whole) && are_digits(fraction) && whole.len() + fraction.len() > 0;
    let whole = whole.trim_start_matches('0');
    (is_number && whole.len() + fraction.len() <= DECIMAL_DIGITS_MAX).then_some(Decimal { whole, fraction })
}

/// The fen of a decimal of yuan.
pub enum Yuan {
    Exactly(Fen),
    /// More than two decimals.
    FinerThanFen,
    /// Beyond [`Fen::LIMIT`].
    BeyondLimit,
}

impl Decimal<'_> {
    pub fn yuan(&self) -> Yuan {
        if self.fraction.len() > 2 {
            return Yuan::FinerThanFen;
        }
        let digits = format!("{}{:0<2}", self.whole, self.fraction);
        match digits.parse::<i64>().ok().and_then(|fen| Fen::try_from(fen).ok()) {
            Some(amount) => Yuan::Exactly(amount),
            None => Yuan::BeyondLimit,
        }
    }
}

pub fn flag(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// `2026-11-24`, with or without an offset, which a day does not need.
pub fn date(text: &str) -> Option<Date> {
    let (day, zone) = text.split_at_checked(10)?;
    offset(zone)?;
    plain_date(day)
}

fn plain_date(day: &str) -> Option<Date> {
    has_shape(day, "0000-00-00").then(|| day.parse().ok()).flatten()
}

/// `2026-11-24T10:00:00`, with or without a fraction of up to nine digits and an offset; without one it is Shanghai's time.
pub fn instant(text: &str) -> Option<Instant> {
    let (start, rest) = text.split_at_checked(19)?;
    let fraction_digits = match rest.strip_prefix('.') {
        Some(rest) => rest.bytes().take_while(u8::is_ascii_digit).count(),
        None => 0,
    };
    let has_point = rest.starts_with('.');
    let fraction_bytes = fraction_digits + usize::from(has_point);
    let is_shaped = has_shape(start, "0000-00-00T00:00:00") && !start.ends_with("60");
    if !is_shaped || has_point != (1..=9).contains(&fraction_digits) {
        return None;
    }
    let zone = offset(&rest[fraction_bytes..])?.unwrap_or(SHANGHAI);
    let local: DateTime = text[..19 + fraction_bytes].parse().ok()?;
    let timestamp: Timestamp = zone.to_timestamp(local).ok()?;
    Some(Instant(timestamp.as_millisecond()))
}

/// Nothing, `Z` or `+08:00`, up to 14 hours.
fn offset(text: &str) -> Option<Option<Offset>> {
    match text {
        "" => return Some(None),
        "Z" => return Some(Some(Offset::UTC)),
        _ => {}
    }
    let sign = match text.as_bytes().first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return None,
    };
    if !has_shape(&text[1..], "00:00") {
        return None;
    }
    let minutes =
        text[1..3].parse::<i32>().ok()? * 60 + text[4..].parse::<i32>().ok().filter(|minutes| *minutes < 60)?;
    if minutes > 14 * 60 { None } else { Offset::from_seconds(sign * minutes * 60).ok().map(Some) }
}

/// Digits where the shape has zeros, the shape's own signs elsewhere.
fn has_shape(text: &str, shape: &str) -> bool {
    let fits = |(byte, place): (u8, u8)| if place == b'0' { byte.is_ascii_digit() } else { byte == place };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}

/// Shanghai's time with its offset; milliseconds only when there are some. What no calendar holds is written so that it is refused.
pub fn written_instant(instant: Instant) -> String {
    let Ok(timestamp) = Timestamp::from_millisecond(instant.0) else { return instant.to_string() };
    let local = SHANGHAI.to_datetime(timestamp);
    let milliseconds = instant.0.rem_euclid(1_000);
    let fraction = if milliseconds == 0 { String::new() } else { format!(".{milliseconds:03}") };
    let time = local.time();
    format!("{}T{:02}:{:02}:{:02}{fraction}+08:00", local.date(), time.hour(), time.minute(), time.second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_without_an_offset_is_shanghai_time() {
        let expected = Instant::parse("2026-11-24T10:00:00+08:00");
        for text in
            ["2026-11-24T10:00:00", "2026-11-24T10:00:00.000", "2026-11-24T02:00:00Z", "2026-11-24T11:30:00.0000+09:30"]
        {
            assert_eq!(instant(text), expected, "{text}");
        }
        for text in [
            "",
            "2026-11-24",
            "2026-11-24 10:00:00",
            "2026-11-24t10:00:00",
            "2026-11-24T10:00",
            "2026-11-24T24:00:00",
            "2026-11-24T10:00:60",
            "2026-02-30T10:00:00",
            "2026-11-24T10:00:00.",
            "2026-11-24T10:00:00+8",
            "2026-11-24T10:00:00+15:00",
            "2026-11-24T10:00:00+08:75",
            "2026-11-24T10:00:00汉",
            "12026-11-24T10:00:00",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for milliseconds in [0, 1_764_000_000_000, 1_764_000_000_007, -1, 253_402_100_000_000] {
            let written = written_instant(Instant(milliseconds));
            assert_eq!(instant(&written), Some(Instant(milliseconds)), "{written}");
        }
        for beyond in [i64::MAX, i64::MIN, -100_000_000_000_000] {
            assert_eq!(instant(&written_instant(Instant(beyond))), None);
        }
    }

    #[test]
    fn a_day_may_have_an_offset() {
        let day = Some(Date::constant(2026, 11, 24));
        assert_eq!((date("2026-11-24"), date("2026-11-24+08:00"), date("2026-11-24Z")), (day, day, day));
        for text in ["", "2026-1-2", "20261124", "2026-11-31", "2026-11-24T", "２026-11-24"] {
            assert_eq!(date(text), None, "{text}");
        }
    }
}
