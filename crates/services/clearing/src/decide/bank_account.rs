//! The clearing account of this jurisdiction, told to all others; theirs, told by themselves.

use huitong_kernel::division::Division;
use huitong_service_kit::{Context, Decision};

use super::{Decided, others, send};
use crate::command::Reply;
use crate::event::Event;
use crate::model::message::Message;
use crate::model::payment::BankAccount;
use crate::refusal;

pub fn set(account: BankAccount, context: &mut Context<'_>) -> Decided {
    if account.division != context.home.jurisdiction {
        return Err(refusal::NOT_OF_THIS_NODE.with("division", account.division).at_field("division").into());
    }
    if let Some(field) = fault(&account) {
        return Err(refusal::invalid(field).into());
    }
    let mut decision = Decision::reply(Reply::AccountSet);
    for other in others(context) {
        decision.messages.push(send(context, other, Message::BankAccount(account.clone())));
    }
    Ok(decision.event(Event::BankAccountKnown { account }))
}

pub fn take(account: BankAccount, from: Division) -> Decided {
    if account.division != from {
        return Err(refusal::NOT_OF_THIS_NODE.with("division", account.division).into());
    }
    if let Some(field) = fault(&account) {
        return Err(refusal::invalid(field).into());
    }
    let alarm = format!("{from} has a new clearing account, {} at {}", account.account, account.bank);
    Ok(Decision::nothing().event(Event::BankAccountKnown { account }).alarm(alarm))
}

/// ISO 20022: Max140Text, Max34Text; CNAPS codes have 12 digits.
fn fault(account: &BankAccount) -> Option<&'static str> {
    let fits = |text: &str, most: usize| (1..=most).contains(&text.chars().count()) && text.trim() == text;
    let is_number = |byte: u8| byte.is_ascii_alphanumeric();
    if !fits(&account.name, 140) || account.name.chars().any(char::is_control) {
        Some("name")
    } else if !fits(&account.account, 34) || !account.account.bytes().all(is_number) {
        Some("account")
    } else if account.bank.len() != 12 || !account.bank.bytes().all(|byte| byte.is_ascii_digit()) {
        Some("bank")
    } else {
        None
    }
}
