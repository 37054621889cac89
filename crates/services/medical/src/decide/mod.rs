//! Deciding: one file per command and per message. Reads views, changes nothing.

mod answers;
mod booking;
mod cancel;
mod chronic;
mod clearing;
mod credit_account;
mod day;
mod eligibility;
mod filing;
mod hospital;
mod known;
mod lines;
mod parts;
mod pool;
mod prepayment;
mod pricing;
mod publish;
mod quote;
mod receipt;
mod reconcile;
mod reverse;
mod revoke;
mod settle;
mod settle_bill;
mod stay;
pub mod timer;
mod visit;

use huitong_kernel::division::Division;
use huitong_kernel::feed::Address;
use huitong_service_kit::{Context, Decision, Envelope, Outgoing, Received, Service, Stop, View};
use uuid::Uuid;

use crate::command::{Command, Reply};
use crate::event::Event;
use crate::model::message::Message;
use crate::query::calls;
use crate::{Medical, refusal};

type Decided = Result<Decision<Medical>, Stop>;

pub fn command(medical: &Medical, view: View<'_>, command: Command, context: &mut Context<'_>) -> Decided {
    match command {
        Command::PublishPolicy { text } => publish::policy(view, text, context),
        Command::WithdrawPolicy { area, scheme, version } => publish::withdraw(view, area, scheme, version, context),
        Command::PublishCatalogue { text } => publish::catalogue(view, text, context),
        Command::CreditAccount { person, bucket, amount } => {
            credit_account::decide(view, person, bucket, amount, context)
        }
        Command::AskEligibility { home_area, certificate, care_type, wants } => {
            eligibility::ask(view, home_area, certificate, (care_type, wants), context)
        }
        Command::KeepAnswer(kept) => match calls::kept_answer(view, &kept.institution, &kept.message_id)? {
            Some(_) => Ok(Decision::reply(Reply::Kept)),
            None => Ok(Decision::reply(Reply::Kept).event(Event::NationalAnswered(kept))),
        },
        Command::File(wish) => filing::file(view, wish, context),
        Command::MoveFiling { filing, status } => filing::move_to(view, filing, status, context),
        Command::RegisterChronic(wish) => chronic::register(medical, view, wish, context),
        Command::EndChronic { registration, valid_to } => chronic::end(view, registration, valid_to, context),
        Command::OpenVisit(wish) => visit::open(view, wish, context),
        Command::DescribeVisit { visit, details } => stay::describe(view, visit, *details, context),
        Command::Discharge { visit, ended_on, details } => {
            stay::discharge(view, visit, ended_on, details.map(|details| *details), context)
        }
        Command::CancelDischarge { visit } => stay::cancel_discharge(view, visit, context),
        Command::CancelVisit { visit } => stay::cancel(view, visit, context),
        Command::AddLines { visit, batch, replaces, lines } => {
            lines::add(medical, view, (visit, batch, replaces), &lines, context)
        }
        Command::RevokeLines { visit, batch } => revoke::all(view, visit, batch, context),
        Command::RevokeChosenLines { visit, batch, numbers } => {
            revoke::chosen(view, (visit, batch.as_deref()), &numbers, context)
        }
        Command::AskQuote { visit, batch, interim, account_wanted, total } => {
            quote::ask(view, &quote::Wish { visit, batch, interim, account_wanted, total }, context)
        }
        Command::Settle { visit, batch, quote, message_id, total, sums } => {
            settle::ask(view, &settle::Wish { visit, batch, quote, message_id, total, sums }, context)
        }
        Command::Reconcile(wish) => reconcile::decide(view, *wish, context),
        Command::FixDifference { reconciliation, number } => reconcile::fix(view, reconciliation, number, context),
        Command::CompareDay { home, day } => day::again(view, home, day, context),
        Command::SetQuota { peer, year, amount } => prepayment::set(view, peer, year, amount, context),
        Command::AskRaise { peer, amount, reason } => prepayment::ask(view, peer, amount, reason, context),
        Command::AnswerRaise { raise, amount } => prepayment::answer(view, raise, amount, context),
        Command::PostHospital { institution, posting, amount, reference } => {
            hospital::post(view, institution, posting, amount, reference, context)
        }
        Command::KeepFile(kept) => Ok(Decision::reply(Reply::Kept).event(Event::FileKept(kept))),
        Command::SettleBill(wish) => settle_bill::ask(medical, view, *wish, context),
        Command::Cancel { settlement } => cancel::ask(view, settlement, cancel::Way::Cancel, context),
        Command::Refund { settlement } => cancel::ask(view, settlement, cancel::Way::Refund, context),
        Command::Reverse { message_id } => reverse::ask(view, message_id, context),
        Command::SetPoolComputing(computing) => pool::set_computing(view, computing, context),
        Command::TakePoolAnswer(signed) => pool::answered(view, signed, context),
        Command::MissPoolAnswer { ask, step } => pool::missed(view, ask, step),
    }
}

