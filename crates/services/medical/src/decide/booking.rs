//! Home books a priced bill: the document, its answer, the event with its money.

use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::time::{Date, Instant};
use huitong_ledger::book;
use huitong_service_kit::{Context, Decision, Outgoing, Refusal, Service, Stop, View};
use uuid::Uuid;

use super::pricing::Priced;
use super::{Peer, clearing, prepayment, receipt, reply};
use crate::accounts::{self, MedicalChart, Payable};
use crate::event::{Event, SettlementBooked};
use crate::model::document::{DataVersion, SettledDocument, StayDates, number};
use crate::model::message::{CallReference, CommitAnswer, CommitOutcome, Message, VisitFacts};
use crate::model::policy::Grade;
use crate::model::settle::{AccountBalances, Case, Computation};
use crate::pool::ask::ComputedBy;
use crate::query::persons::Insured;
use crate::query::settlements::Role;
use crate::query::visits::{self, Serial};
use crate::{Medical, refusal};

/// What is being settled.
pub struct Booking<'a> {
    pub call: CallReference,
    pub facts: &'a VisitFacts,
    /// `mdtrt_id`
    pub number: String,
    pub batch: &'a str,
    pub lines_hash: huitong_kernel::hash::Digest,
    pub catalogues: Vec<DataVersion>,
    /// Of a stay.
    pub stay: Option<StayDates>,
    pub computed: Computed,
    pub quote: Option<Uuid>,
}

/// A price with its basis, whoever has computed it.
pub struct Computed {
    pub insured: Insured,
    pub accounts: AccountBalances,
    pub care_date: Date,
    pub accumulators_version: u64,
    /// What this node's calculation looked at.
    pub case: Option<Box<Case>>,
    pub version: DataVersion,
    pub grade: Grade,
    pub computation: Computation,
    /// The core system of the pool; else this node.
    pub computed_by: Option<ComputedBy>,
}

impl From<Priced> for Computed {
    fn from(priced: Priced) -> Computed {
        let Priced { insured, version, pack, case, computation, .. } = priced;
        Computed {
            insured,
            accounts: case.accounts,
            care_date: case.care_date,
            accumulators_version: case.accumulators.version,
            case: Some(Box::new(case)),
            version,
            grade: pack.grade,
            computation,
            computed_by: None,
        }
    }
}

/// Clearing period by home's receive time.
pub fn period(now: Instant) -> String {
    let day = now.business_date();
    format!("{:04}-{:02}", day.year(), day.month())
}

/// The number that the next answer to visited will have in its feed.
pub fn answer_number(view: View<'_>, from: &Peer, context: &Context<'_>) -> Result<u64, Stop> {
    let feed = Feed::new(context.home.clone(), Address::new(from.jurisdiction, Medical::NAME));
    Ok(huitong_store::feeds::next_number(view, &feed)?)
}

/// Books the settlement and answers with its document.
pub fn book(
    view: View<'_>,
    booking: Booking<'_>,
    from: &Peer,
    context: &mut Context<'_>,
) -> Result<Result<Decision<Medical>, Refusal>, Stop> {
    let computed = &booking.computed;
    let computation = &computed.computation;
    let amounts = &computation.amounts;
    let payable = Payable {
        funds: &amounts.funds,
        current: computation.account_current_fen,
        history: amounts.account_fen - computation.account_current_fen,
        mutual_aid: amounts.mutual_aid_fen,
    };
    let pool = computed.insured.pool;
    let transfers = accounts::home_postings(context, from.jurisdiction, pool, &computed.insured.person, &payable);
    if book::check(view, &MedicalChart, &transfers)?.is_err() {
        return Ok(Err(refusal::ACCOUNT_INSUFFICIENT.refuse()));
    }
    let serial = visits::next_serial(view, Serial::Settlement, pool)?;
    let document = document_of(&booking, serial, from, context);
    let message = answer(&booking.call, CommitOutcome::Settled(Box::new(document.clone())), from, context);
    let booked = SettlementBooked {
        serial,
        number: answer_number(view, from, context)?,
        document: message.leaf(context.function),
        quote: booking.quote,
        case: computed.case.clone(),
        admission: computation.admission,
        funds: amounts.funds.iter().map(|fund| (fund.fund.clone(), fund.paid_fen)).collect(),
        deltas: document.deltas.clone(),
        transfers,
        ..booked_of(&document, booking.call.clone(), context)
    };
    let receipt = receipt::issue(&document, booked.document, from, context);
    let told = clearing::told(&booked, document.care_date, None, from, context);
    let added = booked.fund_total_fen + booked.account_fen;
    let mut decision = Decision::nothing().event(Event::Settled(booked));
    decision = decision.message(message).message(receipt).message(told);
    prepayment::watch(view, Role::Home, from.jurisdiction, added, &mut decision, context)?;
    Ok(Ok(decision))
}

