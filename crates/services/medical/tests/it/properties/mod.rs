//! The invariants of section 10 under random bills, packs and sequences.
//!
//! * here: I3 to I9 over years of bills under the packs of the profile
//! * [`bills`]: I1 and I2 over lines with returns, limits and limited use
//! * [`packs`]: I3 to I9 and I16 under packs that nobody wrote
//! * [`reconciliation`]: one place for every record of a hospital and every document of the books
//! * [`stories`]: I3 to I12, I14 to I17 over sequences of everything that hospitals and clerks do, checked by [`books`] and
//!   [`clearings`]; I13, and I14 and I15 of the money itself, are driven in the properties of clearing

mod bills;
mod books;
mod clearings;
mod pack_drawing;
mod packs;
mod play;
mod reconciliation;
mod steps;
mod stories;

use crate::calculation::{case, pack};
use huitong_kernel::money::Fen;
use huitong_medical::model::filing::FilingKind;
use huitong_medical::model::settle::compute;
use proptest::prelude::*;

const PACKS: [&str; 4] = [
    include_str!("../../../../../../regions/yangtze/policies/330100-employee-2025.toml"),
    include_str!("../../../../../../regions/yangtze/policies/320100-employee-2023.toml"),
    include_str!("../../../../../../regions/yangtze/policies/330200-resident-2023.toml"),
    include_str!("../../../../../../regions/yangtze/policies/340100-resident-2025.toml"),
];

proptest! {
    /// `compute` checks I2 to I9 itself; here it is driven through years of random bills.
    #[test]
    fn a_year_of_random_bills_keeps_every_invariant(
        which in 0..PACKS.len(),
        bills in prop::collection::vec((0..5_000_000_i64, 0..100_i64, 0..100_i64, 0..4_usize, any::<bool>(), 0..200_000_i64), 1..40),
    ) {
        let pack = pack(PACKS[which]);
        let filings = [FilingKind::LongStay, FilingKind::TempReferred, FilingKind::TempSelf, FilingKind::TempEmergency];
        let mut accumulators = Default::default();
        for (total, own_percent, pre_percent, filing, account_wanted, balance) in bills {
            let own = total * own_percent / 100;
            let pre = (total - own) * pre_percent / 100;
            let mut case = case("0.00", "0.00", "0.00", filings[filing]);
            case.sums.total_fen = Fen(total);
            case.sums.own_fen = Fen(own);
            case.sums.pre_fen = Fen(pre);
            case.sums.eligible_fen = Fen(total - own - pre);
            case.account_wanted = account_wanted;
            case.accounts.history_fen = Fen(balance);
            case.accumulators = accumulators;
            let computation = compute(&pack, &case).expect("the pack settles it");
            prop_assert_eq!(&computation, &compute(&pack, &case).expect("again"));
            let shown: Fen = computation.steps.iter()
                .filter(|step| step.path.contains(".bands["))
                .filter_map(|step| step.result_fen).sum();
            prop_assert!(shown >= computation.amounts.fund_total_fen, "the bands explain at least what was paid");
            accumulators = case.accumulators.after(&computation.deltas);
        }
    }
}
