//! The banks: each carries out the files of its node, in full, in parts, with returns, and reports what it has booked, now and then twice.

use std::collections::BTreeMap;

use huitong_clearing::command::Command;
use huitong_clearing::model::payment::{BankEntry, FilePayment, PaymentFile};
use huitong_kernel::money::Fen;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::{Date, Instant};

use crate::region;

/// Booked by the bank of a payer, or of a payee, of a payment; what was given back is taken off.
pub type Booked = BTreeMap<String, (Fen, Fen)>;

#[derive(Default)]
pub struct Bank {
    serial: u64,
    pub booked: Booked,
}

/// How an order ends.
enum Course {
    Full,
    /// In two entries, at the payee in two reports.
    Parts,
    /// Announced before it is booked.
    AnnouncedFirst,
    /// Paid out, and given back.
    Returned,
    /// One half arrives, the other is given back.
    HalfReturned,
}

impl Bank {
    /// Reports of the banks on a file, by node. All of them are handed in, in any order.
    pub fn carry_out(&mut self, node: usize, file: &PaymentFile, random: &mut RandomSource) -> Vec<(usize, Command)> {
        let mut reports = Vec::new();
        for order in &file.payments {
            let payee = region::node_of(order.creditor.division);
            let (paid_out, received) = self.course(order, file.execution_day, random);
            let sum = |entries: &[BankEntry], is_credit: bool| -> Fen {
                let of = entries.iter().filter(|entry| entry.is_booked && entry.is_credit == is_credit);
                of.map(|entry| entry.amount_fen).sum()
            };
            let booked = self.booked.entry(order.payment.clone()).or_default();
            booked.0 += sum(&paid_out, false) - sum(&paid_out, true);
            booked.1 += received.iter().map(|entries| sum(entries, true)).sum::<Fen>();
            reports.extend(self.report(node, paid_out, random));
            for entries in received {
                reports.extend(self.report(payee, entries, random));
            }
        }
        reports
    }

    /// What the payer's bank books, in one report, and the payee's bank, in one or more.
    fn course(
        &mut self,
        order: &FilePayment,
        day: Date,
        random: &mut RandomSource,
    ) -> (Vec<BankEntry>, Vec<Vec<BankEntry>>) {
        let all = order.amount_fen;
        let half = Fen(all.0 / 2);
        let course = match random.below(8) {
            0..=2 => Course::Full,
            3 if half > Fen::ZERO => Course::Parts,
            4 => Course::AnnouncedFirst,
            5 if half > Fen::ZERO => Course::HalfReturned,
            _ => Course::Returned,
        };
        let mut entry = |is_credit: bool, amount: Fen| self.entry(is_credit, amount, &order.end_to_end, day);
        match course {
            Course::Full => (vec![entry(false, all)], vec![vec![entry(true, all)]]),
            Course::Parts => {
                let out = vec![entry(false, half), entry(false, all - half)];
                (out, vec![vec![entry(true, half)], vec![entry(true, all - half)]])
            }
            Course::AnnouncedFirst => {
                let announced = BankEntry { is_booked: false, ..entry(false, all) };
                let booked = BankEntry { is_booked: true, ..announced.clone() };
                (vec![announced, booked], vec![vec![entry(true, all)]])
            }
            Course::Returned => {
                let back = BankEntry { is_return: true, text: "AC04".to_owned(), ..entry(true, all) };
                (vec![entry(false, all), back], Vec::new())
            }
            Course::HalfReturned => {
                let back = BankEntry { is_return: true, text: "AC04".to_owned(), ..entry(true, all - half) };
                (vec![entry(false, half), entry(false, all - half), back], vec![vec![entry(true, half)]])
            }
        }
    }

    fn entry(&mut self, is_credit: bool, amount_fen: Fen, end_to_end: &str, booked_on: Date) -> BankEntry {
        self.serial += 1;
        BankEntry {
            reference: format!("entry-{}", self.serial),
            is_credit,
            amount_fen,
            booked_on,
            end_to_end: end_to_end.to_owned(),
            is_booked: true,
            is_return: false,
            text: "simulated".to_owned(),
        }
    }

    /// A report, now and then a second one with the same entries, as a statement repeats what a notification said.
    fn report(&mut self, node: usize, entries: Vec<BankEntry>, random: &mut RandomSource) -> Vec<(usize, Command)> {
        let copies = if random.below(4) == 0 { 2 } else { 1 };
        let mut report = || {
            self.serial += 1;
            let report = format!("report-{}", self.serial);
            (node, Command::TakeBankReport { report, entries: entries.clone() })
        };
        (0..copies).map(|_| report()).collect()
    }

    /// Money of no payment.
    pub fn strange_entry(&mut self, now: Instant, random: &mut RandomSource) -> Command {
        let (is_credit, amount) = (random.below(2) == 0, 1 + random.below(90_000) as i64);
        let entry = self.entry(is_credit, Fen(amount), "rent of November", now.business_date());
        Command::TakeBankReport { report: format!("strange-{}", self.serial), entries: vec![entry] }
    }
}
