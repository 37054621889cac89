//! Books a question to the core system of a pool, in place of the node's own computation.

use huitong_kernel::division::Division;
use huitong_service_kit::{Context, Decision, Refusal, Stop, View};
use serde_json::value::RawValue;

use super::super::pricing::Priceable;
use super::super::{Peer, pricing};
use crate::event::Event;
use crate::model::filing::FilingKind;
use crate::model::message::{CallReference, Eligibility, EligibilityAsk, SplitBatch};
use crate::pool::ask::{OfferedFor, Owed, PoolAsk, Settling};
use crate::pool::request::{self, Bill, EligibilityQuestion, Original, Question, Request, Reverse, Why};
use crate::pool::{LINES_MAX, OPEN_ASKS_MAX, READ_DEADLINE, REQUEST_BYTES_MAX, SILENT_AFTER};
use crate::query::persons::{self, Insured};
use crate::query::settlements::Settlement;
use crate::query::{documents, pools};
use crate::{Medical, refusal};

type Asked = Result<Result<Decision<Medical>, Refusal>, Stop>;

/// Books the question. What takes back is always taken; other questions have a limit.
fn ask(
    view: View<'_>,
    pool: Division,
    owed: Owed,
    question: Question,
    from: &Peer,
    context: &mut Context<'_>,
) -> Asked {
    let takes_back = matches!(owed, Owed::TakeBack { .. });
    if !takes_back && pools::count_open(view, pool)? >= OPEN_ASKS_MAX {
        return Ok(Err(refusal::POOL_BUSY.with("pool", pool)));
    }
    let ask = context.new_uuid();
    let request = Request::text(ask, pool, context.now, question);
    if request.len() > REQUEST_BYTES_MAX {
        return Ok(Err(refusal::BODY_TOO_LARGE.refuse()));
    }
    let deadline = context.now + if owed.books() { SILENT_AFTER } else { READ_DEADLINE };
    let asked = PoolAsk { ask, pool, asker: from.asker(), owed, request, asked_at: context.now, deadline };
    Ok(Ok(Decision::nothing().event(Event::PoolAsked(Box::new(asked)))))
}

pub fn eligibility(
    view: View<'_>,
    asked: &EligibilityAsk,
    insured: &Insured,
    known: Eligibility,
    from: &Peer,
    context: &mut Context<'_>,
) -> Asked {
    let question = EligibilityQuestion {
        person: insured.person.clone(),
        scheme: insured.scheme,
        facts: insured.facts,
        suspended_from: insured.suspended_from,
        care_type: asked.care_type,
        care_date: asked.care_date,
        visited_area: asked.visited_area,
        filing: persons::filing_in_force(view, &insured.person, asked.visited_area, asked.care_date)?,
        accounts: persons::balances(view, &insured.person)?,
        accumulators_wanted: asked.wants.accumulators,
    };
    let owed = Owed::Eligibility { correlation: asked.correlation.clone(), known: Box::new(known) };
    ask(view, insured.pool, owed, Question::Eligibility(question), from, context)
}

/// A batch that is to be offered or settled for a person whose pool computes.
pub struct Batch<'a> {
    /// `mdtrt_id`
    pub number: String,
    pub bill: Priceable<'a>,
    pub batch: &'a SplitBatch,
}

