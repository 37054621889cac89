//! Statements: made when both lanes are cut, exchanged, compared.

use huitong_kernel::clearing::{Confirmation as Way, Period};
use std::collections::BTreeMap;

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::DurationMs;
use huitong_ledger::clearing::{Marker, Share};
use huitong_service_kit::{Context, Decision, Stop, View};

use super::confirm::{self, Subject};
use super::{Decided, clocks, rule_of, send};
use crate::event::{Event, Stated};
use crate::model::message::{LaneOf, Message, SpansAsk};
use crate::model::statement::{LaneSum, NUMBER_MAX, Root, Shares, State, Statement};
use crate::query::{items, lanes, statements};
use crate::{Clearing, refusal};

/// What a lane's documents of a period can sum to, in fen: a hundred trillion yuan.
const SUM_MAX: u64 = 10_000_000_000_000_000;

/// The statements that a marker completes towards a jurisdiction: of its own period, if the other lane is cut there or has passed over
/// it, and of periods of the other lane that this one passes over.
pub fn make_complete(
    view: View<'_>,
    service: &str,
    marker: &Marker,
    peer: Division,
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    let Some(other) = lanes::lane(view, service, marker.to, marker.from)? else { return Ok(()) };
    let lane = lanes::lane(view, service, marker.from, marker.to)?;
    let earlier = lane.map(|lane| lanes::last_marker(view, lane.lane)).transpose()?.flatten();
    let before = lane.map_or(Ok(0), |lane| lanes::before(view, lane.lane, marker.number))?;
    let first_day = marker.period.first_day();
    let mut periods = lanes::cut_between(view, other.lane, earlier.map(Period::first_day), first_day)?;
    if !periods.contains(&marker.period) {
        periods.push(marker.period);
    }
    for period in periods {
        let Some(other_span) = lanes::span(view, other.lane, period)? else { continue };
        let span = if period == marker.period { (before, marker.number) } else { (before, before) };
        let spans = [(lane.map(|lane| lane.lane), marker.from, span), (Some(other.lane), marker.to, other_span)];
        make(view, (service, period, peer), spans, decision, context)?;
    }
    Ok(())
}

/// A lane here, if it is known, its sender, and the span of a period in it.
type LaneSpan = (Option<i64>, Division, (u64, u64));

fn make(
    view: View<'_>,
    (service, period, peer): (&str, Period, Division),
    spans: [LaneSpan; 2],
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    let own = context.home.jurisdiction;
    let (mut owed, mut claimed) = (ShareSums::new(), ShareSums::new());
    let mut sums = Vec::new();
    for (lane, sender, span) in spans {
        let Some(lane) = lane else {
            sums.push(empty(sender, span));
            continue;
        };
        let summed = items::sum(view, lane, sender, span)?;
        sums.push(summed.sum);
        let (of_own, of_peer) = if sender == own {
            (summed.sender_owes, summed.receiver_owes)
        } else {
            (summed.receiver_owes, summed.sender_owes)
        };
        add(&mut owed, of_own);
        add(&mut claimed, of_peer);
    }
    sums.sort_by_key(|sum| sum.sender);
    let lanes: [LaneSum; 2] = sums.try_into().expect("two lanes were summed");
    let service = service.to_owned();
    let statement = Statement { service: service.clone(), period, author: own, lanes, stated_at: context.now };
    let rule = rule_of(context, &service, period)?;
    let shares = Shares { own: shares_of(owed), theirs: shares_of(claimed) };
    decision.events.push(Event::Stated(Box::new(Stated {
        statement: statement.clone(),
        peer,
        rule: rule.clone(),
        shares: shares.clone(),
    })));
    decision.messages.push(send(context, peer, Message::Statement(statement.clone())));
    match statements::theirs(view, &service, period, peer)? {
        Some(theirs) => {
            let subject = Subject { peer, rule: &rule, own: &statement, shares: &shares };
            compare(view, &subject, &theirs, decision, context)
        }
        None => Ok(()),
    }
}

fn empty(sender: Division, (after, up_to): (u64, u64)) -> LaneSum {
    LaneSum {
        sender,
        after,
        up_to,
        documents: 0,
        sender_owes_fen: Fen::ZERO,
        receiver_owes_fen: Fen::ZERO,
        root: Root::default().digest(),
    }
}

type ShareSums = BTreeMap<items::ShareKey, Fen>;

fn add(sums: &mut ShareSums, shares: ShareSums) {
    for (key, amount) in shares {
        *sums.entry(key).or_default() += amount;
    }
}

pub fn shares_of(shares: ShareSums) -> Vec<Share> {
    let share = |((creditor, debtor, part), amount_fen)| Share { creditor, debtor, part, amount_fen };
    shares.into_iter().filter(|(_, amount)| *amount != Fen::ZERO).map(share).collect()
}

