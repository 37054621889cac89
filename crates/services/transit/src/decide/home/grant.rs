//! Grants (拉取码), model P: home asks a visited city for its code.

use huitong_kernel::division::Division;
use huitong_service_kit::{Context, Decision, View};

use crate::Transit;
use crate::command::GrantWish;
use crate::decide::Decided;
use crate::model::message::{CodeAsk, CodeGrant};

pub fn ask(_transit: &Transit, _view: View<'_>, _wish: &GrantWish, _context: &mut Context<'_>) -> Decided {
    Ok(Decision::nothing())
}

pub fn answer(
    _transit: &Transit,
    _view: View<'_>,
    _ask: CodeAsk,
    _from: Division,
    _context: &mut Context<'_>,
) -> Decided {
    Ok(Decision::nothing())
}

pub fn held(_view: View<'_>, _grant: CodeGrant, _from: Division) -> Decided {
    Ok(Decision::nothing())
}
