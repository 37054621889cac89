//! Quotes (预结算): visited asks with its split lines, home offers. A quote changes nothing and expires.

use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, DurationMs};
use huitong_service_kit::{Context, Decision, Refusal, Stop, StoreError, View};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::pool::asking;
use super::pricing::{Checked, Priceable, Priced, check_batch, price};
use super::{Decided, Peer, lines::own_open_visit, reply, send, stay};
use crate::event::Event;
use crate::model::amounts::LineSums;
use crate::model::document::DataVersion;
use crate::model::filing_effect::{Alternative, alternatives};
use crate::model::lines::{PART_LINES, SplitLine, lines_hash};
use crate::model::message::{Answered, LinesPart, Message, Quote, QuoteAsk, SplitBatch};
use crate::model::person::CareType;
use crate::model::settle::{Computation, fund_total_at_home};
use crate::query::pools;
use crate::query::visits::{self, HomeVisit, VisitedVisit};
use crate::{Medical, refusal};

/// How long an offer holds.
pub const QUOTE_VALIDITY: DurationMs = DurationMs::minutes(15);

pub struct Wish {
    pub visit: Uuid,
    pub batch: String,
    pub interim: bool,
    pub account_wanted: bool,
    pub total: Option<Fen>,
}

pub fn ask(view: View<'_>, wish: &Wish, context: &mut Context<'_>) -> Decided {
    let known = own_open_visit(view, wish.visit, context)?;
    let batch = visits::visited_batch(view, wish.visit, &wish.batch)?;
    let batch = batch.ok_or_else(|| refusal::VISIT_UNKNOWN.refuse().at_field("batch"))?;
    if batch.state != "open" {
        return Err(refusal::LINES_SETTLED.refuse().into());
    }
    check_stay(view, wish.visit, &known, &wish.batch, wish.interim)?;
    let lines = visits::lines(view, wish.visit, &wish.batch)?;
    let sums = LineSums::of(&lines);
    check_total("total_fee", sums.total_fen, wish.total)?;
    let last_day = lines.iter().map(|line| line.day).max().unwrap_or(known.facts.began_on);
    let care_date = match known.ended_on {
        Some(day) if !wish.interim => day,
        _ if known.is_stay() => last_day,
        _ => context.now.business_date(),
    };
    let number = known.number.clone().ok_or_else(|| refusal::VISIT_UNKNOWN.refuse())?;
    let cycle = context.new_uuid();
    let (ahead, split) = parts(&lines, &wish.batch, batch.catalogues, sums)?;
    let mut decision = Decision::wait(cycle);
    for lines in ahead {
        let part = LinesPart { number: number.clone(), lines };
        decision.messages.push(send(context, known.home, cycle, wish.visit, Message::LinesSplit(part)));
    }
    let ask = QuoteAsk {
        correlation: cycle.to_string(),
        number,
        care_date,
        interim: wish.interim,
        account_wanted: wish.account_wanted,
        batch: split,
    };
    decision.messages.push(send(context, known.home, cycle, wish.visit, Message::QuoteAsk(ask)));
    Ok(decision)
}

/// A stay is settled as a whole when it is over and nothing else of it is open; before that in parts, as interim (MED-4012).
pub fn check_stay(view: View<'_>, visit: Uuid, known: &VisitedVisit, batch: &str, interim: bool) -> Result<(), Stop> {
    if !known.is_stay() {
        let refusal = refusal::CODE_UNKNOWN.with("field", "interim").with("value", "true").at_field("interim");
        return if interim { Err(refusal.into()) } else { Ok(()) };
    }
    if interim {
        return Ok(());
    }
    let others = visits::batches(view, visit)?;
    let is_left = others.iter().any(|(other, state)| other != batch && state != "settled");
    if known.state != "discharged" || is_left {
        return Err(refusal::NOT_DISCHARGED.refuse().into());
    }
    Ok(())
}

