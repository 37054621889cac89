//! Periods: cut, stated, confirmed document by document, closed for ever.

use huitong_kernel::division::Division;
use huitong_service_kit::{Context, Decision, View};

use crate::decide::Decided;
use crate::model::settlement::PeriodStatement;

pub fn close(_view: View<'_>, _period: String, _context: &mut Context<'_>) -> Decided {
    Ok(Decision::nothing())
}

pub fn take(_view: View<'_>, _statement: PeriodStatement, _from: Division, _context: &mut Context<'_>) -> Decided {
    Ok(Decision::nothing())
}

pub fn take_answer(
    _view: View<'_>,
    _period: String,
    _creditor: Division,
    _debtor: Division,
    _confirmed: bool,
    _from: Division,
) -> Decided {
    Ok(Decision::nothing())
}
