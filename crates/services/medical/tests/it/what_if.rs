//! What a past month would have cost under another pack: nothing is booked, and what was taken back does not count.

use huitong_kernel::money::Fen;
use huitong_kernel::time::DurationMs;
use huitong_medical::command::Command;
use huitong_medical::model::policy::Pack;
use huitong_medical::query::what_if::{Question, WhatIf, run};
use huitong_store::journal::open_reader;

use super::calculation::{fen, pack};
use super::country::{Country, HOSPITAL, bill};
use super::settlement::used_up_deductible;
use super::stays::HANGZHOU;

fn asked(country: &Country, pack: &Pack, period: Option<&str>) -> WhatIf {
    let journal = open_reader(&country.folder.path().join("330000.db")).expect("opens");
    run(&journal, &Question { pack, period }).expect("readable")
}

/// Three bills use up the deductible, one is paid in part, and one more is cancelled.
fn month() -> (Country, Fen) {
    let mut country = Country::new();
    used_up_deductible(&mut country);
    country.settled("paid-000001");
    let cancelled = country.settled("cancelled-1");
    country.cancel(&cancelled.settlement).reply();
    let paid = country.check_books(5, 1).fund_total_fen;
    (country, paid)
}

#[test]
fn the_pack_in_force_would_have_cost_what_it_did() {
    let (country, paid) = month();
    let found = asked(&country, &pack(HANGZHOU), Some("2026-11"));
    assert_eq!((found.total.settlements, found.total.was_fen, found.total.would_be_fen), (4, paid, paid));
    assert!(found.largest.is_empty() && found.refused.is_empty());
    assert_eq!(found.by_class.keys().collect::<Vec<_>>(), ["employed"]);
    assert_eq!(found.by_city.keys().collect::<Vec<_>>(), ["310101"]);
    assert_eq!(found.by_level["3"].settlements, 4);
    assert_eq!(found.by_fund["310101"].was_fen, paid);
    let other_month = asked(&country, &pack(HANGZHOU), Some("2026-10"));
    assert_eq!(other_month.total.settlements, 0, "nothing was settled then");
}

#[test]
fn another_deductible_is_carried_from_bill_to_bill() {
    let (country, paid) = month();
    let draft = HANGZHOU.replace("level = \"*\", amount = \"600.00\"", "level = \"*\", amount = \"0.00\"");
    assert_ne!(draft, HANGZHOU, "the draft changes something");
    let found = asked(&country, &pack(&draft), None);
    // Each bill has the same eligible cost, and all of it is paid at 76 % now.
    assert_eq!(found.total.was_fen, paid);
    assert_eq!(found.total.would_be_fen - paid, fen("456.00"), "76 % of 600.00");
    assert!(found.largest.iter().all(|change| change.would_be_fen > change.was_fen));
    let winners: u64 = found.bands.iter().map(|band| band.winners).sum();
    assert_eq!(winners as usize, found.largest.len());
}

#[test]
fn a_pack_that_forbids_direct_settlement_refuses_and_counts_as_it_was() {
    let (country, paid) = month();
    let draft = HANGZHOU.replace("long_stay = { direct = true", "long_stay = { direct = false");
    assert_ne!(draft, HANGZHOU, "the draft changes something");
    let found = asked(&country, &pack(&draft), None);
    assert_eq!((found.refused.len(), found.total.would_be_fen), (4, paid));
}

/// Four bills on 24 November, as many on 4 December.
fn two_months() -> (Country, String, [Fen; 2]) {
    let mut country = Country::new();
    let first = country.settled("november-0").settlement;
    used_up_deductible(&mut country);
    let november = country.check_books(4, 0).fund_total_fen;
    country.region.now = country.region.now + DurationMs::minutes(10 * 24 * 60);
    for number in 0..4 {
        let mut bill = bill(&format!("december-{number}"));
        bill.lines.iter_mut().for_each(|line| line.day = country.region.now.business_date());
        let key = bill.message_id.clone();
        country.region.ask("310000", HOSPITAL, Some(&key), Command::SettleBill(Box::new(bill))).reply();
    }
    let december = country.check_books(8, 0).fund_total_fen - november;
    assert!(december > november, "the deductible was used up in November");
    (country, first, [november, december])
}

/// The accumulators are those of the draft's insurance year, not of the year in the books.
#[test]
fn a_draft_with_another_insurance_year_takes_its_deductible_when_its_own_year_begins() {
    let (mut country, first, [november, december]) = two_months();
    let draft = HANGZHOU.replace("year_start = \"01-01\"", "year_start = \"12-01\"");
    assert_ne!(draft, HANGZHOU, "the draft changes something");
    let draft = pack(&draft);
    let found = asked(&country, &draft, None);
    assert_eq!((found.total.was_fen, found.total.would_be_fen), (november + december, november + november));
    // What was settled before the month belongs to the draft's year before, too.
    let found = asked(&country, &draft, Some("2026-12"));
    assert_eq!((found.total.was_fen, found.total.would_be_fen), (december, november));
    // A cancellation in December of a bill of November gives back to the year of that bill.
    country.cancel(&first).reply();
    let found = asked(&country, &draft, Some("2026-12"));
    assert_eq!((found.total.was_fen, found.total.would_be_fen), (december, november));
}