pub fn quote(view: View<'_>, correlation: &str, batch: &Batch<'_>, from: &Peer, context: &mut Context<'_>) -> Asked {
    let lines = lines_of(batch.batch);
    let (insured, offered) = match offered_for(view, batch)? {
        Ok(offered) => offered,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let question = Question::Quote(Box::new(bill(view, &insured, &offered, &batch.bill, lines)?));
    let owed = Owed::Quote { correlation: correlation.to_owned(), offered: Box::new(offered) };
    ask(view, insured.pool, owed, question, from, context)
}

/// What a settlement is asked for with.
pub enum Basis {
    /// A whole bill, with its lines.
    Bill(Option<Box<RawValue>>),
    /// An offer, that stands or has expired.
    Offer { quote: Box<crate::model::message::Quote>, expired: bool },
}

/// Asks for a settlement; of an offer that has expired, for a new one.
pub fn settlement(
    view: View<'_>,
    call: CallReference,
    batch: &Batch<'_>,
    stay: Option<crate::model::document::StayDates>,
    basis: Basis,
    from: &Peer,
    context: &mut Context<'_>,
) -> Asked {
    let (insured, offered) = match offered_for(view, batch)? {
        Ok(offered) => offered,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let is_busy = {
        let batch =
            (batch.bill.facts.care_type != crate::model::person::CareType::Inpatient).then_some(&*offered.batch);
        pools::is_busy(view, &offered.number, batch)? || pools::of_call(view, from.jurisdiction, &call)?.is_some()
    };
    if is_busy {
        return Ok(Err(refusal::BATCH_PENDING.refuse()));
    }
    let (lines, quote) = match basis {
        Basis::Bill(lines) => (lines, None),
        Basis::Offer { expired: true, .. } => {
            let question = Question::Quote(Box::new(bill(view, &insured, &offered, &batch.bill, None)?));
            let owed = Owed::Renewal { call, offered: Box::new(offered) };
            return ask(view, insured.pool, owed, question, from, context);
        }
        Basis::Offer { quote, .. } => (None, Some(quote)),
    };
    let quoted = quote.as_ref().map(|quote| quote.computation.amounts.clone());
    let commit = request::Commit {
        original: original(&call, from),
        bill: bill(view, &insured, &offered, &batch.bill, lines)?,
        quoted: quoted.clone(),
    };
    let facts = batch.bill.facts.clone();
    let settling = Settling { call, facts, stay, offered, quote: quote.map(|quote| quote.quote), quoted };
    ask(view, insured.pool, Owed::Settlement(Box::new(settling)), Question::Commit(Box::new(commit)), from, context)
}

/// Asks to take back what was settled by the pool.
pub fn take_back(
    view: View<'_>,
    known: &Settlement,
    reference: String,
    why: Why,
    correlation: Option<String>,
    from: &Peer,
    context: &mut Context<'_>,
) -> Asked {
    let settled =
        request::Settled { settlement: known.settlement.clone(), reference, fund_total_fen: known.fund_total_fen };
    let question = Question::Reverse(Reverse { original: original(&known.call, from), why, settled: Some(settled) });
    let owed = Owed::TakeBack {
        call: known.call.clone(),
        settlement: known.settlement.clone(),
        visit: known.visit.clone(),
        why,
        correlation,
    };
    ask(view, known.home_area, owed, question, from, context)
}

/// The pool's own reference of a settlement that it has computed; `None` of one that this node has.
pub fn reference(view: View<'_>, known: &Settlement) -> Result<Option<String>, Stop> {
    Ok(documents::document(view, known)?.computed_by.map(|by| by.reference))
}

/// A whole bill's lines, where they travel with the question.
pub fn lines_of(batch: &SplitBatch) -> Option<Box<RawValue>> {
    let count =
        || serde_json::from_str::<Vec<serde::de::IgnoredAny>>(batch.lines.get()).map_or(usize::MAX, |l| l.len());
    (batch.earlier_parts.is_empty() && count() <= LINES_MAX).then(|| batch.lines.clone())
}

fn original(call: &CallReference, from: &Peer) -> Original {
    let CallReference { institution, message_id } = call.clone();
    Original { visited: from.jurisdiction, institution, message_id }
}

fn offered_for(view: View<'_>, batch: &Batch<'_>) -> Result<Result<(Insured, OfferedFor), Refusal>, Stop> {
    let bill = &batch.bill;
    let insured = match pricing::insured(view, bill.facts)? {
        Ok(insured) => insured,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if let Some(disease) = &bill.facts.disease
        && !persons::has_disease(view, &insured.person, disease, bill.care_date)?
    {
        return Ok(Err(refusal::DISEASE_NOT_REGISTERED.with("disease", disease)));
    }
    let offered = OfferedFor {
        number: batch.number.clone(),
        batch: batch.batch.batch.clone(),
        lines_hash: batch.batch.lines_hash,
        catalogues: batch.batch.catalogues.clone(),
        sums: bill.sums,
        person: insured.person.clone(),
        scheme: insured.scheme,
        care_date: bill.care_date,
        days: bill.days,
        interim: bill.interim,
        is_stay: bill.facts.care_type == crate::model::person::CareType::Inpatient,
        account_wanted: bill.account_wanted,
    };
    Ok(Ok((insured, offered)))
}

fn bill(
    view: View<'_>,
    insured: &Insured,
    offered: &OfferedFor,
    priceable: &Priceable<'_>,
    lines: Option<Box<RawValue>>,
) -> Result<Bill, Stop> {
    let facts = priceable.facts;
    let filing: FilingKind = pricing::filing(view, &insured.person, priceable, priceable.care_date)?;
    Ok(Bill {
        visit: offered.number.clone(),
        batch: offered.batch.clone(),
        institution: facts.institution.clone(),
        visited_area: facts.visited_area,
        level: facts.level,
        care_type: facts.care_type,
        began_on: facts.began_on,
        care_date: offered.care_date,
        days: offered.days,
        interim: offered.interim,
        person: insured.person.clone(),
        scheme: insured.scheme,
        facts: insured.facts,
        suspended_from: insured.suspended_from,
        filing,
        disease: facts.disease.clone(),
        stay: priceable.stay,
        accounts: persons::balances(view, &insured.person)?,
        account_wanted: offered.account_wanted,
        accumulators: pools::accumulators(view, &insured.person, insured.scheme)?,
        sums: offered.sums,
        catalogues: offered.catalogues.clone(),
        lines_hash: offered.lines_hash,
        lines,
    })
}
