//! What a clerk finds on the desk of a node, and does about it.

use huitong_clearing::command::Command;
use huitong_clearing::model::contest::{ContestState, Reason, Ruling};
use huitong_clearing::model::payment::{BankEntry, Match, PaymentKind, PaymentState, of_end_to_end};
use huitong_clearing::model::statement::State;
use huitong_clearing::query::items::Item;
use huitong_clearing::query::payments::EntryRow;
use huitong_clearing::query::{contests, items, lanes, payments, statements};
use huitong_kernel::clearing::{Period, rule};
use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::Instant;
use huitong_store::View;

use super::NODES;
use crate::region;

/// Kinds of work.
const KINDS: u64 = 16;
/// Rows a clerk looks through.
const ROWS: usize = 200;

pub struct Desk<'a> {
    pub node: usize,
    pub now: Instant,
    pub view: View<'a>,
}

impl Desk<'_> {
    /// Work of a kind that is drawn; where there is none, of the next that there is. Nothing when the views cannot be read.
    pub fn work(&self, strange: Command, random: &mut RandomSource) -> Option<Vec<Command>> {
        let first = random.below(KINDS);
        for kind in (first..first + KINDS).map(|kind| kind % KINDS) {
            let commands = match kind {
                0..=2 => self.close(random)?,
                3..=6 => self.confirm(random)?,
                7 | 8 => self.contest(random)?,
                9 | 10 => self.rule(random)?,
                11..=12 => self.export()?,
                13 if random.below(2) == 0 => self.hand_in_again()?,
                13 => self.pay_from_prepayment(random)?,
                14 => vec![self.prepay(random)?],
                _ if random.below(2) == 0 => vec![self.limit(random)?],
                _ => vec![strange.clone()],
            };
            if !commands.is_empty() {
                return Some(commands);
            }
        }
        None
    }

    /// A service that has told anything, else whichever is cleared at all.
    fn service(&self, random: &mut RandomSource) -> Option<String> {
        let known = lanes::services(self.view).ok()?;
        (!known.is_empty()).then(|| random.pick(&known).clone())
    }

    fn peer(&self, random: &mut RandomSource) -> Division {
        region::division((self.node + 1 + random.below(NODES as u64 - 1) as usize) % NODES)
    }

    /// Cuts the open period before it is over; now and then one that is cut already, or a later one.
    fn close(&self, random: &mut RandomSource) -> Option<Vec<Command>> {
        let Some(service) = self.service(random) else { return Some(Vec::new()) };
        let row = lanes::service(self.view, &service).ok()??;
        let is_begun = row.next_day <= self.now.business_date();
        let is_wrong = random.below(12) == 0;
        if !is_begun && !is_wrong {
            return Some(Vec::new());
        }
        let rules = region::clearing_rules();
        let kind = rule(&rules, &service, row.next_day)?.period;
        let period = match row.last {
            Some(last) if is_wrong => last,
            _ => Period::of(kind, row.next_day),
        };
        Some(vec![Command::Close { service, period, early: random.below(8) > 0 }])
    }

    /// Everything that is matched and waits for a clerk, or a part of it.
    fn confirm(&self, random: &mut RandomSource) -> Option<Vec<Command>> {
        let rows = statements::list(self.view, ("", "", ""), ROWS).ok()?;
        let waiting = rows.into_iter().filter(|row| row.state == State::Matched && row.own_confirmation.is_none());
        let mut commands: Vec<Command> =
            waiting.map(|row| Command::Confirm { service: row.service, period: row.period, peer: row.peer }).collect();
        if random.below(3) == 0 {
            commands.truncate(1);
        }
        commands.truncate(12);
        Some(commands)
    }

    /// A document of a statement: mostly one that this node owes and that nobody has contested.
    fn contest(&self, random: &mut RandomSource) -> Option<Vec<Command>> {
        let found = self.documents()?;
        let own = region::division(self.node);
        let good: Vec<&Item> =
            found.iter().filter(|item| item.debtor_node() == own && item.amount_fen > Fen::ZERO).collect();
        let document = match (good.is_empty(), random.below(8)) {
            (false, 1..) => random.pick(&good).id,
            _ if !found.is_empty() => random.pick(&found).id,
            _ => return Some(Vec::new()),
        };
        let (reason, evidence) = (*random.pick(Reason::ALL), "simulated".to_owned());
        Some(vec![Command::OpenContest { document, reason, evidence }])
    }

    /// Documents of periods that are stated.
    fn documents(&self) -> Option<Vec<Item>> {
        let mut found = Vec::new();
        let rows = statements::list(self.view, ("", "", ""), ROWS).ok()?;
        for row in rows.iter().filter(|row| !row.is_empty()) {
            for sum in row.own.lanes.iter().filter(|sum| sum.documents > 0) {
                let receiver = if sum.sender == row.peer { region::division(self.node) } else { row.peer };
                let lane = lanes::lane(self.view, &row.service, sum.sender, receiver).ok()??;
                found.extend(items::page(self.view, lane.lane, (sum.after, i64::MAX), sum.up_to, ROWS).ok()?);
            }
        }
        Some(found)
    }

    /// Answers or replies to a contest whose turn is this node's.
    pub fn rule(&self, random: &mut RandomSource) -> Option<Vec<Command>> {
        let rows = contests::list(self.view, "", ROWS).ok()?;
        let is_next = |row: &contests::ContestRow| {
            !row.state.has_ended() && row.own_debt == (row.state == ContestState::Answered)
        };
        let waiting: Vec<_> = rows.into_iter().filter(is_next).collect();
        if waiting.is_empty() {
            return Some(Vec::new());
        }
        let row = random.pick(&waiting);
        let (contest, explanation) = (row.contest.contest, "looked into".to_owned());
        if row.own_debt {
            return Some(vec![Command::ReplyContest { contest, accepts: random.below(3) > 0, explanation }]);
        }
        let all = row.contest.amount_fen;
        let (ruling, amount) = match random.below(4) {
            0 => (Ruling::Upheld, None),
            1 if all > Fen(1) => (Ruling::Adjusted, Some(Fen(1 + random.below(all.0 as u64 - 1) as i64))),
            _ => (Ruling::Withdrawn, None),
        };
        let tribunal = (row.state == ContestState::Escalated).then(|| "simulated decision".to_owned());
        Some(vec![Command::AnswerContest { contest, ruling, amount, explanation, tribunal }])
    }

    fn export(&self) -> Option<Vec<Command>> {
        let open = |state| payments::in_state(self.view, state, 1).ok();
        let is_open = !open(PaymentState::Instructed)?.is_empty() || !open(PaymentState::Returned)?.is_empty();
        Some(if is_open { vec![Command::ExportPayments] } else { Vec::new() })
    }

    /// What a bank booked before its payment was known here.
    fn hand_in_again(&self) -> Option<Vec<Command>> {
        let rows = payments::entries(self.view, ("", false), ROWS).ok()?;
        let unknown = rows.into_iter().filter(|row| row.result == Match::Unknown && row.payment.is_none());
        let mut commands = Vec::new();
        for row in unknown {
            let Some((payment, _)) = of_end_to_end(&row.end_to_end) else { continue };
            if payments::payment(self.view, payment).ok()?.is_some() {
                let report = format!("again-{}", row.reference);
                commands.push(Command::TakeBankReport { report, entries: vec![as_reported(row)] });
            }
        }
        Some(commands)
    }

    fn prepay(&self, random: &mut RandomSource) -> Option<Command> {
        let service = random.pick(&region::clearing_rules()).service.clone();
        let amount = Fen(1 + random.below(30_000) as i64);
        Some(Command::Prepay { service, peer: self.peer(random), amount })
    }

    /// A payment, or a part of it, from what was paid ahead; now and then more than there is. It may not be known at its payee yet.
    fn pay_from_prepayment(&self, random: &mut RandomSource) -> Option<Vec<Command>> {
        let own = region::division(self.node);
        let rows = payments::list(self.view, "", ROWS).ok()?;
        let is_ahead = |row: &&payments::PaymentRow| {
            row.payment.kind == PaymentKind::Prepayment && row.payment.payer == own && row.own_fen > Fen::ZERO
        };
        let payees: Vec<Division> = rows.iter().filter(is_ahead).map(|row| row.payment.payee).collect();
        let is_open = |row: &&payments::PaymentRow| {
            let state = matches!(row.state, PaymentState::Instructed | PaymentState::Returned);
            state && row.payment.kind == PaymentKind::Clearing && payees.contains(&row.payment.payee)
        };
        let open: Vec<_> = rows.iter().filter(is_open).collect();
        if open.is_empty() {
            return Some(Vec::new());
        }
        let row = random.pick(&open);
        let amount = Fen(1 + random.below(row.open_fen().0.max(1) as u64) as i64);
        Some(vec![Command::PayFromPrepayment { payment: row.payment.payment.clone(), amount }])
    }

    fn limit(&self, random: &mut RandomSource) -> Option<Command> {
        let service = random.pick(&region::clearing_rules()).service.clone();
        let amount = (random.below(3) > 0).then(|| Fen(1 + random.below(60_000) as i64));
        Some(Command::SetLimit { service, peer: self.peer(random), amount })
    }
}

/// The entry as the bank reported it.
fn as_reported(row: EntryRow) -> BankEntry {
    BankEntry {
        reference: row.reference,
        is_credit: row.is_credit,
        amount_fen: row.amount_fen,
        booked_on: row.booked_on,
        end_to_end: row.end_to_end,
        is_booked: true,
        is_return: false,
        text: row.text,
    }
}
