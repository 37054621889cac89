//! What several endpoints share.

use huitong_kernel::clearing::Period;
use huitong_kernel::division::Division;
use huitong_service_kit::http::{PageQuery, Problem};

use super::problem;
use crate::refusal;

pub fn limit(page: &PageQuery) -> Result<usize, Problem> {
    page.limit().map_err(|refusal| problem(&refusal))
}

pub fn parts<const N: usize>(page: &PageQuery) -> Result<[String; N], Problem> {
    page.parts().map_err(|refusal| problem(&refusal))
}

pub fn period(text: &str) -> Result<Period, Problem> {
    text.parse().map_err(|_| problem(&refusal::invalid("period")))
}

pub fn division(text: &str, field: &str) -> Result<Division, Problem> {
    text.parse().map_err(|_| problem(&refusal::invalid(field)))
}

/// What is wrong with a bank's file, in both languages, with the path to the element.
pub fn file_fault(fault: &huitong_bank_files::Fault) -> Problem {
    let refusal = refusal::REPORT_INVALID.with("code", fault.code()).with("why", fault.english());
    problem(&refusal.with("why_zh", fault.chinese()).at_field(fault.path.clone()))
}