/// The lines as they travel: parts that go ahead, and the batch with the last one.
fn parts(
    lines: &[SplitLine],
    batch: &str,
    catalogues: Vec<DataVersion>,
    sums: LineSums,
) -> Result<(Vec<Box<RawValue>>, SplitBatch), Stop> {
    let mut parts = Vec::new();
    for part in lines.chunks(PART_LINES) {
        parts.push(raw(serde_json::to_string(part).map_err(StoreError::from)?)?);
    }
    let last = parts.pop().ok_or_else(|| refusal::FIELD_MISSING.with("field", "lines").at_field("lines"))?;
    let earlier_parts = parts.iter().map(|part| lines_hash(&[], part.get())).collect();
    let batch = SplitBatch {
        batch: batch.to_owned(),
        catalogues,
        sums,
        lines_hash: huitong_kernel::hash::Digest::ZERO,
        earlier_parts,
        lines: last,
    };
    Ok((parts, batch.hashed()))
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
    /// A batch whose lines came before.
    pub fn named(
        batch: &str,
        catalogues: Vec<DataVersion>,
        sums: LineSums,
        lines_hash: huitong_kernel::hash::Digest,
    ) -> SplitBatch {
        let (batch, earlier_parts) = (batch.to_owned(), Vec::new());
        SplitBatch { batch, catalogues, sums, lines_hash, earlier_parts, lines: RawValue::NULL.to_owned() }
    }

    pub fn hashed(mut self) -> SplitBatch {
        self.lines_hash = lines_hash(&self.earlier_parts, self.lines.get());
        self
    }
}

/// Home keeps lines of a stay that come ahead of the question which names them.
pub fn hold(view: View<'_>, part: LinesPart, from: &Peer) -> Decided {
    let visit = visits::home_visit(view, &part.number)?;
    let is_open = |visit: &HomeVisit| matches!(visit.state.as_str(), "open" | "discharged");
    match visit.filter(|visit| visit.visited == from.jurisdiction && is_open(visit)) {
        Some(_) if from.is_medical() => {
            let hash = lines_hash(&[], part.lines.get());
            Ok(Decision::nothing().event(Event::LinesHeld { hash, part }))
        }
        _ => Err(refusal::VISIT_UNKNOWN.refuse().into()),
    }
}

pub fn answer(medical: &Medical, view: View<'_>, ask: &QuoteAsk, from: &Peer, context: &mut Context<'_>) -> Decided {
    let offered = match offer(medical, view, ask, from, context)? {
        Offer::AskedOfPool(decision) => return Ok(*decision),
        Offer::Made(offered) => offered.map(|quote| *quote),
    };
    let mut decision = Decision::nothing();
    if let Ok(quote) = &offered {
        decision = decision.event(Event::Quoted { visited: from.jurisdiction, quote: quote.clone() });
    }
    let answer = Answered { correlation: ask.correlation.clone(), result: offered };
    Ok(decision.message(reply(context, from, Message::QuoteAnswer(answer))))
}

/// What comes of a question for an offer.
enum Offer {
    Made(Result<Box<Quote>, Refusal>),
    /// The pool computes; the answer comes when it has.
    AskedOfPool(Box<Decision<Medical>>),
}

impl From<Refusal> for Offer {
    fn from(refusal: Refusal) -> Offer {
        Offer::Made(Err(refusal))
    }
}