pub fn message(medical: &Medical, view: View<'_>, received: Received<Message>, context: &mut Context<'_>) -> Decided {
    let from = Peer {
        jurisdiction: received.from.jurisdiction,
        service: received.from.service,
        number: received.number,
        leaf: received.leaf,
        cycle: received.envelope.cycle,
        episode: received.envelope.episode,
    };
    match received.envelope.message {
        Message::Institution(institution) => known::institution(view, institution, &from),
        Message::Insured(insured) => known::insured(view, insured, &from, context),
        Message::EligibilityAsk(ask) => eligibility::answer(medical, view, &ask, &from, context),
        Message::FilingAsk(ask) => filing::answer(view, ask, &from, context),
        Message::FilingChanged(changed) => filing::changed(view, changed, &from),
        Message::ChronicAsk(ask) => chronic::answer(medical, view, &ask, &from, context),
        Message::VisitOpen(open) => visit::answer(view, open, &from, context),
        Message::VisitChanged(changed) => stay::changed(view, changed, &from, context),
        Message::LinesSplit(part) => quote::hold(view, part, &from),
        Message::QuoteAsk(ask) => quote::answer(medical, view, &ask, &from, context),
        Message::Commit(commit) => settle::answer(medical, view, &commit, &from, context),
        Message::Bill(bill) => settle_bill::answer(medical, view, &bill, &from, context),
        Message::Query(call) => reverse::query(view, &call, &from, context),
        Message::Reverse(call) => reverse::answer(view, &call, &from, context),
        Message::PrepayNotice(notice) => prepayment::heard(view, &notice, &from, context),
        Message::PrepayRaise(raise) => prepayment::asked(view, raise, &from, context),
        Message::DayTotals(told) => day::answer(view, &told, &from, context),
        Message::DayAsk(ask) => day::list(view, &ask, &from, context),
        Message::DayDiff(diff) => day::take(view, &diff, &from, context),
        Message::Cancel(ask) => cancel::answer(view, &ask, &from, context),
        Message::Receipt(receipt) => receipt::take(view, &receipt, &from),
        concerns_clearing @ (Message::Documents(_)
        | Message::Marker(_)
        | Message::GivenBack(_)
        | Message::Cut(_)
        | Message::GiveBack(_)
        | Message::Cleared(_)
        | Message::PeriodMarker(_)) => clearing::take(view, concerns_clearing, &from, context),
        answer => answers::take(view, answer, &from, context),
    }
}

/// Who sent the message that is being decided, and which one it is.
pub struct Peer {
    pub jurisdiction: Division,
    pub service: String,
    pub number: u64,
    pub leaf: huitong_kernel::hash::Digest,
    pub cycle: Uuid,
    pub episode: Uuid,
}

impl Peer {
    /// Questions and answers of medical come from medical, not from another service of that node.
    fn is_medical(&self) -> bool {
        self.service == Medical::NAME
    }
}

/// A message to the medical service of another jurisdiction, within a business cycle.
fn send(context: &mut Context<'_>, to: Division, cycle: Uuid, episode: Uuid, message: Message) -> Outgoing {
    let envelope = Envelope { id: context.new_uuid(), cycle, episode, at: context.now, message };
    Outgoing::new(Address::new(to, Medical::NAME), &envelope)
}

/// An answer within the cycle of the question.
fn reply(context: &mut Context<'_>, to: &Peer, message: Message) -> Outgoing {
    send(context, to.jurisdiction, to.cycle, to.episode, message)
}

/// The jurisdiction that answers for a home area; this service is for treatment elsewhere.
fn home_of(context: &Context<'_>, home_area: Division) -> Result<Division, Stop> {
    let home = context.directory.jurisdiction_of(home_area);
    let home = home.ok_or_else(|| refusal::HOME_AREA_NOT_SERVED.refuse().at_field("home_area"))?;
    if home == context.home.jurisdiction {
        return Err(refusal::HOME_IS_HERE.refuse().at_field("home_area").into());
    }
    Ok(home)
}

/// The caller's institution, contracted and active, with its level.
fn own_institution(view: View<'_>, context: &Context<'_>) -> Result<crate::query::persons::Institution, Stop> {
    let institution = crate::query::persons::institution(view, &context.principal.participant)?;
    match institution {
        Some(institution) if institution.active && institution.level.is_some() => Ok(institution),
        _ => Err(refusal::INSTITUTION_NOT_ALLOWED.refuse().into()),
    }
}
