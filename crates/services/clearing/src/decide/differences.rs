//! Finding the documents that two sides do not hold alike: a lane's receiver asks its sender for the roots of ever smaller spans, and
//! tells what it found. What differs is not paid.

use std::collections::BTreeMap;

use huitong_kernel::clearing::Period;
use huitong_kernel::division::Division;
use huitong_service_kit::{Context, Decision, Stop, View};

use super::confirm::Subject;
use super::{Decided, send, statement};
use crate::event::Event;
use crate::model::message::{Differences, LaneOf, Message, Spans, SpansAsk};
use crate::model::statement::{Difference, DifferenceClass, Listed, Span, State};
use crate::query::statements::StatementRow;
use crate::query::{items, lanes, statements};
use crate::{Clearing, refusal};

/// Parts that a span is split into, and documents that are listed instead.
const PARTS: u64 = 64;
const LISTED_MAX: usize = 500;
/// Differences of a lane that are sorted out document by document; beyond that something else is broken.
const DIFFERENCES_MAX: usize = 10_000;

/// The statement of a lane, and the lane's number here.
fn subject(
    view: View<'_>,
    lane: &LaneOf,
    peer: Division,
    context: &Context<'_>,
) -> Result<(StatementRow, Option<i64>), Stop> {
    let period: Period = lane.period.parse().map_err(|_| refusal::invalid("period"))?;
    let row = statements::statement(view, &lane.service, period, peer)?;
    let row = row.ok_or_else(|| refusal::STATEMENT_UNKNOWN.refuse())?;
    let own = context.home.jurisdiction;
    let receiver = match lane.sender {
        sender if sender == own => peer,
        sender if sender == peer => own,
        _ => return Err(refusal::invalid("sender").into()),
    };
    let known = lanes::lane(view, &lane.service, lane.sender, receiver)?;
    Ok((row, known.map(|known| known.lane)))
}

/// At the lane's sender.
pub fn answer(view: View<'_>, ask: SpansAsk, from: Division, context: &mut Context<'_>) -> Decided {
    let (_, lane) = subject(view, &ask.lane, from, context)?;
    // Only what is looked into: each answer may cost a scan of the lane.
    let open = statements::open_spans(view, &ask.lane, from)?;
    let is_open = open.iter().any(|(after, up_to)| ask.after >= *after && ask.up_to <= *up_to);
    if ask.lane.sender != context.home.jurisdiction || ask.after >= ask.up_to || !is_open {
        return Err(refusal::invalid("lane").into());
    }
    let SpansAsk { lane: of, after, up_to } = ask;
    // A single message is split no further: what differs in it is found among all its documents.
    let is_single = up_to - after == 1;
    let most = if is_single { DIFFERENCES_MAX + LISTED_MAX } else { LISTED_MAX + 1 };
    let listed = lane.map(|lane| items::listed(view, lane, (after, up_to), most)).transpose()?.unwrap_or_default();
    let mut spans = Spans { lane: of, after, up_to, parts: Vec::new(), documents: None };
    if listed.len() <= LISTED_MAX || is_single {
        spans.documents = Some(listed);
    } else if let Some(lane) = lane {
        for (after, up_to) in split(after, up_to) {
            let (documents, root) = items::root(view, lane, (after, up_to))?;
            spans.parts.push(Span { after, up_to, documents, root });
        }
    }
    Ok(Decision::nothing().message(send(context, from, Message::Spans(spans))))
}

fn split(after: u64, up_to: u64) -> impl Iterator<Item = (u64, u64)> {
    let step = (up_to - after).div_ceil(PARTS).max(1);
    let starts = (after..up_to).step_by(usize::try_from(step).unwrap_or(usize::MAX));
    starts.map(move |from| (from, (from + step).min(up_to)))
}

/// At the lane's receiver: parts that are the same are done with, the others are asked for again, short ones are compared.
pub fn take(view: View<'_>, spans: Spans, from: Division, context: &mut Context<'_>) -> Decided {
    let (row, lane) = subject(view, &spans.lane, from, context)?;
    let open = statements::open_spans(view, &spans.lane, from)?;
    let this = (spans.after, spans.up_to);
    if spans.lane.sender != from || !open.contains(&this) {
        return Err(refusal::invalid("lane").into());
    }
    let key = |listed: &Listed| (listed.number, listed.line);
    let listed = spans.documents.as_deref().unwrap_or_default();
    let is_in = |listed: &Listed| listed.number > this.0 && listed.number <= this.1;
    if !listed.iter().all(is_in) || !listed.is_sorted_by(|one, next| key(one) < key(next)) {
        return Err(refusal::invalid("documents").into());
    }
    let mut decision = Decision::nothing();
    let mut still_open = open.len() - 1;
    let differences = match &spans.documents {
        Some(theirs) => compared(view, lane, this, theirs)?,
        None => {
            let expected: Vec<(u64, u64)> = split(this.0, this.1).collect();
            let told: Vec<(u64, u64)> = spans.parts.iter().map(|part| (part.after, part.up_to)).collect();
            if expected != told || told.len() < 2 {
                return Err(refusal::invalid("parts").into());
            }
            still_open += ask_again(view, &spans, lane, from, &mut decision, context)?;
            Vec::new()
        }
    };
    let known = statements::differences(view, &row.service, row.period, from)?;
    let mut all: Vec<Difference> =
        known.into_iter().filter(|(sender, _)| *sender == from).map(|(_, difference)| difference).collect();
    all.extend(differences.iter().cloned());
    if all.len() > DIFFERENCES_MAX {
        let why = format!("{} of {}: more than {DIFFERENCES_MAX} documents differ", row.service, row.period);
        return Ok(Decision::nothing().alarm(why));
    }
    let (lane, (after, up_to)) = (spans.lane.clone(), this);
    decision.events.push(Event::SpanClosed { lane: lane.clone(), peer: from, after, up_to, differences });
    if still_open == 0 {
        let found = Differences { lane: lane.clone(), differences: all };
        decision.messages.push(send(context, from, Message::Differences(found)));
        lane_done(view, &row, &lane, &mut decision, context)?;
    }
    Ok(decision)
}

