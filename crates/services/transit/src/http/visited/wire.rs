//! What several endpoints share.

use huitong_kernel::division::Division;
use huitong_kernel::time::Instant;
use huitong_service_kit::Refusal;
use huitong_service_kit::http::{Body, Caller, PageQuery, Problem};
use serde::Serialize;
use serde_json::value::RawValue;

use super::super::{TransitEdge, problem};
use crate::command::{Command, Reply};
use crate::model::rider::Rider;
use crate::{Transit, refusal};

/// A version that was taken.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Published {
    pub name: String,
    pub version: u32,
}

/// Publishes; the same version with the same content again is answered alike.
pub async fn publish<T>(
    edge: &TransitEdge,
    command: Command,
    caller: &Caller,
    body: &Body<T, Transit>,
) -> Result<Published, Problem> {
    match edge.edge.ask_here(command, caller, body.request).await? {
        Reply::Published { name, version } => Ok(Published { name, version }),
        other => unreachable!("a publication was wished for: {other:?}"),
    }
}

/// A published document, as it was sent.
pub fn raw(text: String) -> Result<Box<RawValue>, huitong_service_kit::StoreError> {
    Ok(RawValue::from_string(text)?)
}

/// RFC 3339. A `+` that a query has turned into a space is one again.
pub fn moment(field: &str, text: &str) -> Result<Instant, Problem> {
    Instant::parse(&text.replace(' ', "+")).filter(is_of_our_time).ok_or_else(|| problem(&refusal::invalid(field)))
}

/// Between 1970 and 2100: days can be told.
fn is_of_our_time(at: &Instant) -> bool {
    (0..4_102_444_800_000).contains(&at.0)
}

pub fn check_length(field: &str, text: &str, limit: usize) -> Result<(), Problem> {
    if (1..=limit).contains(&text.chars().count()) { Ok(()) } else { Err(problem(&refusal::invalid(field))) }
}

/// A rider in lists: the issuer and the last four digits of the account.
pub fn masked(rider: &Rider) -> String {
    let account = rider.account().to_string();
    let (issuer, number) = account.split_at(8);
    format!("{issuer}****{}", &number[number.len() - 4..])
}

pub fn limit(page: &PageQuery) -> Result<usize, Problem> {
    page.limit().map_err(|refusal| problem(&refusal))
}

/// The cursor of a page, or the refusal of one that this node did not give.
pub fn cursor<T>(after: Option<&str>, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Problem> {
    let malformed = || {
        let kind = huitong_service_kit::http::kit_refusals::PAGE_MALFORMED;
        problem(&Refusal::at_field(kind.with("field", "after"), "after"))
    };
    after.map(|text| read(text).ok_or_else(malformed)).transpose()
}

/// `NETWORK/NAME/VERSION`
pub fn version_cursor(text: &str) -> Option<(Division, String, u32)> {
    let (network, rest) = text.split_once('/')?;
    let (name, version) = rest.rsplit_once('/')?;
    Some((network.parse().ok()?, name.to_owned(), version.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_show_no_more_of_a_rider_than_a_clerk_needs_to_tell_two_apart() {
        let rider = Rider(*b"\x99\x31\0\0\0\0\x31\0\0\0\0\0\x12\x34\0\0\0\0\0\0\0\x07");
        assert_eq!(masked(&rider), "99310000****1234");
    }

    #[test]
    fn a_moment_may_come_through_a_query() {
        let eight = moment("at", "2026-11-24T10:00:00 08:00").expect("a moment");
        assert_eq!(eight, moment("at", "2026-11-24T02:00:00Z").expect("a moment"));
        assert!(moment("at", "+009999-01-01T00:00:00Z").is_err() && moment("at", "today").is_err());
    }
}
