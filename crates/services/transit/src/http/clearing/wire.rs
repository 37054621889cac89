//! What several endpoints share.

use huitong_kernel::clearing::Period;
use huitong_service_kit::http::{PageQuery, Problem};

use super::super::problem;
use crate::refusal;

pub fn limit(page: &PageQuery) -> Result<usize, Problem> {
    page.limit().map_err(|refusal| problem(&refusal))
}

pub fn period(text: &str) -> Result<Period, Problem> {
    text.parse().map_err(|_| problem(&refusal::invalid("period")))
}

pub fn parts<const N: usize>(page: &PageQuery) -> Result<[String; N], Problem> {
    page.parts().map_err(|refusal| problem(&refusal))
}
