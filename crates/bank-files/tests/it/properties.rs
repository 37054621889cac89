//! Whatever is written is read back the same, whatever comes is answered. `PROPTEST_CASES` makes it longer; a failure prints the case.

use huitong_bank_files::camt::{
    self, AccountReport, Balance, Batch, Counterpart, Entry, Page, Report, ReportKind, Return, Side, Status,
    Transaction,
};
use huitong_bank_files::pain001::{self, Initiation, Transfer};
use huitong_bank_files::party::{Account, Agent, Party};
use huitong_bank_files::sample_bank;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::sample::{NOTIFICATION, STATEMENT};

/// Text of up to so many characters, with all that XML has a use for.
fn text(most: usize) -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => proptest::char::range(' ', '~'),
        2 => proptest::char::range('一', '龥'),
        1 => proptest::char::range('\u{A0}', '\u{D7FF}'),
        1 => proptest::char::range('\u{10000}', '\u{10FFFF}'),
        1 => proptest::sample::select(vec!['<', '>', '&', '"', '\'', ']', '\r', '\n', '\t', ' ']),
    ];
    vec(character, 1..=most).prop_map(|characters| characters.into_iter().collect())
}

fn date() -> impl Strategy<Value = Date> {
    (1..=9999_i16, 1..=12_i8, 1..=28_i8).prop_map(|(year, month, day)| Date::constant(year, month, day))
}

/// From the year 1 to the year 9999.
fn instant() -> impl Strategy<Value = Instant> {
    (-62_135_500_000_000..253_402_100_000_000_i64).prop_map(Instant)
}

fn account() -> impl Strategy<Value = Account> {
    prop_oneof![
        text(34).prop_map(Account::Other),
        Just(Account::Iban("DE89370400440532013000".to_owned())),
        Just(Account::Iban("GB82WEST12345698765432".to_owned())),
    ]
}

fn party() -> impl Strategy<Value = Party> {
    let agent = prop_oneof![
        "[0-9]{12}".prop_map(Agent::Cnaps),
        "[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?".prop_map(Agent::Bic)
    ];
    (text(140), account(), agent).prop_map(|(name, account, agent)| Party { name, account, agent })
}

prop_compose! {
    fn transfers()(parts in vec((1..=Fen::LIMIT.0 / 20, party(), option::of(text(140)), text(30)), 1..12)) -> Vec<Transfer> {
        let of = |(index, (fen, creditor, remittance, id)): (usize, (i64, Party, Option<String>, String))| Transfer {
            instruction_id: format!("{index}/{id}"),
            end_to_end_id: format!("{id}/{index}"),
            amount: Fen(fen),
            creditor,
            remittance,
        };
        parts.into_iter().enumerate().map(of).collect()
    }
}

prop_compose! {
    fn order()(
        message_id in text(35), created_at in instant(), initiating_party in text(140), debtor in party(),
        requested_execution_date in date(), transfers in transfers(),
    ) -> Initiation {
        Initiation { message_id, created_at, initiating_party, debtor, requested_execution_date, transfers }
    }
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Credit), Just(Side::Debit)]
}

fn counterpart() -> impl Strategy<Value = Counterpart> {
    (option::of(text(140)), option::of(account())).prop_map(|(name, account)| Counterpart { name, account })
}

prop_compose! {
    fn returned()(code in "[A-Z]{2}[0-9]{2}", reason in text(35), which in 0..3, information in vec(text(105), 0..3)) -> Return {
        Return { code: (which == 0).then_some(code), reason: (which == 1).then_some(reason), information }
    }
}

prop_compose! {
    fn transaction()(
        ids in (option::of(text(35)), option::of(text(35)), option::of(text(35))), fen in 0..1_000_000_i64,
        side in option::of(side()), parties in (counterpart(), counterpart()), remittance in vec(text(140), 0..3),
        returned in option::of(returned()),
    ) -> Transaction {
        Transaction {
            message_id: ids.0, instruction_id: ids.1, end_to_end_id: ids.2, amount: Some(Fen(fen)), side,
            debtor: parties.0, creditor: parties.1, remittance, returned,
        }
    }
}

