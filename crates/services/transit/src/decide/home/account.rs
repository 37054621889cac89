//! Opening, closing and paying into accounts.

use huitong_kernel::money::Fen;
use huitong_service_kit::{Context, Decision, View};

use super::{debt, deny, own_account};
use crate::accounts::Postings;
use crate::command::{AccountWish, Reply};
use crate::decide::{Decided, finalise::merge, own_city};
use crate::event::{Event, PaymentBooked};
use crate::model::rider::AccountToken;
use crate::query::{accounts, dated};
use crate::refusal;

/// Limits of accounts and payments are themselves limited: a slip of the finger is refused. Field 9 holds 16 777 215 fen.
const LIMIT_MAX: Fen = Fen(10_000_000);
const PAYMENT_MAX: Fen = Fen(10_000_000);
/// Networks that a rider opens at most.
const NETWORKS_MAX: usize = 100;
/// Characters of a payment's reference at most.
pub const REFERENCE_MAX: usize = 64;

/// Opens an account of an own city, or changes its limits.
pub fn open(view: View<'_>, wish: AccountWish, context: &mut Context<'_>) -> Decided {
    own_city(context, wish.city, "city")?;
    let set = dated::key_set(view)?;
    let issuer = set.as_ref().and_then(|set| set.issuer(wish.account.issuer()));
    let issuer = issuer.filter(|issuer| issuer.city == wish.city);
    let Some(issuer) = issuer.filter(|_| wish.account.is_decimal() && !wish.account.is_granted()) else {
        return Err(refusal::invalid("account").into());
    };
    if !issuer.account_types.contains(&wish.account_type) {
        // Gates would refuse its codes.
        return Err(refusal::invalid("account_type").into());
    }
    let limits = [
        ("trip_limit", wish.trip_limit_fen),
        ("day_limit", wish.day_limit_fen),
        ("unpaid_limit", wish.unpaid_limit_fen),
    ];
    if let Some((field, _)) = limits.iter().find(|(_, limit)| !(Fen::ZERO..=LIMIT_MAX).contains(limit)) {
        return Err(refusal::invalid(field).into());
    }
    if wish.networks.len() > NETWORKS_MAX {
        return Err(refusal::TOO_MANY.with("limit", NETWORKS_MAX).at_field("networks").into());
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

/// Closes an account: nothing more is authorised, and while an authorisation of it may be alive the deny list holds it.
/// What it owes it goes on owing, and trips that come in late are charged to it.
pub fn close(view: View<'_>, account: AccountToken, context: &mut Context<'_>) -> Decided {
    let known = own_account(view, &account, context)?;
    let reply = Decision::reply(Reply::Account { account });
    if !known.is_open {
        return Ok(reply);
    }
    let mut decision = reply.event(Event::AccountClosed { account });
    merge(&mut decision, deny::account(view, &account, deny::CLOSED, true, context)?);
    Ok(decision)
}

/// A rider has paid; debts that it covers, oldest first, are settled. A debt is settled as a whole.
pub fn pay(
    view: View<'_>,
    account: AccountToken,
    amount: Fen,
    reference: String,
    context: &mut Context<'_>,
) -> Decided {
    let known = own_account(view, &account, context)?;
    if !(Fen(1)..=PAYMENT_MAX).contains(&amount) {
        return Err(refusal::invalid("amount").into());
    }
    if reference.is_empty() || reference.chars().count() > REFERENCE_MAX {
        return Err(refusal::invalid("reference").into());
    }
    if !known.is_open && known.unpaid_fen == Fen::ZERO {
        return Err(refusal::ACCOUNT_CLOSED.refuse().into());
    }
    if accounts::has_payment(view, &account, &reference)? {
        return Err(refusal::PAYMENT_KNOWN.refuse().at_field("reference").into());
    }
    let owed = accounts::debts(view, &account)?;
    let (settled, left) = debt::covered(&owed, known.balance_fen + amount);
    let paid: Fen = settled.iter().map(|debt| debt.amount_fen).sum();
    let mut postings = Postings::new(context);
    postings.payment(&account, amount);
    postings.settle_debt(&account, paid);
    let transfers = postings.transfers;
    let is_free = settled.len() == owed.len();
    let booked = PaymentBooked { account, reference, amount_fen: amount, settled, transfers };
    let reply = Reply::Paid { balance_fen: left, unpaid_fen: known.unpaid_fen - paid };
    let mut decision = Decision::reply(reply).event(Event::PaymentBooked(booked));
    if is_free {
        merge(&mut decision, deny::account(view, &account, deny::DEBT, false, context)?);
    }
    Ok(decision)
}