fn ask_again(
    view: View<'_>,
    spans: &Spans,
    lane: Option<i64>,
    from: Division,
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<usize, Stop> {
    let mut asked = 0;
    for part in &spans.parts {
        let own = lane.map(|lane| items::root(view, lane, (part.after, part.up_to))).transpose()?;
        if own == Some((part.documents, part.root)) {
            continue;
        }
        let (lane, after, up_to) = (spans.lane.clone(), part.after, part.up_to);
        decision.events.push(Event::SpanOpened { lane: lane.clone(), peer: from, after, up_to });
        decision.messages.push(send(context, from, Message::SpansAsk(SpansAsk { lane, after, up_to })));
        asked += 1;
    }
    Ok(asked)
}

/// Every difference is exactly one of: only the sender has it, only the receiver, or its content differs.
fn compared(view: View<'_>, lane: Option<i64>, span: (u64, u64), theirs: &[Listed]) -> Result<Vec<Difference>, Stop> {
    let own = match lane {
        Some(lane) => items::listed(view, lane, span, DIFFERENCES_MAX + LISTED_MAX)?,
        None => Vec::new(),
    };
    let key = |listed: &Listed| (listed.number, listed.line);
    let mut own: BTreeMap<(u64, u32), Listed> = own.into_iter().map(|listed| (key(&listed), listed)).collect();
    let mut differences = Vec::new();
    for their in theirs {
        let (number, line) = key(their);
        let class = match own.remove(&(number, line)) {
            None => (DifferenceClass::OnlySender, None),
            Some(known) if known != *their => (DifferenceClass::ContentDiffers, Some(known.amount_fen)),
            Some(_) => continue,
        };
        let (class, receiver_fen) = class;
        differences.push(Difference { number, line, class, sender_fen: Some(their.amount_fen), receiver_fen });
    }
    differences.extend(own.into_values().map(|known| Difference {
        number: known.number,
        line: known.line,
        class: DifferenceClass::OnlyReceiver,
        sender_fen: None,
        receiver_fen: Some(known.amount_fen),
    }));
    differences.sort_by_key(|difference| (difference.number, difference.line));
    Ok(differences)
}

/// At the lane's sender: what the receiver has found, checked against what is held here.
pub fn take_found(view: View<'_>, found: Differences, from: Division, context: &mut Context<'_>) -> Decided {
    let (row, lane) = subject(view, &found.lane, from, context)?;
    let open = statements::open_spans(view, &found.lane, from)?;
    let ([(after, up_to)], true) = (open.as_slice(), found.lane.sender == context.home.jurisdiction) else {
        return Err(refusal::invalid("lane").into());
    };
    let key = |of: &Difference| (of.number, of.line);
    let is_sorted = found.differences.is_sorted_by(|one, next| key(one) < key(next));
    let is_in = |of: &Difference| of.number > *after && of.number <= *up_to;
    if found.differences.len() > DIFFERENCES_MAX || !is_sorted || !found.differences.iter().all(is_in) {
        return Err(refusal::invalid("differences").into());
    }
    for difference in &found.differences {
        let held = lane.map(|lane| items::at(view, lane, difference.number, difference.line)).transpose()?.flatten();
        if held.map(|item| item.amount_fen) != difference.sender_fen {
            return Err(refusal::invalid("differences").into());
        }
    }
    let mut decision = Decision::nothing().event(Event::SpanClosed {
        lane: found.lane.clone(),
        peer: from,
        after: *after,
        up_to: *up_to,
        differences: found.differences,
    });
    lane_done(view, &row, &found.lane, &mut decision, context)?;
    Ok(decision)
}

/// A lane is sorted out; with the last one the statement is matched but for what differs.
fn lane_done(
    view: View<'_>,
    row: &StatementRow,
    lane: &LaneOf,
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    let own = context.home.jurisdiction;
    let other = if lane.sender == own { row.peer } else { own };
    let other = statement::lane_of(&row.service, row.period, other);
    if !statements::open_spans(view, &other, row.peer)?.is_empty() {
        return Ok(());
    }
    let (service, period, peer) = (row.service.clone(), row.period, row.peer);
    decision.events.push(Event::Compared { service, period, peer, state: State::Matched });
    // What differs is in the views only behind this decision: the clerk's confirmation finds it there.
    let subject = Subject { peer, rule: &row.rule, own: &row.own, shares: &row.shares };
    let clock = super::clocks::statement(&row.service, period, peer);
    super::clocks::start(decision, clock, "confirm", subject.rule.confirm_days, context);
    decision.alarms.push(format!(
        "statement of {} for {period} with {peer}: what differs is known, and is left out when it is confirmed",
        row.service
    ));
    Ok(())
}
