//! Enrolling and changing insured persons of the own pools; published to the own medical only.

use huitong_service_kit::{Context, Decision, View};

use super::Decided;
use super::participant::send;
use crate::command::{PERSONS_MAX, Reply};
use crate::event::Event;
use crate::model::published::{Insured, Message};
use crate::{query, refusal};

pub fn put(view: View<'_>, persons: Vec<Insured>, context: &mut Context<'_>) -> Decided {
    if persons.len() > PERSONS_MAX {
        return Err(refusal::TOO_MANY_PERSONS.with("limit", PERSONS_MAX).into());
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut decision = Decision::reply(Reply::Insured { persons: persons.len() });
    for (index, mut insured) in persons.into_iter().enumerate() {
        let field = fault(&insured).or((!seen.insert(insured.person.clone())).then_some("person"));
        if let Some(field) = field {
            let path = format!("persons[{index}].{field}");
            return Err(refusal::FIELD_INVALID.with("field", &path).at_field(path).into());
        }
        if context.directory.jurisdiction_of(insured.pool) != Some(context.home.jurisdiction) {
            let refusal = refusal::NOT_OF_THIS_NODE.with("division", insured.pool);
            return Err(refusal.at_field(format!("persons[{index}].pool")).into());
        }
        insured.version = query::insured_version(view, &insured.person)? + 1;
        let message = send(context.home.jurisdiction, Message::Insured(insured.clone()), context);
        decision = decision.message(message).event(Event::InsuredPut { insured });
    }
    Ok(decision)
}

/// The first field that is not as it must be (national lengths; GB 11643 for identity cards).
fn fault(insured: &Insured) -> Option<&'static str> {
    let fits = |text: &str, most: usize| (1..=most).contains(&text.chars().count());
    let card = insured.certificate_type == "02";
    if !fits(&insured.person, 30) {
        Some("person")
    } else if !matches!(insured.scheme.as_str(), "employee" | "resident") {
        Some("scheme")
    } else if !matches!(insured.certificate_type.as_str(), "01" | "02" | "03") {
        Some("certificate_type")
    } else if !fits(&insured.certificate_number, 50) || (card && !is_citizen_number(&insured.certificate_number)) {
        Some("certificate_number")
    } else if !fits(&insured.name, 50) {
        Some("name")
    } else {
        None
    }
}

/// Check character of the citizen number (GB 11643, ISO 7064 MOD 11-2) and a real birth date.
fn is_citizen_number(number: &str) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let bytes = number.as_bytes();
    if bytes.len() != 18 || !bytes[..17].iter().all(u8::is_ascii_digit) {
        return false;
    }
    let sum: u32 = bytes.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    let part = |range: std::ops::Range<usize>| number[range].parse::<i16>().unwrap_or(0);
    let month_day = (i8::try_from(part(10..12)).unwrap_or(0), i8::try_from(part(12..14)).unwrap_or(0));
    let date = huitong_kernel::time::Date::new(part(6..10), month_day.0, month_day.1);
    date.is_ok() && b"10X98765432"[(sum % 11) as usize] == bytes[17]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn citizen_numbers_of_the_standard_hold_and_altered_ones_do_not() {
        assert!(is_citizen_number("11010519491231002X"));
        assert!(is_citizen_number("440524188001010014"));
        for number in ["110105194912310021", "11010519491331002X", "1101051949123100", "１1010519491231002"] {
            assert!(!is_citizen_number(number), "{number}");
        }
    }
}
