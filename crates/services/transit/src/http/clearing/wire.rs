//! What several endpoints share.

use huitong_kernel::clearing::Period;
use huitong_service_kit::Refusal;
use huitong_service_kit::http::{PageQuery, Problem, kit_refusals};

use super::super::problem;
use crate::refusal;

pub fn limit(page: &PageQuery) -> Result<usize, Problem> {
    page.limit().map_err(|refusal| problem(&refusal))
}

pub fn period(text: &str) -> Result<Period, Problem> {
    text.parse().map_err(|_| problem(&refusal::invalid("period")))
}

/// The parts of a cursor, joined by `/`; empty ones for the first page.
pub fn parts<const N: usize>(after: Option<&str>) -> Result<[String; N], Problem> {
    let Some(text) = after else { return Ok(std::array::from_fn(|_| String::new())) };
    let parts: Vec<String> = text.split('/').map(str::to_owned).collect();
    parts.try_into().map_err(|_| {
        let refusal = kit_refusals::PAGE_MALFORMED.with("field", "after");
        problem(&Refusal::at_field(refusal, "after"))
    })
}
