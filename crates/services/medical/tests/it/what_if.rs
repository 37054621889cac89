//! What a past month would have cost under another pack: nothing is booked, and what was taken back does not count.

use huitong_kernel::money::Fen;
use huitong_medical::model::policy::Pack;
use huitong_medical::query::what_if::{Question, WhatIf, run};
use huitong_store::journal::open_reader;

use super::calculation::{fen, pack};
use super::country::Country;
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
