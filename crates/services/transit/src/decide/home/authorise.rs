//! Authorisations (fields 1 to 15 of a code), model U.

use huitong_service_kit::{Context, Decision, View};

use crate::Transit;
use crate::command::AuthoriseWish;
use crate::decide::Decided;

pub fn decide(_transit: &Transit, _view: View<'_>, _wish: &AuthoriseWish, _context: &mut Context<'_>) -> Decided {
    Ok(Decision::nothing())
}