/// The other side's statement. It may come before the own lanes are complete.
pub fn take(view: View<'_>, theirs: Statement, from: Division, context: &mut Context<'_>) -> Decided {
    let own = context.home.jurisdiction;
    let senders = theirs.lanes.each_ref().map(|lane| lane.sender);
    let is_sane = |lane: &LaneSum| {
        let sums = [lane.sender_owes_fen.0, lane.receiver_owes_fen.0];
        let is_small = sums.iter().all(|sum| sum.unsigned_abs() <= SUM_MAX);
        lane.after <= lane.up_to && lane.up_to <= NUMBER_MAX && lane.documents <= NUMBER_MAX && is_small
    };
    let is_theirs = theirs.author == from && senders == [own.min(from), own.max(from)];
    if !is_theirs || !theirs.lanes.iter().all(is_sane) {
        return Err(refusal::invalid("lanes").into());
    }
    let (service, period) = (theirs.service.clone(), theirs.period);
    check_period(context, &service, period)?;
    if let Some(known) = statements::theirs(view, &service, period, from)? {
        return if known == theirs { Ok(Decision::nothing()) } else { Err(refusal::STATEMENT_CHANGED.refuse().into()) };
    }
    let mut decision = Decision::nothing().event(Event::StatementHeld { peer: from, statement: theirs.clone() });
    if let Some(row) = statements::statement(view, &service, period, from)? {
        let subject = Subject { peer: from, rule: &row.rule, own: &row.own, shares: &row.shares };
        compare(view, &subject, &theirs, &mut decision, context)?;
    }
    Ok(decision)
}

/// Equal roots: every document is the same on both sides. Else the receivers of the lanes look for those that are not.
fn compare(
    view: View<'_>,
    subject: &Subject<'_>,
    theirs: &Statement,
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    let (own, peer) = (subject.own, subject.peer);
    let (service, period) = (own.service.clone(), own.period);
    if own.lanes == theirs.lanes {
        let state = State::Matched;
        decision.events.push(Event::Compared { service, period, peer, state });
        return matched(view, subject, decision, context);
    }
    let state = State::Differs;
    decision.events.push(Event::Compared { service: service.clone(), period, peer, state });
    decision.alarms.push(format!(
        "statement of {service} for {period} with {peer} differs: {} documents there, {} here",
        theirs.documents(),
        own.documents()
    ));
    for (mine, other) in own.lanes.iter().zip(&theirs.lanes).filter(|(mine, other)| mine != other) {
        if (mine.after, mine.up_to) != (other.after, other.up_to) {
            decision.alarms.push(format!("{service} {period}: the cuts in the lane of {} differ", mine.sender));
        }
        let lane = LaneOf { service: service.clone(), period: period.to_string(), sender: mine.sender };
        // Where the cuts themselves differ the wider span is looked into.
        let (after, up_to) = (mine.after.min(other.after), mine.up_to.max(other.up_to));
        decision.events.push(Event::SpanOpened { lane: lane.clone(), peer, after, up_to });
        if mine.sender == peer {
            let ask = SpansAsk { lane, after, up_to };
            decision.messages.push(send(context, peer, Message::SpansAsk(ask)));
        }
    }
    Ok(())
}

/// Both sides hold the same, or know what differs: now the debtors confirm.
pub fn matched(
    view: View<'_>,
    subject: &Subject<'_>,
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    let clock = clocks::statement(&subject.own.service, subject.own.period, subject.peer);
    clocks::start(decision, clock, "confirm", subject.rule.confirm_days, context);
    match subject.rule.confirmation {
        Way::Automatic => match confirm::confirm(view, subject, None, decision, context) {
            Err(Stop::Refused(why)) if why.code == refusal::TOO_MANY_HELD.code => {
                let of = &subject.own.service;
                decision
                    .alarms
                    .push(format!("{of} {}: {} is not confirmed: {}", subject.own.period, subject.peer, why.code));
                Ok(())
            }
            confirmed => confirmed.map(|_| ()),
        },
        Way::Clerk => Ok(()),
    }
}

/// A lane of a statement towards a jurisdiction.
pub fn lane_of(service: &str, period: Period, sender: Division) -> LaneOf {
    LaneOf { service: service.to_owned(), period: period.to_string(), sender }
}

/// What another jurisdiction says is of a service with a rule, and of a period that has begun by this node's clock, give or take a day.
pub fn check_period(context: &Context<'_>, service: &str, period: Period) -> Result<(), Stop> {
    rule_of(context, service, period)?;
    let tomorrow = (context.now + DurationMs::days(1)).business_date();
    if period.first_day() > tomorrow {
        return Err(refusal::invalid("period").into());
    }
    Ok(())
}
