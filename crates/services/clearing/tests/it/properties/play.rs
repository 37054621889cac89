//! A sequence as it goes on: the desk, what the banks have booked, and what a bystander knows of documents and prepayments.

use std::collections::BTreeMap;

use huitong_clearing::command::{Command, Reply};
use huitong_clearing::model::contest::{Reason, Ruling};
use huitong_clearing::model::payment::{FilePayment, PaymentKind, PaymentState};
use huitong_clearing::model::statement::State;
use huitong_clearing::query::{contests, payments, statements};
use huitong_kernel::clearing::{Confirmation, Payment, PeriodKind};
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::DurationMs;
use huitong_service_kit::harness::Called;

use super::steps::{SERVICES, Step};
use crate::desk::{Desk, NODES, code, entry, rule};

/// A document of a sequence.
pub struct Written {
    pub service: &'static str,
    pub debtor: &'static str,
    pub creditor: &'static str,
    pub id: Digest,
    pub fen: i64,
}

/// What took a document back.
pub struct Refund {
    pub contra: Digest,
    pub original: Digest,
    /// The debtor's node.
    pub node: &'static str,
    /// The period of the original, if it was cut by then.
    pub cut: Option<String>,
}

/// What a payer has paid ahead to a payee for a service, as their banks and their clerks know it.
#[derive(Clone, Copy, Default)]
pub struct Ahead {
    pub ordered: i64,
    pub paid: i64,
    pub arrived: i64,
    pub used: i64,
}

/// Service, payer, payee.
pub type Pair = (String, String, String);

pub struct Play {
    pub desk: Desk,
    pub documents: Vec<Written>,
    pub refunds: Vec<Refund>,
    pub ahead: BTreeMap<Pair, Ahead>,
    /// Lengths of the journals when they were checked last.
    pub heads: BTreeMap<&'static str, u64>,
    /// Paid out, and its payee's node does not know the payment yet.
    arriving: Vec<(String, FilePayment, Option<Pair>)>,
    /// What each bank has booked, what came in less what went out.
    booked: BTreeMap<String, i64>,
}

impl Play {
    pub fn begin() -> Play {
        let mut desk = Desk::new(vec![
            rule(SERVICES[0], PeriodKind::Day, Payment::Multilateral, Confirmation::Automatic),
            rule(SERVICES[1], PeriodKind::Day, Payment::Gross, Confirmation::Clerk),
        ]);
        desk.open_accounts();
        Play {
            desk,
            documents: Vec::new(),
            refunds: Vec::new(),
            ahead: BTreeMap::new(),
            heads: BTreeMap::new(),
            arriving: Vec::new(),
            booked: BTreeMap::new(),
        }
    }

    pub fn step(&mut self, step: &Step) {
        match *step {
            Step::Owe { service, debtor, creditor, fen } => {
                let (service, debtor, creditor) = (SERVICES[service], NODES[debtor], NODES[creditor]);
                let id = self.desk.owe(service, debtor, creditor, fen);
                self.documents.push(Written { service, debtor, creditor, id, fen });
            }
            Step::Refund { document } if !self.documents.is_empty() => self.refund(document % self.documents.len()),
            Step::Contest { document } if !self.documents.is_empty() => {
                let Written { debtor, id, .. } = self.documents[document % self.documents.len()];
                let command =
                    Command::OpenContest { document: id, reason: Reason::Amount, evidence: "doubtful".to_owned() };
                let _ = self.desk.call(debtor, command);
            }
            Step::Answer { ruling } => self.answer_first(ruling),
            Step::Confirm { node } => self.confirm(NODES[node]),
            Step::Prepay { service, payer, payee, fen } => {
                self.prepay(SERVICES[service], NODES[payer], NODES[payee], fen)
            }
            Step::FromPrepaid { payment, percent } => self.take_prepaid(payment, percent),
            Step::Banks => self.banks(),
            Step::Move => drop(self.desk.step()),
            Step::Night => self.desk.region.pass(DurationMs::days(1)),
            Step::Crash { node } => self.desk.region.restart(code(NODES[node])),
            Step::Down { node } if self.desk.down.is_empty() => self.desk.down.push(NODES[node]),
            Step::Up => self.desk.down.clear(),
            Step::Refund { .. } | Step::Contest { .. } | Step::Down { .. } => {}
        }
    }

    /// Once a document: the contra goes through the lane of its original.
    fn refund(&mut self, which: usize) {
        let Written { service, debtor, creditor, id, fen } = self.documents[which];
        if self.refunds.iter().any(|refund| refund.original == id) {
            return;
        }
        let mut contra = self.desk.document(debtor, creditor, -fen);
        contra.of = Some(id);
        contra.kind = "contra".to_owned();
        let cut = self.desk.period_of(debtor, id);
        self.refunds.push(Refund { contra: contra.id, original: id, node: debtor, cut });
        self.desk.send(service, debtor, creditor, vec![contra]);
    }

