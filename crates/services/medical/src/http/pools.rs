//! GET /v1/medical/pools and GET /v1/medical/pools/{pool}/asks: core systems of pools, and what waits for them

use axum::Json;
use axum::extract::State;
use huitong_kernel::division::Division;
use huitong_service_kit::http::{Page, PageQuery, Path, Problem, Query};
use huitong_service_kit::{Stop, View};
use serde::Serialize;
use uuid::Uuid;

use super::MedicalEdge;
use super::wire::problem;
use crate::model::message::CallReference;
use crate::pool::ask::{Owed, PoolComputing, Step};
use crate::pool::posts::PostsInVain;
use crate::query::pools::{self, OpenAsk, OpenCounts};
use crate::refusal;

/// A pool that has, or had, a core system of its own.
#[derive(Serialize, utoipa::ToSchema)]
pub struct PoolItem {
    #[schema(value_type = String)]
    pub pool: Division,
    /// Whether its core system computes; otherwise this node does.
    pub core_system_computes: bool,
    /// Whether `node.toml` names its endpoint. Without one nothing is posted, and what is open waits.
    pub has_endpoint: bool,
    /// Signs its answers.
    pub public_key: String,
    /// Questions without their answer, by step.
    pub at_call: u64,
    /// Of them: nobody knows whether the pool has settled.
    pub at_query: u64,
    pub at_reverse: u64,
    /// When the oldest of them was asked; RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest_at: Option<String>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct Pools {
    pub items: Vec<PoolItem>,
}

/// A question to a core system that has no answer yet. No personal data.
#[derive(Serialize, utoipa::ToSchema)]
pub struct PoolAskItem {
    pub ask: Uuid,
    /// What was asked first: the last part of the address.
    pub call: String,
    /// What is posted now: `call` itself, `query`, or `reverse`.
    pub step: Step,
    /// RFC 3339, UTC.
    pub asked_at: String,
    /// The node of treatment that waits for it.
    #[schema(value_type = String)]
    pub visited: Division,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub institution: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// `mdtrt_id`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visit: Option<String>,
    /// What is to be taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settlement: Option<String>,
    /// Posts of this step that brought nothing, since the member that answers was started.
    pub posts_in_vain: u32,
    /// RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_post_at: Option<String>,
    /// Why the last one brought nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_fault: Option<String>,
}

fn pool_item(view: View<'_>, computing: PoolComputing) -> Result<PoolItem, Stop> {
    let OpenCounts { at_call, at_query, at_reverse } = pools::count_by_step(view, computing.pool)?;
    let oldest = pools::waiting(view, computing.pool, None, 1)?.pop();
    Ok(PoolItem {
        pool: computing.pool,
        core_system_computes: computing.delegated,
        has_endpoint: computing.has_endpoint,
        public_key: computing.public_key.to_string(),
        at_call,
        at_query,
        at_reverse,
        oldest_at: oldest.map(|open| open.ask.asked_at.to_string()),
    })
}

fn ask_item(open: OpenAsk, posts: &PostsInVain) -> PoolAskItem {
    let OpenAsk { ask, step, .. } = open;
    let (in_vain, call) = (posts.of(ask.ask), ask.owed.call().cloned());
    let (institution, message_id) =
        call.map(|CallReference { institution, message_id }| (institution, message_id)).unzip();
    let settlement = match &ask.owed {
        Owed::TakeBack { settlement, .. } => Some(settlement.clone()),
        _ => None,
    };
    PoolAskItem {
        ask: ask.ask,
        call: ask.owed.path().to_owned(),
        step,
        asked_at: ask.asked_at.to_string(),
        visited: ask.asker.jurisdiction,
        institution,
        message_id,
        visit: ask.owed.booked_for().map(|(number, _)| number.to_owned()),
        settlement,
        posts_in_vain: in_vain.as_ref().map_or(0, |known| known.posts),
        last_post_at: in_vain.as_ref().map(|known| known.last_at.to_string()),
        last_fault: in_vain.map(|known| known.fault),
    }
}

/// Pools (统筹区) whose core system computes, or has computed: who computes now, and how much waits for the core system.
#[utoipa::path(get, path = "/v1/medical/pools", tag = "medical",
    responses((status = 200, body = Pools), (status = "4XX", body = Problem)))]
pub async fn list_pools(State(edge): State<MedicalEdge>) -> Result<Json<Pools>, Problem> {
    let read = |view: View<'_>| {
        let items = pools::all(view)?.into_iter().map(|computing| pool_item(view, computing));
        Ok(Pools { items: items.collect::<Result<_, _>>()? })
    };
    Ok(Json(edge.read(read).await?))
}

/// What a pool's core system has not answered, the oldest first: since when, and how often it was posted in vain.
#[utoipa::path(get, path = "/v1/medical/pools/{pool}/asks", tag = "medical", params(("pool" = String, Path), PageQuery),
    responses((status = 200, body = Page<PoolAskItem>), (status = "4XX", body = Problem)))]
pub async fn list_pool_asks(
    State(edge): State<MedicalEdge>,
    Path(pool): Path<Division>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<PoolAskItem>>, Problem> {
    let limit = page.limit().map_err(|refusal| problem(&refusal))?;
    let after: Option<Uuid> = page.after.as_deref().and_then(|after| after.parse().ok());
    if page.after.is_some() && after.is_none() {
        return Err(problem(
            &huitong_service_kit::http::kit_refusals::PAGE_MALFORMED.with("field", "after").at_field("after"),
        ));
    }
    let service = edge.stream.service().clone();
    let items = edge
        .read(move |view| {
            pools::computing(view, pool)?.ok_or_else(|| refusal::POOL_NOT_OURS.with("pool", pool))?;
            let open = pools::waiting(view, pool, after, limit + 1)?;
            Ok(open.into_iter().map(|open| ask_item(open, service.posts())).collect())
        })
        .await?;
    Ok(Json(Page::of(items, limit, |item: &PoolAskItem| item.ask.to_string())))
}
