//! Quotes (预结算): visited asks with its split lines, home offers. A quote changes nothing and expires.

use huitong_kernel::money::Fen;
use huitong_kernel::time::DurationMs;
use huitong_service_kit::{Context, Decision, Refusal, Stop, StoreError, View};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::pricing::{Priceable, Priced, check_batch, lines_hash, price};
use super::{Decided, Peer, lines::own_open_visit, reply, send};
use crate::event::Event;
use crate::model::filing::FilingKind;
use crate::model::message::{Answered, Message, Quote, QuoteAsk, SplitBatch};
use crate::model::settle::fund_total_under;
use crate::query::visits;
use crate::{Medical, refusal};

/// How long an offer holds.
pub const QUOTE_VALIDITY: DurationMs = DurationMs::minutes(15);

pub fn ask(
    view: View<'_>,
    visit: Uuid,
    batch: &str,
    account_wanted: bool,
    total: Option<Fen>,
    context: &mut Context<'_>,
) -> Decided {
    let known = own_open_visit(view, visit, context)?;
    let lines = visits::visited_batch(view, visit, batch)?;
    let lines = lines.ok_or_else(|| refusal::VISIT_UNKNOWN.refuse().at_field("batch"))?;
    if lines.state != "open" {
        return Err(refusal::LINES_SETTLED.refuse().into());
    }
    check_total("total_fee", lines.sums.total_fen, total)?;
    let number = known.number.ok_or_else(|| refusal::VISIT_UNKNOWN.refuse())?;
    let cycle = context.new_uuid();
    let ask = QuoteAsk {
        correlation: cycle.to_string(),
        number,
        care_date: context.now.business_date(),
        account_wanted,
        batch: SplitBatch {
            batch: batch.to_owned(),
            catalogue: lines.catalogue,
            sums: lines.sums,
            lines_hash: huitong_kernel::hash::Digest::ZERO,
            lines: raw(lines.lines)?,
        }
        .hashed(),
    };
    let message = send(context, known.home, cycle, visit, Message::QuoteAsk(ask));
    Ok(Decision::wait(cycle).message(message))
}

/// A stated sum must equal the split (MED-4001).
pub fn check_total(field: &str, expected: Fen, sent: Option<Fen>) -> Result<(), Refusal> {
    match sent {
        Some(sent) if sent != expected => {
            Err(refusal::SUM_DIFFERS.with("field", field).with("expected", expected).with("sent", sent).at_field(field))
        }
        _ => Ok(()),
    }
}

pub fn raw(lines: String) -> Result<Box<RawValue>, StoreError> {
    Ok(RawValue::from_string(lines)?)
}

impl SplitBatch {
    pub fn hashed(mut self) -> SplitBatch {
        self.lines_hash = lines_hash(&self.lines);
        self
    }
}

pub fn answer(medical: &Medical, view: View<'_>, ask: &QuoteAsk, from: &Peer, context: &mut Context<'_>) -> Decided {
    let offered = offer(medical, view, ask, from, context)?;
    let mut decision = Decision::nothing();
    if let Ok(quote) = &offered {
        decision = decision.event(Event::Quoted { visited: from.jurisdiction, quote: quote.clone() });
    }
    let answer = Answered { correlation: ask.correlation.clone(), result: offered };
    Ok(decision.message(reply(context, from, Message::QuoteAnswer(answer))))
}

fn offer(
    medical: &Medical,
    view: View<'_>,
    ask: &QuoteAsk,
    from: &Peer,
    context: &mut Context<'_>,
) -> Result<Result<Quote, Refusal>, Stop> {
    let Some(visit) = visits::home_visit(view, &ask.number)?.filter(|visit| visit.visited == from.jurisdiction) else {
        return Ok(Err(refusal::VISIT_UNKNOWN.refuse()));
    };
    if let Err(refusal) = check_batch(&ask.batch) {
        return Ok(Err(refusal));
    }
    let bill = Priceable {
        facts: &visit.facts,
        sums: ask.batch.sums,
        care_date: ask.care_date,
        account_wanted: ask.account_wanted,
    };
    let offered = Offered { number: &ask.number, batch: &ask.batch };
    Ok(match price(medical, view, &bill)? {
        Ok(priced) => Ok(quote_of(&priced, &offered, context)),
        Err(refusal) => Err(refusal),
    })
}

/// What an offer is made for.
pub struct Offered<'a> {
    pub number: &'a str,
    pub batch: &'a SplitBatch,
}

fn quote_of(priced: &Priced, offered: &Offered<'_>, context: &mut Context<'_>) -> Quote {
    let alternatives = FilingKind::POSSIBLE
        .into_iter()
        .filter_map(|kind| Some((kind, fund_total_under(&priced.pack, &priced.case, kind)?)))
        .collect();
    Quote {
        quote: context.new_uuid(),
        number: offered.number.to_owned(),
        batch: offered.batch.batch.clone(),
        lines_hash: offered.batch.lines_hash,
        care_date: priced.case.care_date,
        account_wanted: priced.case.account_wanted,
        computation: priced.computation.clone(),
        alternatives,
        pack: priced.version.clone(),
        grade: priced.pack.grade,
        catalogue: offered.batch.catalogue.clone(),
        accumulators_version: priced.case.accumulators.version,
        expires_at: context.now + QUOTE_VALIDITY,
    }
}

/// The same offer on today's basis, when the old one is stale.
pub fn renewed(old: &Quote, priced: &Priced, context: &mut Context<'_>) -> Quote {
    Quote {
        quote: context.new_uuid(),
        computation: priced.computation.clone(),
        pack: priced.version.clone(),
        grade: priced.pack.grade,
        accumulators_version: priced.case.accumulators.version,
        expires_at: context.now + QUOTE_VALIDITY,
        ..old.clone()
    }
}
