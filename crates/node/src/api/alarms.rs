//! GET /v1/node/alarms: what the duty officer should look at.

use axum::Json;
use axum::extract::State;
use huitong_kernel::feed::Address;
use huitong_kernel::time::Instant;
use huitong_service_kit::endpoint;
use huitong_service_kit::http::{Endpoint, Page, PageQuery, Problem, Query, kit_refusals};
use huitong_service_kit::stream::alarms::{Alarm, AlarmPlace, NEWEST};
use serde::{Deserialize, Serialize};

use super::status::NodeStatus;

/// A sentence for the duty officer, without personal data. The node's log has it too.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AlarmItem {
    pub stream: String,
    /// The journal's entry that gave it.
    pub sequence: u64,
    /// UTC milliseconds.
    #[schema(value_type = i64)]
    pub at: Instant,
    pub sentence: String,
    /// Its number among those of the entry.
    pub ordinal: u32,
}

pub fn endpoints() -> Vec<Endpoint<NodeStatus>> {
    vec![endpoint!("node.status.read", list_alarms)]
}

/// All alarms of the node's streams, newest first. None is ever closed: what it names shows whether it still stands.
#[utoipa::path(get, path = "/v1/node/alarms", tag = "node", params(PageQuery),
    responses((status = 200, body = Page<AlarmItem>), (status = "4XX", body = Problem)))]
pub async fn list_alarms(
    State(status): State<NodeStatus>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<AlarmItem>>, Problem> {
    let malformed = || Problem::kit(&kit_refusals::PAGE_MALFORMED);
    let limit = page.limit().map_err(|_| malformed())?;
    let after = page.after.as_deref().map(|text| cursor(text).ok_or_else(malformed)).transpose()?;
    let items = read(&status, after.as_ref(), limit + 1).map_err(|error| {
        tracing::error!(%error, "the alarms cannot be read");
        Problem::kit(&kit_refusals::STORAGE_FAILED)
    })?;
    Ok(Json(Page::of(items, limit, |item| format!("{}/{}/{}/{}", item.at.0, item.sequence, item.ordinal, item.stream))))
}

/// The place behind which a page begins, and the stream that it is of.
fn cursor(text: &str) -> Option<(AlarmPlace, Address)> {
    let mut parts = text.splitn(4, '/');
    let place = (Instant(parts.next()?.parse().ok()?), parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some((place, parts.next()?.parse().ok()?))
}

/// The newest first; of one moment by stream.
fn read(
    status: &NodeStatus,
    after: Option<&(AlarmPlace, Address)>,
    limit: usize,
) -> Result<Vec<AlarmItem>, huitong_store::StoreError> {
    let mut items = Vec::new();
    for port in status.streams.iter() {
        let before = match after {
            None => NEWEST,
            Some((place, of)) if port.home() == of => *place,
            // Streams before it have shown what they have of the moment, those behind it have not.
            Some(((at, ..), of)) if port.home() < of => (*at, 0, 0),
            Some(((at, ..), _)) => (*at, NEWEST.1, NEWEST.2),
        };
        let stream = port.home().to_string();
        items.extend(port.alarms(before, limit)?.into_iter().map(
            |Alarm { place: (at, sequence, ordinal), sentence }| AlarmItem {
                stream: stream.clone(),
                sequence,
                at,
                sentence,
                ordinal,
            },
        ));
    }
    // Streams come in order, and each newest first: a stable sort keeps that.
    items.sort_by_key(|item| std::cmp::Reverse(item.at));
    items.truncate(limit);
    Ok(items)
}
