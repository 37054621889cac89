//! GET /v1/transit/accounts and /v1/transit/accounts/{account}

use axum::Json;
use axum::extract::State;
use huitong_kernel::division::Division;
use huitong_service_kit::http::{Caller, Page, PageQuery, Path, Problem, Query, Yuan};
use serde::Serialize;

use super::super::TransitEdge;
use super::super::visited::wire::{cursor, limit};
use super::wire::{DebtWire, own_account};
use crate::model::deny::DenyEntry;
use crate::model::rider::AccountToken;
use crate::query::accounts::{self, Account};
use crate::query::deny;

/// An account as lists show it.
#[derive(Serialize, utoipa::ToSchema)]
pub struct AccountItem {
    #[schema(value_type = String)]
    pub account: AccountToken,
    #[schema(value_type = String)]
    pub city: Division,
    /// `open` or `closed`
    pub state: &'static str,
    pub account_type: u8,
    pub trip_limit: Yuan,
    pub day_limit: Yuan,
    pub unpaid_limit: Yuan,
    #[schema(value_type = Vec<String>)]
    pub networks: Vec<Division>,
    /// Paid in and not used.
    pub balance: Yuan,
    pub unpaid: Yuan,
}

impl From<Account> for AccountItem {
    fn from(account: Account) -> AccountItem {
        AccountItem {
            account: account.account,
            city: account.city,
            state: if account.is_open { "open" } else { "closed" },
            account_type: account.account_type,
            trip_limit: account.trip_limit_fen.into(),
            day_limit: account.day_limit_fen.into(),
            unpaid_limit: account.unpaid_limit_fen.into(),
            networks: account.networks,
            balance: account.balance_fen.into(),
            unpaid: account.unpaid_fen.into(),
        }
    }
}

/// An account with all that the rider must know of it.
#[derive(Serialize, utoipa::ToSchema)]
pub struct AccountWire {
    #[serde(flatten)]
    pub item: AccountItem,
    /// Oldest first.
    pub debts: Vec<DebtWire>,
    /// Why gates refuse it; empty when they do not.
    pub denied: Vec<DeniedWire>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct DeniedWire {
    /// `debt`, `closed`, or the operator's own, such as `lost`
    pub cause: String,
    pub since: String,
}

/// The accounts of the caller's organisation, by number.
#[utoipa::path(get, path = "/v1/transit/accounts", tag = "transit", params(PageQuery),
    responses((status = 200, body = Page<AccountItem>), (status = "4XX", body = Problem)))]
pub async fn list_accounts(
    State(edge): State<TransitEdge>,
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<AccountItem>>, Problem> {
    let limit = limit(&page)?;
    let after = cursor(page.after.as_deref(), |text| text.parse().ok())?;
    let participant = caller.principal.participant;
    let found = edge.read(move |view| Ok(accounts::list(view, &participant, after, limit + 1)?)).await?;
    let items = found.into_iter().map(AccountItem::from).collect();
    Ok(Json(Page::of(items, limit, |item: &AccountItem| item.account.to_string())))
}

/// One account with its debts and with the causes for which it is denied.
#[utoipa::path(get, path = "/v1/transit/accounts/{account}", tag = "transit", params(("account" = String, Path)),
    responses((status = 200, body = AccountWire), (status = "4XX", body = Problem)))]
pub async fn get_account(
    State(edge): State<TransitEdge>,
    caller: Caller,
    Path(account): Path<AccountToken>,
) -> Result<Json<AccountWire>, Problem> {
    let read = edge.read(move |view| {
        let known = own_account(view, &account, &caller.principal)?;
        let causes = deny::causes(view, &DenyEntry::account(&account))?;
        let denied = causes.into_iter().map(|(cause, since)| DeniedWire { cause, since: since.to_string() });
        Ok(AccountWire {
            item: AccountItem::from(known),
            debts: accounts::debts(view, &account)?.into_iter().map(DebtWire::from).collect(),
            denied: denied.collect(),
        })
    });
    Ok(Json(read.await?))
}
