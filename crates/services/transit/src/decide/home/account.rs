//! Opening, closing and paying into accounts.

use huitong_kernel::money::Fen;
use huitong_service_kit::{Context, Decision, View};

use crate::accounts::Postings;
use crate::command::{AccountWish, Reply};
use crate::decide::{Decided, own_city};
use crate::event::{DebtSettled, Event, PaymentBooked};
use crate::model::rider::AccountToken;
use crate::query::{accounts, dated};
use crate::refusal;

/// Limits of accounts and payments are themselves limited: a slip of the finger is refused.
const LIMIT_MAX: Fen = Fen(10_000_000);
const PAYMENT_MAX: Fen = Fen(10_000_000);

/// Opens an account of an own city, or changes its limits.
pub fn open(view: View<'_>, wish: AccountWish, context: &mut Context<'_>) -> Decided {
    own_city(context, wish.city, "city")?;
    let issuer = dated::city_of_issuer(view, wish.account.issuer())?;
    if issuer != Some(wish.city) || !wish.account.is_decimal() || wish.account.is_granted() {
        return Err(refusal::invalid("account").into());
    }
    let limits = [
        ("trip_limit_fen", wish.trip_limit_fen),
        ("day_limit_fen", wish.day_limit_fen),
        ("unpaid_limit_fen", wish.unpaid_limit_fen),
    ];
    if let Some((field, _)) = limits.iter().find(|(_, limit)| !(Fen::ZERO..=LIMIT_MAX).contains(limit)) {
        return Err(refusal::invalid(field).into());
    }
    let participant = context.principal.participant.clone();
    if let Some(known) = accounts::account(view, &wish.account)? {
        if known.participant != participant {
            return Err(refusal::ACCOUNT_EXISTS.refuse().into());
        }
        if !known.is_open {
            return Err(refusal::ACCOUNT_CLOSED.refuse().into());
        }
    }
    let reply = Reply::Account { account: wish.account };
    Ok(Decision::reply(reply).event(Event::AccountPut { participant, account: wish, parent: None }))
}

pub fn close(_view: View<'_>, _account: AccountToken, _context: &mut Context<'_>) -> Decided {
    Ok(Decision::nothing())
}

/// A rider has paid; debts that it covers, oldest first, are settled.
pub fn pay(
    view: View<'_>,
    account: AccountToken,
    amount: Fen,
    reference: String,
    context: &mut Context<'_>,
) -> Decided {
    let known = accounts::account(view, &account)?.ok_or_else(|| refusal::ACCOUNT_UNKNOWN.refuse())?;
    if known.participant != context.principal.participant {
        return Err(refusal::ACCOUNT_UNKNOWN.refuse().into());
    }
    if !(Fen(1)..=PAYMENT_MAX).contains(&amount) {
        return Err(refusal::invalid("amount").into());
    }
    let mut left = known.balance_fen + amount;
    let mut settled = Vec::new();
    for (debt, owed) in accounts::debts(view, &account)? {
        if owed > left {
            break;
        }
        left -= owed;
        settled.push(DebtSettled { debt, amount_fen: owed });
    }
    let paid: Fen = settled.iter().map(|debt| debt.amount_fen).sum();
    let mut postings = Postings::new(context);
    postings.payment(&account, amount);
    postings.settle_debt(&account, paid);
    let transfers = postings.transfers;
    let booked = PaymentBooked { account, reference, amount_fen: amount, settled, transfers };
    let reply = Reply::Paid { balance_fen: left, unpaid_fen: known.unpaid_fen - paid };
    Ok(Decision::reply(reply).event(Event::PaymentBooked(booked)))
}
