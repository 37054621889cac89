//! Pagination by an opaque cursor: `?limit=50&after=…`, never by offset, so that lists stay stable while they grow.

use serde::{Deserialize, Serialize};

use super::kit_refusals;
use crate::refusal::Refusal;

pub const PAGE_SIZE_DEFAULT: usize = 50;
pub const PAGE_SIZE_MAX: usize = 200;

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// Items wanted, 1 to 200 (default 50).
    pub limit: Option<usize>,
    /// The `next` of the page before.
    pub after: Option<String>,
}

#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Pass it as `after` for the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl PageQuery {
    pub fn limit(&self) -> Result<usize, Refusal> {
        match self.limit.unwrap_or(PAGE_SIZE_DEFAULT) {
            limit @ 1..=PAGE_SIZE_MAX => Ok(limit),
            _ => Err(kit_refusals::PAGE_MALFORMED.with("field", "limit").at_field("limit")),
        }
    }
}

impl PageQuery {
    /// The parts of a cursor, joined by `/`; empty ones for the first page.
    pub fn parts<const N: usize>(&self) -> Result<[String; N], Refusal> {
        let Some(text) = &self.after else { return Ok(std::array::from_fn(|_| String::new())) };
        let parts: Vec<String> = text.split('/').map(str::to_owned).collect();
        parts.try_into().map_err(|_| kit_refusals::PAGE_MALFORMED.with("field", "after").at_field("after"))
    }
}

impl<T> Page<T> {
    /// A page from up to `limit + 1` items; the surplus one shows that there is more.
    pub fn of(mut items: Vec<T>, limit: usize, cursor: impl Fn(&T) -> String) -> Page<T> {
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(cursor) } else { None };
        Page { items, next }
    }
}
