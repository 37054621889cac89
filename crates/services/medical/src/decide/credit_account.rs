//! Home: money paid into a person's account.

use huitong_kernel::money::Fen;
use huitong_ledger::book;
use huitong_service_kit::{Context, Decision, View};

use super::Decided;
use crate::accounts::{self, MedicalChart};
use crate::command::{AccountBucket, Reply};
use crate::event::Event;
use crate::model::message::Certificate;
use crate::query::persons;
use crate::refusal;

pub fn decide(
    view: View<'_>,
    person: String,
    bucket: AccountBucket,
    amount: Fen,
    context: &mut Context<'_>,
) -> Decided {
    let certificate = Certificate { kind: "00".to_owned(), number: person.clone() };
    if persons::insured(view, &certificate, None)?.is_none() {
        return Err(refusal::PERSON_NOT_FOUND.refuse().at_field("person").into());
    }
    if amount <= Fen::ZERO {
        return Err(refusal::NUMBER_MALFORMED.with("field", "amount").at_field("amount").into());
    }
    let transfer = accounts::credit(context, &person, bucket, amount);
    let reference = transfer.id.to_string();
    let transfers = vec![transfer];
    if book::check(view, &MedicalChart, &transfers)?.is_err() {
        return Err(refusal::NUMBER_MALFORMED.with("field", "amount").at_field("amount").into());
    }
    let balance = book::balance(view, &accounts::person(&person, bucket))?.available() + amount;
    Ok(Decision::reply(Reply::Credited { balance_fen: balance }).event(Event::AccountCredited {
        person,
        reference,
        transfers,
    }))
}
