//! What several endpoints of the home side share.

use huitong_kernel::time::Instant;
use huitong_service_kit::http::{Caller, Problem, Yuan};
use huitong_service_kit::{Principal, Stop, View};
use serde::Serialize;

use super::super::problem;
use super::super::visited::wire::moment;
use crate::model::rider::AccountToken;
use crate::query::accounts::{self, Account, Debt};
use crate::refusal;

/// The permission to look at the riders of all operators of the node.
const ALL_RIDERS: &str = "transit.all_networks.read";

/// An account of the caller; another operator's, and a token of model P, are unknown to it.
pub fn own_account(view: View<'_>, account: &AccountToken, caller: &Principal) -> Result<Account, Stop> {
    let known = accounts::account(view, account)?.filter(|known| known.parent.is_none());
    let own = known.filter(|known| known.participant == caller.participant);
    Ok(own.ok_or_else(|| refusal::ACCOUNT_UNKNOWN.refuse())?)
}

/// An account whose rides the caller may see: its own; clearing clerks and auditors see all of the node.
pub fn visible_account(view: View<'_>, account: &AccountToken, caller: &Principal) -> Result<Account, Stop> {
    if !caller.may(ALL_RIDERS) {
        return own_account(view, account, caller);
    }
    let known = accounts::account(view, account)?.filter(|known| known.parent.is_none());
    Ok(known.ok_or_else(|| refusal::ACCOUNT_UNKNOWN.refuse())?)
}

/// Calls that must not have their effect twice bear an `Idempotency-Key`.
pub fn check_key(caller: &Caller) -> Result<(), Problem> {
    caller.key().map(|_| ()).ok_or_else(|| problem(&refusal::IDEMPOTENCY_KEY_MISSING.refuse()))
}

/// So many bytes in hexadecimal.
pub fn bytes<const LENGTH: usize>(field: &str, text: &str) -> Result<[u8; LENGTH], Problem> {
    let mut bytes = [0; LENGTH];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| problem(&refusal::invalid(field)))?;
    Ok(bytes)
}

pub fn expiry(text: Option<&str>) -> Result<Option<Instant>, Problem> {
    text.map(|text| moment("expiry", text)).transpose()
}

/// What could not be paid (欠费).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DebtWire {
    /// The trip or the adjustment.
    pub debt: String,
    pub amount: Yuan,
    pub since: String,
    /// How often it was tried again.
    pub attempts: u32,
    /// `open` or `listed`: the account is denied until it is paid
    pub state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_retry: Option<String>,
}

impl From<Debt> for DebtWire {
    fn from(debt: Debt) -> DebtWire {
        DebtWire {
            debt: debt.debt,
            amount: debt.amount_fen.into(),
            since: debt.since.to_string(),
            attempts: debt.attempts,
            state: debt.state,
            next_retry: debt.next_retry.map(|at| at.to_string()),
        }
    }
}
