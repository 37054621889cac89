//! A whole outpatient bill in one call: registration, split, price and settlement in one message to home. The offer and its
//! acceptance are one instant, so it can never be stale.

use std::collections::BTreeMap;

use huitong_service_kit::{Context, Decision, StoreError, View};

use super::booking::{Booking, book, refuse};
use super::lines::ByDay;
use super::pool::asking;
use super::pricing::{Checked, Priceable, check_batch, price};
use super::quote::{check_total, raw};
use super::settle::{call_sent, check_call, correlation};
use super::{Decided, Peer, home_of, send, stay, visit};
use crate::command::BillWish;
use crate::model::amounts::LineSums;
use crate::model::lines::split_lines;
use crate::model::message::{Bill, CallReference, Message, SplitBatch};
use crate::model::person::CareType;
use crate::model::settle::StaySoFar;
use crate::query::{calls, pools};
use crate::{Medical, refusal};

pub fn ask(medical: &Medical, view: View<'_>, wish: BillWish, context: &mut Context<'_>) -> Decided {
    let home = home_of(context, wish.visit.home_area)?;
    if wish.visit.care_type == CareType::Inpatient {
        let refusal = refusal::CODE_UNKNOWN.with("field", "care_type").with("value", wish.visit.care_type.code());
        return Err(refusal.at_field("care_type").into());
    }
    let facts = visit::facts(view, &wish.visit, context)?;
    let call = CallReference { institution: facts.institution.clone(), message_id: wish.message_id };
    check_call(view, &call)?;
    let today = context.now.business_date();
    if let Some(index) = wish.lines.iter().position(|line| line.day != today) {
        let refusal = refusal::FEE_TIME_OUTSIDE_VISIT.refuse().at_field(format!("lines[{index}].fee_date"));
        return Err(refusal.into());
    }
    let catalogues = ByDay::read(medical, view, &wish.lines, context)?;
    let split = split_lines(&catalogues, &facts.institution, facts.level, &wish.lines, &BTreeMap::new())?.lines;
    let sums = LineSums::of(&split);
    check_total("total_fee", sums.total_fen, Some(wish.total))?;
    let lines = raw(serde_json::to_string(&split).map_err(StoreError::from)?)?;
    let batch = SplitBatch {
        batch: wish.batch.clone(),
        catalogues: catalogues.versions(),
        sums,
        lines_hash: Default::default(),
        earlier_parts: Vec::new(),
        lines,
    };
    let visit = facts.visit;
    let bill = Bill {
        message_id: call.message_id.clone(),
        care_date: today,
        account_wanted: wish.account_wanted,
        facts,
        batch: batch.hashed(),
    };
    let waiting = correlation(&call.institution, &call.message_id);
    let event = call_sent(view, call, home, None, wish.batch, context)?;
    let message = send(context, home, visit, visit, Message::Bill(bill));
    Ok(Decision::wait(waiting).event(event).message(message))
}

pub fn answer(medical: &Medical, view: View<'_>, bill: &Bill, from: &Peer, context: &mut Context<'_>) -> Decided {
    let call = CallReference { institution: bill.facts.institution.clone(), message_id: bill.message_id.clone() };
    if calls::is_tombstoned(view, from.jurisdiction, &call)? {
        return Ok(refuse(&call, refusal::CALL_REVERSED.refuse(), from, context));
    }
    let days = match check_batch(view, "", &bill.batch)? {
        Ok(Checked { days }) => days,
        Err(refusal) => return Ok(refuse(&call, refusal, from, context)),
    };
    if bill.facts.care_type == CareType::Inpatient {
        return Ok(refuse(&call, refusal::NOT_DISCHARGED.refuse(), from, context));
    }
    if !stay::day_is_possible(&bill.facts, bill.care_date, context) {
        return Ok(refuse(&call, refusal::TIME_MALFORMED.with("field", "care_date"), from, context));
    }
    let (event, opened) = match visit::issue(view, &bill.facts, from, context)? {
        Ok(issued) => issued,
        Err(refusal) => return Ok(refuse(&call, refusal, from, context)),
    };
    let priceable = Priceable {
        facts: &bill.facts,
        sums: bill.batch.sums,
        care_date: bill.care_date,
        days,
        account_wanted: bill.account_wanted,
        interim: false,
        stay: StaySoFar::default(),
    };
    if pools::is_delegated(view, bill.facts.home_area)? {
        let batch = asking::Batch { number: opened.number, bill: priceable, batch: &bill.batch };
        let basis = asking::Basis::Bill(asking::lines_of(&bill.batch));
        return Ok(match asking::settlement(view, call.clone(), &batch, None, basis, from, context)? {
            Err(refusal) => refuse(&call, refusal, from, context),
            Ok(mut decision) => {
                decision.events.insert(0, event);
                decision
            }
        });
    }
    let priced = match price(medical, view, &priceable)? {
        Ok(priced) => priced,
        Err(refusal) => return Ok(refuse(&call, refusal, from, context)),
    };
    let booking = Booking {
        call: call.clone(),
        facts: &bill.facts,
        number: opened.number,
        batch: &bill.batch.batch,
        lines_hash: bill.batch.lines_hash,
        catalogues: bill.batch.catalogues.clone(),
        stay: None,
        computed: priced.into(),
        quote: None,
    };
    match book(view, booking, from, context)? {
        Err(refusal) => Ok(refuse(&call, refusal, from, context)),
        Ok(mut decision) => {
            decision.events.insert(0, event);
            Ok(decision)
        }
    }
}