prop_compose! {
    fn entry()(
        bank_reference in option::of(text(35)), alone in 0..Fen::LIMIT.0, side in side(), is_reversal in any::<bool>(),
        status in proptest::sample::select(vec![Status::Booked, Status::Pending, Status::Future, Status::Information]),
        dates in (option::of(date()), option::of(date())),
        batch in option::of((option::of(text(35)), option::of(text(35)), option::of(0..1_000_000_000_000_000_u64))), mut transactions in vec(transaction(), 0..4),
    ) -> Entry {
        let signed: Fen =
            transactions.iter().filter_map(|one| Some(one.side.unwrap_or(side).signed(one.amount?))).sum();
        // The entry goes where its transactions go.
        let is_other_way = side.signed(signed).is_negative();
        if is_other_way {
            transactions.iter_mut().for_each(|one| one.side = Some(side));
        }
        let amount: Fen =
            transactions.iter().filter_map(|one| Some(one.side.unwrap_or(side).signed(one.amount?))).sum();
        let told = |transfers: u64| if transactions.is_empty() { transfers } else { transactions.len() as u64 };
        let batch = batch.map(|(message_id, payment_id, transfers)| {
            Batch { message_id, payment_id, transfers: transfers.map(told) }
        });
        Entry {
            batch,
            reference: None, bank_reference, is_reversal, status, side,
            amount: if transactions.is_empty() { Fen(alone / 100) } else { side.signed(amount) },
            booking_date: dates.0, value_date: dates.1, transactions,
        }
    }
}

prop_compose! {
    fn section()(
        id in text(30), page in option::of((0..99_999_u32, any::<bool>())), is_copy in any::<bool>(), account in account(),
        opening in (-1_000_000..1_000_000_i64, date()), closing in date(), entries in vec(entry(), 0..6),
    ) -> AccountReport {
        let opening = Balance { amount: Fen(opening.0), date: opening.1 };
        let page = page.map(|(number, is_last)| Page { number, is_last });
        let of = sample_bank::statement(&id, &account, opening, entries, closing);
        AccountReport { page, is_copy, ..of }
    }
}

prop_compose! {
    fn report()(is_statement in any::<bool>(), message_id in text(35), created_at in instant(), mut accounts in vec(section(), 1..4)) -> Report {
        let kind = if is_statement { ReportKind::Statement } else { ReportKind::Notification };
        for (index, account) in accounts.iter_mut().enumerate() {
            account.id.push_str(&index.to_string());
            for (number, entry) in account.entries.iter_mut().enumerate() {
                entry.reference = (number % 2 == 0).then(|| format!("ref {number}"));
            }
            if !is_statement {
                (account.opening, account.closing) = (None, None);
            }
        }
        Report { kind, message_id, created_at, accounts }
    }
}

/// A file with some bytes changed, cut out or put in.
fn damaged(file: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let cuts = vec((0..file.len(), 0..40_usize, vec(any::<u8>(), 0..6)), 1..4);
    cuts.prop_map(move |cuts| {
        let mut bytes = file.as_bytes().to_vec();
        for (at, length, put) in cuts {
            let at = at.min(bytes.len());
            let end = (at + length).min(bytes.len());
            bytes.splice(at..end, put);
        }
        bytes
    })
}

proptest! {
    #[test]
    fn any_order_that_is_written_reads_back_the_same(order in order()) {
        let text = pain001::write(&order);
        prop_assert!(text.is_ok(), "{:?}", text);
        prop_assert_eq!(pain001::read(text.unwrap_or_default().as_bytes()), Ok(order));
    }

    #[test]
    fn any_report_that_is_written_reads_back_the_same(report in report()) {
        let text = sample_bank::write(&report);
        prop_assert!(text.is_ok(), "{:?}", text);
        prop_assert_eq!(camt::read(text.unwrap_or_default().as_bytes()), Ok(report));
    }

    #[test]
    fn damaged_files_are_answered(statement in damaged(STATEMENT), notification in damaged(NOTIFICATION)) {
        for file in [statement, notification] {
            if let Err(fault) = camt::read(&file) {
                prop_assert!(fault.code().starts_with("BNK-"));
            }
        }
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,200}", bytes in vec(any::<u8>(), 0..200)) {
        prop_assert!(camt::read(text.as_bytes()).is_err());
        prop_assert!(pain001::read(&bytes).is_err());
    }

    #[test]
    fn any_order_is_written_or_refused(mut order in order(), name in any::<String>(), fen in any::<i64>(), at in any::<i64>()) {
        order.debtor.name = name;
        order.transfers[0].amount = Fen(fen);
        order.created_at = Instant(at);
        if let Ok(text) = pain001::write(&order) {
            prop_assert_eq!(pain001::read(text.as_bytes()), Ok(order));
        }
    }
}
