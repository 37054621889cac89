//! The home side: riders' accounts, authorisations and grants, debts, the own deny list, completions.

pub mod account;
pub mod authorise;
pub mod debt;
pub mod deny;
pub mod grant;

use huitong_kernel::hash::Digest;
use huitong_service_kit::{Context, Decision, View};

use super::Decided;
use crate::model::network::StationId;
use crate::model::rider::AccountToken;

/// A rider says where a single-sided trip began or ended.
pub fn complete(
    _view: View<'_>,
    _trip: Digest,
    _account: AccountToken,
    _station: StationId,
    _context: &mut Context<'_>,
) -> Decided {
    Ok(Decision::nothing())
}

pub fn completion_refused(_view: View<'_>, _trip: Digest, _code: String) -> Decided {
    Ok(Decision::nothing())
}
