//! Deciding: one file per command, message or timer. Reads views, changes nothing.

mod adjust;
mod answers;
mod assemble;
mod charge;
mod charge_adjust;
mod claim;
pub mod claimed_fare;
mod clearing;
mod completion;
mod course;
mod doubts;
mod evidence;
mod finalise;
mod flows;
mod home;
mod known;
mod late;
mod order;
mod order_end;
mod order_fault;
pub mod pricing;
mod publication_answer;
mod publication_ask;
mod publish;
mod register_gates;
mod release_tap;
pub mod settled;
mod take_taps;
pub mod timer;

use huitong_kernel::division::Division;
use huitong_kernel::entry::Sequence;
use huitong_kernel::feed::Address;
use huitong_service_kit::{Context, Decision, Envelope, Outgoing, Received, Service, Stop, View};

use crate::command::Command;
use crate::model::message::Message;
use crate::{Transit, refusal};

type Decided = Result<Decision<Transit>, Stop>;

pub fn command(transit: &Transit, view: View<'_>, command: Command, context: &mut Context<'_>) -> Decided {
    match command {
        Command::PublishKeySet(set) => publish::key_set(view, set, context),
        Command::PublishMap { text } => publish::map(view, text, context),
        Command::PublishPack { text } => publish::pack(transit, view, text, context),
        Command::PublishSplit { text } => publish::split(transit, view, text, context),
        Command::RegisterGates { gates } => register_gates::decide(transit, view, gates, context),
        Command::Order(wish) => order::decide(transit, view, wish, context),
        Command::EndOrder { order, to, reason } => order_end::decide(view, order, to, reason, context),
        Command::TakeTaps(batch) => take_taps::decide(transit, view, *batch, context),
        Command::ReleaseTap(wish) => release_tap::decide(transit, view, &wish, context),
        Command::AdjustTrip { trip, wish } => adjust::by_clerk(transit, view, trip, &wish, context),
        Command::CompleteTrip { trip, account, station } => {
            home::complete::ask(transit, view, trip, account, station, context)
        }
        Command::OpenAccount(wish) => home::account::open(view, wish, context),
        Command::CloseAccount { account } => home::account::close(view, account, context),
        Command::Pay { account, amount, reference } => home::account::pay(view, account, amount, reference, context),
        Command::IssueInvoice { account, month, buyer } => home::invoice::issue(view, account, month, buyer, context),
        Command::Authorise(wish) => home::authorise::decide(transit, view, &wish, context),
        Command::AskGrant(wish) => home::grant::ask(transit, view, &wish, context),
        Command::Deny { entry, cause } => home::deny::add(view, entry, cause, context),
        Command::Lift { entry, cause } => home::deny::lift(view, entry, cause, context),
        Command::OpenContest { document, reason, evidence } => {
            clearing::contest::open(transit, view, document, reason, evidence, context)
        }
        Command::AskEvidence { trip } => evidence::ask::by_clerk(view, trip, context),
        Command::AnswerContest { contest, decision, explanation, amount } => {
            clearing::contest_answer::answer(transit, view, contest, decision, explanation, amount, context)
        }
        Command::ReplyContest { contest, accepts, explanation } => {
            clearing::contest_reply::reply(transit, view, contest, accepts, explanation, context)
        }
    }
}

