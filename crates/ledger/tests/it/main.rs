//! Stories of the book: each runs on a real stream file.

use huitong_kernel::hash::HashFunction;
use huitong_kernel::money::Fen;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::Instant;
use huitong_ledger::{AccountCode, Chart, LedgerFault, Limit, Phase, Transfer, TransferId, book, report};
use huitong_store::group::{Done, GroupCommitter, Logic, Scope};
use huitong_store::{StoreError, Tx};
use proptest::prelude::*;

/// A book alone on a stream: a work is a set of transfers.
struct Bookkeeper;
struct PersonsMayNotOverdraw;

impl Chart for PersonsMayNotOverdraw {
    fn limit(&self, account: &AccountCode) -> Limit {
        if account.class() == "person" { Limit::DebitsMustNotExceedCredits } else { Limit::None }
    }
}

impl Logic for Bookkeeper {
    type Work = Vec<Transfer>;
    type Outcome = Result<(), LedgerFault>;

    fn schema(&self) -> Vec<&'static str> {
        vec![huitong_ledger::SCHEMA]
    }

    fn process(&mut self, scope: &mut Scope<'_>, work: &Vec<Transfer>) -> Result<Done<Self::Outcome>, StoreError> {
        match book::check(scope.view(), &PersonsMayNotOverdraw, work)? {
            Err(fault) => Ok(Done::Undo(Err(fault))),
            Ok(()) => {
                book::apply(scope.tx(), Instant(0), "story", work)?;
                Ok(Done::Keep(Ok(())))
            }
        }
    }

    fn replay(&mut self, _tx: Tx<'_>, _entry: &huitong_kernel::entry::Entry) -> Result<(), StoreError> {
        Ok(())
    }

    fn forget(&mut self) {}
}

struct Story {
    committer: GroupCommitter<Bookkeeper>,
    random: RandomSource,
    _folder: tempfile::TempDir,
}

impl Story {
    fn new() -> Story {
        let folder = tempfile::tempdir().expect("a folder for the story");
        let path = folder.path().join("book.db");
        let committer = GroupCommitter::open(&path, HashFunction::Sha256, Bookkeeper).expect("a new book opens");
        Story { committer, random: RandomSource::from_number(1), _folder: folder }
    }

    fn id(&mut self) -> TransferId {
        TransferId::new(Instant(0), &mut self.random)
    }

    fn transfer(&mut self, debit: &str, credit: &str, fen: i64, phase: Phase) -> Transfer {
        let (debit, credit) = (AccountCode::new(&[debit]), AccountCode::new(&[credit]));
        Transfer { id: self.id(), debit, credit, amount_fen: Fen(fen), phase }
    }

    fn book(&mut self, transfers: Vec<Transfer>) -> Result<(), LedgerFault> {
        let (mut outcomes, _) = self.committer.run(vec![transfers]);
        outcomes.remove(0).expect("storage works")
    }

    fn available(&self, account: &str) -> Fen {
        book::balance(self.committer.view(), &AccountCode::new(&[account])).expect("readable").available()
    }
}

#[test]
fn a_person_spends_what_was_paid_in_and_no_fen_more() {
    let mut story = Story::new();
    let paid_in = story.transfer("bank", "person/1", 10_000, Phase::Single);
    assert_eq!(story.book(vec![paid_in]), Ok(()));
    let too_much = story.transfer("person/1", "payable", 10_001, Phase::Single);
    assert_eq!(story.book(vec![too_much]), Err(LedgerFault::Insufficient(AccountCode::new(&["person/1"]))));
    let all = story.transfer("person/1", "payable", 10_000, Phase::Single);
    assert_eq!(story.book(vec![all]), Ok(()));
    assert_eq!(story.available("person/1"), Fen::ZERO);
}

#[test]
fn a_reservation_is_taken_once_and_what_is_not_posted_is_released() {
    let mut story = Story::new();
    let paid_in = story.transfer("bank", "person/1", 10_000, Phase::Single);
    let hold = story.transfer("person/1", "payable", 8_000, Phase::Pending { deadline: Instant(9) });
    assert_eq!(story.book(vec![paid_in, hold.clone()]), Ok(()));
    assert_eq!(story.available("person/1"), Fen(2_000));
    let post = story.transfer("person/1", "payable", 5_000, Phase::Post { pending: hold.id });
    assert_eq!(story.book(vec![post]), Ok(()));
    assert_eq!(story.available("person/1"), Fen(5_000));
    let again = story.transfer("person/1", "payable", 1, Phase::Void { pending: hold.id });
    assert_eq!(story.book(vec![again]), Err(LedgerFault::NotPending(hold.id)));
}

#[test]
fn a_linked_set_is_booked_whole_or_not_at_all() {
    let mut story = Story::new();
    let good = story.transfer("a", "b", 5, Phase::Single);
    let bad = story.transfer("a", "a", 5, Phase::Single);
    assert_eq!(story.book(vec![good.clone(), bad]), Err(LedgerFault::SameAccount));
    assert_eq!(story.book(vec![good.clone()]), Ok(()));
    assert_eq!(story.book(vec![good.clone()]), Err(LedgerFault::Exists(good.id)));
    let nothing = story.transfer("a", "b", 0, Phase::Single);
    assert_eq!(story.book(vec![nothing]), Err(LedgerFault::NotPositive));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    /// Whatever is tried, refused or booked: debits equal credits, accounts equal their transfers, nobody is overdrawn.
    #[test]
    fn books_always_add_up(sets in prop::collection::vec(prop::collection::vec((0..4_usize, 0..4_usize, -1..500_i64, 0..4_u8), 1..4), 1..30)) {
        let accounts = ["bank", "payable", "person/1", "person/2"];
        let mut story = Story::new();
        let mut holds: Vec<Transfer> = Vec::new();
        for set in sets {
            let mut transfers = Vec::new();
            for (debit, credit, amount, kind) in set {
                let next = match (kind, holds.pop()) {
                    (2, Some(hold)) => Transfer { id: story.id(), amount_fen: Fen(amount), phase: Phase::Post { pending: hold.id }, ..hold },
                    (3, Some(hold)) => Transfer { id: story.id(), phase: Phase::Void { pending: hold.id }, ..hold },
                    (1, _) => story.transfer(accounts[debit], accounts[credit], amount, Phase::Pending { deadline: Instant(0) }),
                    _ => story.transfer(accounts[debit], accounts[credit], amount, Phase::Single),
                };
                transfers.push(next);
            }
            if story.book(transfers.clone()).is_ok() {
                holds.extend(transfers.into_iter().filter(|transfer| matches!(transfer.phase, Phase::Pending { .. })));
            }
            prop_assert!(report::adds_up(story.committer.view()).expect("readable"));
            for person in ["person/1", "person/2"] {
                prop_assert!(story.available(person) >= Fen::ZERO);
            }
        }
    }
}