fn document_of(booking: &Booking<'_>, serial: u64, from: &Peer, context: &Context<'_>) -> SettledDocument {
    let computed = &booking.computed;
    let (insured, computation) = (&computed.insured, &computed.computation);
    let paid = computation.amounts.account_fen + computation.amounts.mutual_aid_fen;
    let accounts = &computed.accounts;
    SettledDocument {
        settlement: format!("A{}", number(insured.pool, context.now.business_date(), serial)),
        visit: booking.number.clone(),
        message_id: booking.call.message_id.clone(),
        visited: from.jurisdiction,
        home_area: insured.pool,
        institution: booking.facts.institution.clone(),
        level: booking.facts.level,
        person: insured.person.clone(),
        scheme: insured.scheme,
        class: computation.class.clone(),
        care_type: booking.facts.care_type,
        care_date: computed.care_date,
        stay: booking.stay,
        batch: booking.batch.to_owned(),
        settled_at: context.now,
        period: period(context.now),
        insurance_year: computation.insurance_year,
        filing: computation.filing,
        pack: computed.version.clone(),
        grade: computed.grade,
        catalogues: booking.catalogues.clone(),
        lines_hash: booking.lines_hash,
        amounts: computation.amounts.clone(),
        pool_ratio: computation.pool_ratio,
        accumulators_version: computed.accumulators_version,
        deltas: computation.deltas.clone(),
        account_balance_fen: accounts.current_fen + accounts.history_fen + accounts.mutual_aid_fen - paid,
        steps: computation.steps.clone(),
        computed_by: computed.computed_by.clone(),
        contra_of: None,
    }
}

/// The part of a booking that both sides write alike.
pub fn booked_of(document: &SettledDocument, call: CallReference, context: &Context<'_>) -> SettlementBooked {
    let amounts = &document.amounts;
    SettlementBooked {
        settlement: document.settlement.clone(),
        call,
        visited: document.visited,
        home: context.home.jurisdiction,
        home_area: document.home_area,
        visit: document.visit.clone(),
        batch: document.batch.clone(),
        person: document.person.clone(),
        scheme: document.scheme,
        insurance_year: document.insurance_year,
        settled_at: document.settled_at,
        period: document.period.clone(),
        serial: 0,
        number: 0,
        document: huitong_kernel::hash::Digest::ZERO,
        total_fen: amounts.lines.total_fen,
        fund_total_fen: amounts.fund_total_fen,
        person_total_fen: amounts.person_total_fen,
        account_fen: amounts.account_fen + amounts.mutual_aid_fen,
        cash_fen: amounts.cash_fen,
        deltas: Default::default(),
        quote: None,
        contra_of: document.contra_of.clone(),
        ends_stay: document.stay.is_some_and(|stay| !stay.interim),
        deductible_fen: amounts.deductible_fen,
        admission: None,
        funds: Vec::new(),
        case: None,
        transfers: Vec::new(),
    }
}

/// An answer to a commit or bill.
pub fn answer(call: &CallReference, outcome: CommitOutcome, from: &Peer, context: &mut Context<'_>) -> Outgoing {
    let CallReference { institution, message_id } = call.clone();
    reply(context, from, Message::CommitAnswer(CommitAnswer { institution, message_id, outcome }))
}

/// Nothing was booked; visited is told why.
pub fn refuse(call: &CallReference, refusal: Refusal, from: &Peer, context: &mut Context<'_>) -> Decision<Medical> {
    Decision::nothing().message(answer(call, CommitOutcome::Refused(refusal), from, context))
}