pub fn message(transit: &Transit, view: View<'_>, received: Received<Message>, context: &mut Context<'_>) -> Decided {
    let number = received.number;
    if received.from == clearing::told::clearing_of(context.home.jurisdiction) {
        return of_clearing(transit, view, received.envelope.message, context);
    }
    if received.from.service_name() != Transit::NAME {
        return Err(refusal::NOT_OF_THIS_NODE.with("division", &received.from).into());
    }
    if let Some(field) = received.envelope.message.fault() {
        return Err(refusal::invalid(field).into());
    }
    let from = received.from.jurisdiction;
    match received.envelope.message {
        Message::KeySet(set) => known::key_set(view, set, from, context),
        Message::StationMap { text } => known::map(view, text, from, context),
        Message::FarePack { text } => known::pack(transit, view, text, from, context),
        Message::ServiceOrder(order) => known::order(view, order, from, context),
        Message::DenyDelta(delta) => known::deny_delta(view, delta, from, context),
        Message::PublicationAsk(ask) => publication_answer::take(view, ask, from, context),
        Message::CodeAsk(ask) => home::grant::answer(transit, view, ask, from, context),
        Message::CodeGrant(grant) => home::grant::held(view, grant, from, context),
        Message::DebtNotice { account, from: since } => home::deny::noticed(view, account, Some(since), from, context),
        Message::DebtRelease { account, .. } => home::deny::noticed(view, account, None, from, context),
        Message::TripFinal(trip) => charge::take(transit, view, *trip, from, context),
        Message::ChargeResult(result) => answers::charge_result(transit, view, result, (from, number), context),
        Message::TripAdjust(adjust) => charge_adjust::take(transit, view, *adjust, from, context),
        Message::AdjustResult(result) => answers::adjust_result(transit, view, result, (from, number), context),
        Message::EvidenceAsk(ask) => evidence::answer::answer(view, ask, from, context),
        Message::Evidence(records) => evidence::judge::take(view, &records, from, context),
        Message::CompletionAsk(ask) => completion::by_rider(transit, view, &ask, from, context),
        Message::CompletionRefused { trip_id, code } => home::complete::refused(view, trip_id, code, from),
        Message::SplitNotice(notice) => clearing::split::take(transit, view, notice, from, context),
        Message::SplitAnswer { of, partner, booking_day } => {
            clearing::split::take_answer(view, (of, partner), booking_day, (from, number), context)
        }
        Message::DayTotals(totals) => clearing::day::take(view, totals, from, context),
        Message::DayDocuments(page) => clearing::day::take_documents(view, page, from, context),
        Message::Contest(contest) => clearing::contest::take(view, contest, from, context),
        Message::ContestAnswer(answer) => clearing::contest_answer::take(view, answer, from, context),
        Message::ContestRefused { contest, code } => {
            clearing::contest::take_refusal(view, contest, code, from, context)
        }
        Message::ContestReply(reply) => clearing::contest_reply::take(transit, view, reply, (from, number), context),
        Message::PeriodMarker { period } => clearing::cut::take(view, period, from, number, context),
        Message::Documents(_)
        | Message::Marker(_)
        | Message::Hold(_)
        | Message::GivenBack(_)
        | Message::Cut(_)
        | Message::GiveBack(_)
        | Message::Cleared(_) => Err(refusal::NOT_OF_THIS_NODE.with("division", from).into()),
    }
}

/// What the clearing of this node says.
fn of_clearing(transit: &Transit, view: View<'_>, message: Message, context: &mut Context<'_>) -> Decided {
    match message {
        Message::Cut(cut) => clearing::cut::cut(view, cut.period, context),
        Message::GiveBack(wish) => clearing::give_back::take(transit, view, &wish, context),
        Message::Cleared(paid) => clearing::cleared::take(view, paid, context),
        _ => Err(refusal::NOT_OF_THIS_NODE.with("division", context.home.jurisdiction).into()),
    }
}

/// From which node a message came, and its number in the feed.
type Came = (Division, Sequence);

/// A message to the transit service of another jurisdiction.
fn send(context: &mut Context<'_>, to: Division, message: Message) -> Outgoing {
    let id = context.new_uuid();
    let envelope = Envelope { id, cycle: id, episode: id, at: context.now, message };
    Outgoing::new(Address::new(to, Transit::NAME), &envelope)
}

/// The same to every other jurisdiction.
fn send_all(context: &mut Context<'_>, message: &Message) -> Vec<Outgoing> {
    let others = others(context);
    others.into_iter().map(|to| send(context, to, message.clone())).collect()
}

fn others(context: &Context<'_>) -> Vec<Division> {
    let own = context.home.jurisdiction;
    context.directory.jurisdictions().into_iter().filter(|other| *other != own).collect()
}

/// The node that answers for a city.
fn node_of(context: &Context<'_>, city: Division) -> Option<Division> {
    context.directory.jurisdiction_of(city)
}

/// What a peer says of a city's claims or data counts only if the city is its own.
fn check_sender(context: &Context<'_>, city: Division, from: Division) -> Result<(), Stop> {
    if node_of(context, city) == Some(from) {
        return Ok(());
    }
    Err(refusal::NOT_OF_THIS_NODE.with("division", city).into())
}

/// A city of this node, or the refusal that names the field.
fn own_city(context: &Context<'_>, city: Division, field: &str) -> Result<(), Stop> {
    if node_of(context, city) == Some(context.home.jurisdiction) {
        return Ok(());
    }
    Err(refusal::NOT_OF_THIS_NODE.with("division", city).at_field(field).into())
}
