//! Deciding: one file per command, message or timer. Reads views, changes nothing.

mod agent;
mod bank_account;
mod bank_report;
mod batch;
mod clocks;
mod close;
mod confirm;
mod contest;
mod contest_answer;
mod cut;
mod declare;
mod differences;
mod documents;
mod export;
mod limit;
mod prepay;
mod statement;
pub mod timer;

use huitong_kernel::clearing::{ClearingRule, Period, rule};
use huitong_kernel::division::Division;
use huitong_kernel::feed::Address;
use huitong_service_kit::{Context, Decision, Envelope, Outgoing, Received, Service, Stop, View};

use crate::command::Command;
use crate::model::message::Message;
use crate::{Clearing, refusal};

type Decided = Result<Decision<Clearing>, Stop>;

pub fn command(view: View<'_>, command: Command, context: &mut Context<'_>) -> Decided {
    match command {
        Command::Close { service, period, early } => cut::close(view, &service, period, early, context),
        Command::Confirm { service, period, peer } => confirm::by_clerk(view, &service, period, peer, context),
        Command::OpenContest { document, reason, evidence } => contest::open(view, document, reason, evidence, context),
        Command::AnswerContest { contest, ruling, amount, explanation, tribunal } => {
            let wish = contest_answer::Wish { contest, ruling, amount, explanation, tribunal };
            contest_answer::answer(view, wish, context)
        }
        Command::ReplyContest { contest, accepts, explanation } => {
            contest_answer::reply(view, contest, accepts, explanation, context)
        }
        Command::ExportPayments => export::decide(view, context),
        Command::TakeBankReport { report, entries } => bank_report::take(view, report, entries, context),
        Command::Prepay { service, peer, amount } => prepay::instruct(view, service, peer, amount, context),
        Command::PayFromPrepayment { payment, amount } => prepay::pay_from(view, &payment, amount, context),
        Command::RejectPayment { payment } => export::rejected(view, &payment, context),
        Command::SetLimit { service, peer, amount } => limit::set(service, peer, amount, context),
        Command::SetBankAccount(account) => bank_account::set(account, context),
    }
}

pub fn message(view: View<'_>, received: Received<Message>, context: &mut Context<'_>) -> Decided {
    let Received { from, number, envelope, .. } = received;
    let own = context.home.jurisdiction;
    let sender = from.jurisdiction;
    if from.service_name() != Clearing::NAME {
        if sender != own {
            return Err(refusal::NOT_EXPECTED.with("from", &from).into());
        }
        let service = from.service_name();
        return match envelope.message {
            Message::Documents(documents) => documents::take(view, service, documents, context),
            Message::Marker(marker) => cut::take_marker(view, service, marker, context),
            Message::Hold(hold) => contest::take_hold(service, hold),
            Message::GivenBack(given) => contest_answer::take_given_back(view, &given),
            _ => Err(refusal::NOT_EXPECTED.with("from", &from).into()),
        };
    }
    match envelope.message {
        Message::Statement(statement) => statement::take(view, statement, sender, context),
        Message::SpansAsk(ask) => differences::answer(view, ask, sender, context),
        Message::Spans(spans) => differences::take(view, spans, sender, context),
        Message::Differences(found) => differences::take_found(view, found, sender, context),
        Message::Confirmation(confirmation) => confirm::take(view, confirmation, sender, context),
        Message::Contest(contest) => contest::take(view, contest, sender, context),
        Message::ContestRefused { contest, code } => contest::take_refusal(view, contest, code, sender),
        Message::ContestAnswer(answer) => contest_answer::take(view, answer, sender, context),
        Message::ContestReply(reply) => contest_answer::take_reply(view, reply, sender, context),
        Message::Declaration(declaration) => declare::take(view, declaration, sender, number, context),
        Message::Batch(batch) => batch::take(view, batch, sender, number, context),
        Message::BatchAnswer(answer) => agent::take_answer(view, answer, sender, context),
        Message::BatchEnd(end) => batch::take_end(view, end, sender, number, context),
        Message::PaymentAdvice(advice) => close::take_advice(view, &advice, sender, context),
        Message::Prepayment(prepayment) => prepay::take(view, prepayment, sender, context),
        Message::Prepaid(prepaid) => prepay::take_prepaid(view, &prepaid, sender, context),
        Message::BankAccount(account) => bank_account::take(account, sender),
        _ => Err(refusal::NOT_EXPECTED.with("from", &from).into()),
    }
}

/// A message to the clearing of another jurisdiction.
fn send(context: &mut Context<'_>, to: Division, message: Message) -> Outgoing {
    outgoing(context, Address::new(to, Clearing::NAME), message)
}

/// A message to a service of this node.
fn tell(context: &mut Context<'_>, service: &str, message: Message) -> Outgoing {
    outgoing(context, Address::new(context.home.jurisdiction, service), message)
}

fn outgoing(context: &mut Context<'_>, to: Address, message: Message) -> Outgoing {
    let id = context.new_uuid();
    let envelope = Envelope { id, cycle: id, episode: id, at: context.now, message };
    Outgoing::new(to, &envelope)
}

/// All other jurisdictions.
fn others(context: &Context<'_>) -> Vec<Division> {
    let own = context.home.jurisdiction;
    context.directory.jurisdictions().into_iter().filter(|other| *other != own).collect()
}

/// The other jurisdictions whose nodes run a service and clear it.
fn clearing_with(context: &Context<'_>, service: &str) -> Vec<Division> {
    let runs = |other: &Division, service: &str| context.directory.parts(*other, service) > 0;
    let all = others(context).into_iter();
    all.filter(|other| runs(other, service) && runs(other, Clearing::NAME)).collect()
}

/// Another jurisdiction of the region, or the refusal.
fn peer(context: &Context<'_>, division: Division) -> Result<Division, Stop> {
    if others(context).contains(&division) {
        return Ok(division);
    }
    Err(refusal::PEER_UNKNOWN.with("division", division).at_field("peer").into())
}

/// The region's rule for a period.
fn rule_of(context: &Context<'_>, service: &str, period: Period) -> Result<ClearingRule, Stop> {
    let rules = context.directory.clearing_rules();
    let found = rule(&rules, service, period.first_day()).cloned();
    Ok(found.ok_or_else(|| refusal::NO_RULE.with("service", service).at_field("service"))?)
}

/// The jurisdiction whose node composes the batches of a rule.
fn agent_of(context: &Context<'_>, rule: &ClearingRule) -> Option<Division> {
    let clears = |division: &Division| context.directory.parts(*division, Clearing::NAME) > 0;
    rule.agent.or_else(|| context.directory.jurisdictions().into_iter().filter(clears).min())
}
