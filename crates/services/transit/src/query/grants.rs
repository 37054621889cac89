//! Grants of model P.

use huitong_kernel::division::Division;
use huitong_kernel::time::Instant;
use huitong_service_kit::{StoreError, View, params};
use uuid::Uuid;

use super::Text;
use crate::model::rider::AccountToken;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub grant: Uuid,
    /// The city whose code it is, and the city that pays.
    pub network: Division,
    pub home: Division,
    pub account: AccountToken,
    pub is_granted: bool,
    pub expiry: Instant,
}

/// The grant of a token.
pub fn of_account(view: View<'_>, account: &AccountToken) -> Result<Option<Grant>, StoreError> {
    view.one(
        "SELECT grant_id, network, home, state, expiry FROM code_grant WHERE account = ?1",
        params![account.0],
        |row| {
            Ok(Grant {
                grant: row.get::<_, Text<Uuid>>(0)?.0,
                network: row.get::<_, Text<Division>>(1)?.0,
                home: row.get::<_, Text<Division>>(2)?.0,
                account: *account,
                is_granted: row.get::<_, String>(3)? == "granted",
                expiry: Instant(row.get(4)?),
            })
        },
    )
}
