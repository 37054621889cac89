//! The home side: riders' accounts, authorisations and grants, debts, the own deny list, completions, invoices.

pub mod account;
pub mod authorise;
pub mod complete;
pub mod debt;
pub mod deny;
pub mod grant;
pub mod invoice;
pub mod limits;

use huitong_service_kit::{Context, Stop, View};

use crate::model::rider::AccountToken;
use crate::query::accounts::{self, Account};
use crate::refusal;

/// A rider's account of the caller; another operator's, and a token of model P, are unknown to it.
fn own_account(view: View<'_>, account: &AccountToken, context: &Context<'_>) -> Result<Account, Stop> {
    let known = accounts::account(view, account)?;
    let own = known.filter(|known| known.participant == context.principal.participant && known.parent.is_none());
    Ok(own.ok_or_else(|| refusal::ACCOUNT_UNKNOWN.refuse().at_field("account"))?)
}