fn offer(
    medical: &Medical,
    view: View<'_>,
    ask: &QuoteAsk,
    from: &Peer,
    context: &mut Context<'_>,
) -> Result<Offer, Stop> {
    let Some(visit) = visits::home_visit(view, &ask.number)?.filter(|visit| visit.visited == from.jurisdiction) else {
        return Ok(refusal::VISIT_UNKNOWN.refuse().into());
    };
    let days = match check_batch(view, &ask.number, &ask.batch)? {
        Ok(Checked { days }) => days,
        Err(refusal) => return Ok(refusal.into()),
    };
    let care_date = match care_date(&visit, ask.interim, days.1) {
        Ok(of_stay) => of_stay.unwrap_or(ask.care_date),
        Err(refusal) => return Ok(refusal.into()),
    };
    if !stay::day_is_possible(&visit.facts, care_date, context) {
        return Ok(refusal::TIME_MALFORMED.with("field", "care_date").into());
    }
    let bill = Priceable {
        facts: &visit.facts,
        sums: ask.batch.sums,
        care_date,
        days,
        account_wanted: ask.account_wanted,
        interim: ask.interim,
        stay: visit.stay,
    };
    if pools::is_delegated(view, visit.facts.home_area)? {
        let batch = asking::Batch { number: ask.number.clone(), bill, batch: &ask.batch };
        let asked = asking::quote(view, &ask.correlation, &batch, from, context)?;
        return Ok(asked.map_or_else(Offer::from, |decision| Offer::AskedOfPool(Box::new(decision))));
    }
    let offered = Offered { number: &ask.number, batch: &ask.batch, interim: ask.interim, care_date, days };
    let priced = price(medical, view, &bill)?;
    Ok(Offer::Made(priced.map(|priced| Box::new(quote_of(&priced, &offered, context)))))
}

/// Home: the day to which a stay is settled; none of another visit. What is over or taken back is settled no more.
pub fn care_date(visit: &HomeVisit, interim: bool, last_day: Date) -> Result<Option<Date>, Refusal> {
    if !matches!(visit.state.as_str(), "open" | "discharged") {
        return Err(refusal::VISIT_UNKNOWN.refuse());
    }
    match (visit.facts.care_type, interim) {
        (CareType::Inpatient, true) => Ok(Some(last_day)),
        (CareType::Inpatient, false) => visit.ended_on.map(Some).ok_or_else(|| refusal::NOT_DISCHARGED.refuse()),
        (_, true) => Err(refusal::CODE_UNKNOWN.with("field", "interim").with("value", "true")),
        (_, false) => Ok(None),
    }
}

/// What an offer is made for.
pub struct Offered<'a> {
    pub number: &'a str,
    pub batch: &'a SplitBatch,
    pub interim: bool,
    pub care_date: Date,
    pub days: (Date, Date),
}

fn quote_of(priced: &Priced, offered: &Offered<'_>, context: &mut Context<'_>) -> Quote {
    let alternatives = others(priced);
    Quote {
        quote: context.new_uuid(),
        number: offered.number.to_owned(),
        batch: offered.batch.batch.clone(),
        lines_hash: offered.batch.lines_hash,
        care_date: offered.care_date,
        days: offered.days,
        interim: offered.interim,
        account_wanted: priced.case.account_wanted,
        computation: priced.computation.clone(),
        filing_term: (!alternatives.is_empty()).then_some(priced.filing_term),
        alternatives,
        at_home_fen: fund_total_at_home(&priced.pack, &priced.case),
        pack: priced.version.clone(),
        grade: priced.pack.grade,
        catalogues: offered.batch.catalogues.clone(),
        accumulators_version: priced.case.accumulators.version,
        expires_at: context.now + QUOTE_VALIDITY,
    }
}

/// What the same bill would come to under other filings.
fn others(priced: &Priced) -> Vec<Alternative> {
    let Computation { filing, amounts, .. } = &priced.computation;
    alternatives(&priced.pack, &priced.case, *filing, amounts.fund_total_fen)
}

/// The same offer on today's basis, when the old one is stale.
pub fn renewed(old: &Quote, priced: &Priced, context: &mut Context<'_>) -> Quote {
    let alternatives = others(priced);
    Quote {
        quote: context.new_uuid(),
        computation: priced.computation.clone(),
        filing_term: (!alternatives.is_empty()).then_some(priced.filing_term),
        alternatives,
        at_home_fen: fund_total_at_home(&priced.pack, &priced.case),
        pack: priced.version.clone(),
        grade: priced.pack.grade,
        accumulators_version: priced.case.accumulators.version,
        expires_at: context.now + QUOTE_VALIDITY,
        ..old.clone()
    }
}
