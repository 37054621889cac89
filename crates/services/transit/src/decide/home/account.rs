//! Opening, closing and paying into accounts.

use huitong_kernel::money::Fen;
use huitong_service_kit::{Context, Decision, View};

use crate::command::AccountWish;
use crate::decide::Decided;
use crate::model::rider::AccountToken;

pub fn open(_view: View<'_>, _wish: AccountWish, _context: &mut Context<'_>) -> Decided {
    Ok(Decision::nothing())
}

pub fn close(_view: View<'_>, _account: AccountToken, _context: &mut Context<'_>) -> Decided {
    Ok(Decision::nothing())
}

pub fn pay(
    _view: View<'_>,
    _account: AccountToken,
    _amount: Fen,
    _reference: String,
    _context: &mut Context<'_>,
) -> Decided {
    Ok(Decision::nothing())
}