    /// The first contest that waits for this side is answered or replied to.
    pub fn answer_first(&mut self, ruling: u8) {
        for node in NODES {
            for row in contests::list(self.desk.region.view(node), "", 100).expect("readable") {
                let contest = row.contest.contest;
                let command = if row.own_debt {
                    Command::ReplyContest { contest, accepts: ruling != 0, explanation: String::new() }
                } else {
                    let (ruling, amount) = match ruling {
                        0 => (Ruling::Upheld, None),
                        1 if row.contest.amount_fen > Fen(1) => (Ruling::Adjusted, Some(Fen(1))),
                        _ => (Ruling::Withdrawn, None),
                    };
                    let tribunal = Some("decided".to_owned());
                    Command::AnswerContest { contest, ruling, amount, explanation: String::new(), tribunal }
                };
                let _ = self.desk.call(node, command);
            }
        }
    }

    pub fn confirm(&mut self, node: &str) {
        let rows = statements::list(self.desk.region.view(node), ("", "", ""), 1_000).expect("readable");
        for row in rows.iter().filter(|row| row.state == State::Matched && row.own_confirmation.is_none()) {
            self.desk.confirm(node, &row.service, &row.period.to_string(), row.peer.as_str()).reply();
        }
    }

    fn prepay(&mut self, service: &str, payer: &str, payee: &str, fen: i64) {
        let command = Command::Prepay { service: service.to_owned(), peer: code(payee), amount: Fen(fen) };
        self.desk.call(payer, command).reply();
        let pair = (service.to_owned(), payer.to_owned(), payee.to_owned());
        self.ahead.entry(pair).or_default().ordered += fen;
    }

    fn take_prepaid(&mut self, which: usize, percent: i64) {
        let is_open = |row: &payments::PaymentRow| {
            row.payment.kind == PaymentKind::Clearing
                && matches!(row.state, PaymentState::Instructed | PaymentState::Returned)
        };
        let open: Vec<_> = NODES.iter().flat_map(|node| self.desk.payments(node)).filter(is_open).collect();
        if open.is_empty() {
            return;
        }
        let row = &open[which % open.len()];
        let payment = &row.payment;
        let amount = Fen(1 + row.open_fen().0 * percent / 100);
        let command = Command::PayFromPrepayment { payment: payment.payment.clone(), amount };
        if let Called::Replied(reply) = self.desk.call(payment.payer.as_str(), command) {
            assert!(matches!(reply, Reply::Payment { .. }), "{reply:?}");
            let pair = (payment.service.clone(), payment.payer.to_string(), payment.payee.to_string());
            self.ahead.entry(pair).or_default().used += amount.0;
        }
    }

    /// The payers' banks pay at once; a payee's bank reports when its node knows what the money is for.
    pub fn banks(&mut self) {
        for node in NODES {
            let Some(file) = self.desk.export(node) else { continue };
            for paid in file.payments {
                let known = self.desk.payments_of(node, &paid.payment).payment;
                let (payee, fen) = (paid.creditor.division.to_string(), paid.amount_fen.0);
                let is_ahead = known.kind == PaymentKind::Prepayment;
                let pair = is_ahead.then(|| (known.service, node.to_owned(), payee.clone()));
                if let Some(pair) = &pair {
                    self.ahead.entry(pair.clone()).or_default().paid += fen;
                }
                *self.booked.entry(node.to_owned()).or_default() -= fen;
                let reference = format!("out-{}", paid.end_to_end);
                let out = entry(&reference, false, fen, &paid.end_to_end, self.desk.today());
                self.desk.report(node, vec![out]);
                self.arriving.push((payee, paid, pair));
            }
        }
        for (payee, paid, pair) in std::mem::take(&mut self.arriving) {
            if payments::payment(self.desk.region.view(&payee), &paid.payment).expect("readable").is_none() {
                self.arriving.push((payee, paid, pair));
                continue;
            }
            let fen = paid.amount_fen.0;
            if let Some(pair) = pair {
                self.ahead.entry(pair).or_default().arrived += fen;
            }
            *self.booked.entry(payee.clone()).or_default() += fen;
            let credit = entry(&format!("in-{}", paid.end_to_end), true, fen, &paid.end_to_end, self.desk.today());
            self.desk.report(&payee, vec![credit]);
        }
    }

    /// What a node has paid ahead and not used, less what it has got so.
    pub fn ahead_of(&self, node: &str) -> i64 {
        let left = |ahead: &Ahead| ahead.paid - ahead.used;
        let given = self.ahead.iter().filter(|((_, payer, _), _)| payer == node).map(|(_, ahead)| left(ahead));
        let got = self.ahead.iter().filter(|((_, _, payee), _)| payee == node).map(|(_, ahead)| -left(ahead));
        given.chain(got).sum()
    }

    pub fn bank_of(&self, node: &str) -> i64 {
        self.booked.get(node).copied().unwrap_or_default()
    }
}
