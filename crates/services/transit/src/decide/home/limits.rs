//! What an account may still authorise (§9). An authorisation that was issued stays good until it expires; therefore it is
//! short, and a new one is refused when the account is over a limit.

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_service_kit::{Context, Stop, View};
use huitong_transit_code::signature::Key;

use super::deny;
use crate::model::parameters::Parameters;
use crate::query::accounts::{self, Account};
use crate::refusal;

/// Huitong rules (§5.3): at most 7 days ahead, 3 where nothing is wished.
pub const EXPIRY_MAX: DurationMs = DurationMs::days(7);
const EXPIRY_DEFAULT: DurationMs = DurationMs::days(3);
/// Field 12: what gates accept at most (§5.2), and what the standard gives when nothing is wished.
pub const VALIDITY_MAX_S: u16 = 120;
pub const VALIDITY_DEFAULT_S: u16 = 30;
/// Authorisations and grants that an account is given within a day and that are alive. Home cannot know how many trips are
/// open at visited cities; every open trip needs one of these.
const ALIVE_MAX: u32 = 20;
const DAY: DurationMs = DurationMs::days(1);

/// Refuses what must not be authorised: the lowest limit that holds for the trip must cover the highest fare that the rider
/// can meet until the expiry, in each of the networks.
pub fn check(
    view: View<'_>,
    account: &Account,
    networks: &[Division],
    expiry: Instant,
    context: &Context<'_>,
) -> Result<(), Stop> {
    if !account.is_open {
        return Err(refusal::ACCOUNT_CLOSED.refuse().into());
    }
    if deny::is_denied(view, &account.account)? {
        return Err(refusal::DENIED.refuse().into());
    }
    let parameters = Parameters::default();
    let (today, last) = (parameters.business_day(context.now), expiry.business_date());
    for network in networks {
        let highest = accounts::highest_fare(view, *network, today, last)?;
        if let Some(fare) = highest.filter(|fare| *fare > account.trip_limit_fen) {
            return Err(refusal::LIMIT_TOO_LOW.with("network", network).with("fare", fare).into());
        }
    }
    let over = |which: &str| Err(refusal::ACCOUNT_LIMIT.with("which", which).into());
    let charged = accounts::charged_since(view, &account.account, parameters.day_begins(today))?;
    if charged + account.trip_limit_fen > account.day_limit_fen {
        return over("day_limit");
    }
    if account.unpaid_fen > Fen::ZERO && account.unpaid_fen >= account.unpaid_limit_fen {
        return over("unpaid_limit");
    }
    let since = Instant(context.now.0 - DAY.0);
    if accounts::live_authorisations(view, &account.account, since, context.now)? >= ALIVE_MAX {
        return over("authorisations");
    }
    Ok(())
}

/// When an authorisation ends, in whole seconds as codes say it.
pub fn expiry(wished: Option<Instant>, now: Instant) -> Result<Instant, Stop> {
    let expiry = wished.unwrap_or(now + EXPIRY_DEFAULT);
    if expiry <= now || expiry > now + EXPIRY_MAX {
        return Err(refusal::invalid("expiry").into());
    }
    Ok(Instant(expiry.0.div_euclid(1_000) * 1_000))
}

pub fn user_key(key: &[u8; 33]) -> Result<(), Stop> {
    Key::from_compressed(key).map(|_| ()).ok_or_else(|| refusal::invalid("user_key").into())
}
