//! Postings to a hospital's account beside settlements (section 9): paid, the difference of payment by group, what an audit cuts.

use huitong_kernel::money::Fen;
use huitong_ledger::{AccountCode, Transfer, TransferId, book};
use huitong_service_kit::{Context, Decision, View};

use super::Decided;
use crate::accounts::MedicalChart;
use crate::command::Reply;
use crate::event::{Event, HospitalPosted, HospitalPosting};
use crate::query::{persons, prepayment};
use crate::refusal;

/// Characters of a reference.
const REFERENCE_MAX: usize = 60;

pub fn post(
    view: View<'_>,
    institution: String,
    posting: HospitalPosting,
    amount: Fen,
    reference: String,
    context: &mut Context<'_>,
) -> Decided {
    let known = persons::institution(view, &institution)?;
    let is_own = known.is_some_and(|known| context.home.jurisdiction.contains(known.division));
    if !is_own {
        return Err(refusal::INSTITUTION_NOT_ALLOWED.refuse().at_field("institution").into());
    }
    let is_signed = posting == HospitalPosting::GroupDifference;
    let is_amount = amount != Fen::ZERO && (is_signed || !amount.is_negative()) && amount.0.abs() < Fen::LIMIT.0;
    if !is_amount {
        return Err(refusal::NUMBER_MALFORMED.with("field", "amount").at_field("amount").into());
    }
    if reference.is_empty() || reference.chars().count() > REFERENCE_MAX {
        let refusal = refusal::FIELD_TOO_LONG.with("field", "reference").with("limit", REFERENCE_MAX);
        return Err(refusal.at_field("reference").into());
    }
    let reference = format!("hospital/{institution}/{reference}");
    if prepayment::is_posted(view, &reference)? {
        return Err(refusal::REFERENCE_USED.refuse().at_field("reference").into());
    }
    let owed = AccountCode::new(&["payable", "hospital", &institution]);
    let difference = AccountCode::new(&["hospital_difference", &institution]);
    let (debit, credit) = match posting {
        HospitalPosting::Paid => (owed, AccountCode::new(&["bank"])),
        HospitalPosting::AuditCut => (owed, difference),
        HospitalPosting::GroupDifference => (difference, owed),
    };
    let id = TransferId::new(context.now, context.random);
    let transfers: Vec<Transfer> = Transfer::either_way(id, debit, credit, amount).into_iter().collect();
    if book::check(view, &MedicalChart, &transfers)?.is_err() {
        return Err(refusal::NUMBER_MALFORMED.with("field", "amount").at_field("amount").into());
    }
    let posted = HospitalPosted { institution, posting, amount_fen: amount, reference, transfers };
    Ok(Decision::reply(Reply::Moved).event(Event::HospitalPosted(posted)))
}
