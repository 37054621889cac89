//! What home checks of a claim before it pays: what it authorised itself, the codes used, its deny list, the fare (§3, §9).
//!
//! A claim does not carry the bytes of its codes: here home compares it with what it gave out. Signatures it verifies where it asks for
//! the records (`evidence`).

use base64::Engine as _;
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{DurationMs, Instant, days_since_epoch};
use huitong_service_kit::{Context, StoreError, View};

use super::charge::Charging;
use super::home::authorise::certificate_of;
use super::home::limits::EXPIRY_MAX;
use super::publish::keeper;
use super::{claimed_fare, node_of};
use crate::Transit;
use crate::model::contest::ContestReason;
use crate::model::deny::DenyClass;
use crate::model::parameters::Parameters;
use crate::model::tap::Direction;
use crate::model::trip::{TapEvidence, TripFinal, TripKind};
use crate::query::accounts::{self, Account, Cover};
use crate::query::grants::{self, Grant};
use crate::query::{dated, deny, home_trips};

/// Why home does not owe what is claimed, with the evidence.
pub type Fault = (ContestReason, String);

/// Older trips need a clerk's release.
const AGE_DAYS_MAX: i64 = 90;
/// A gate's clock and that of the authorisation may differ by so much (the largest `skew_s`).
const SKEW: DurationMs = DurationMs::seconds(120);
/// A gate's clock, cut to seconds and corrected afterwards, may make the age of its list differ by so much.
const AGE_DIFFERS_S: i64 = 300;

/// What is wrong with a claim on an account; `None` if home owes it.
pub fn fault(
    transit: &Transit,
    view: View<'_>,
    trip: &TripFinal,
    account: &Account,
    charging: &mut Charging,
    context: &Context<'_>,
) -> Result<Option<Fault>, StoreError> {
    if trip.id_of_taps() != trip.trip_id {
        return not_verified("the trip's id is not the hash of its taps");
    }
    if let Some(fault) = travel(transit, view, trip, account, charging, context)? {
        return Ok(Some(fault));
    }
    if days_since_epoch(trip.travel_day) < days_since_epoch(trip.booking_day) - AGE_DAYS_MAX {
        return Ok(Some((ContestReason::TooLate, format!("travelled on {}", trip.travel_day))));
    }
    if let Some(evidence) = other_type(view, trip, account)? {
        return Ok(Some((ContestReason::FareWrong, evidence)));
    }
    fare(transit, view, trip, context)
}

/// Whether nothing that may stand behind the first tap was given to an account of the type that is claimed: discounts go by it.
fn other_type(view: View<'_>, trip: &TripFinal, account: &Account) -> Result<Option<String>, StoreError> {
    let Some(tap) = trip.taps.first() else { return Ok(None) };
    let is_own = trip.rider.account() == account.account;
    let grant = if is_own { None } else { granted(view, trip)? };
    let covers = covers(view, trip, tap, account, grant.as_ref())?;
    let fits = |cover: &Cover| cover.account_type.is_none_or(|known| known == trip.account_type);
    Ok((!covers.iter().any(fits)).then(|| format!("no authorisation has the account type {}", trip.account_type)))
}

/// The fare by the pack that the trip names.
pub fn fare(
    transit: &Transit,
    view: View<'_>,
    trip: &TripFinal,
    context: &Context<'_>,
) -> Result<Option<Fault>, StoreError> {
    let wrong = claimed_fare::wrong_fare(transit, view, trip, context.directory)?;
    Ok(wrong.map(|evidence| (ContestReason::FareWrong, evidence)))
}

/// Whether the account's rider can have travelled so: its city, its taps, what was authorised, codes used once, not denied.
pub fn travel(
    transit: &Transit,
    view: View<'_>,
    trip: &TripFinal,
    account: &Account,
    charging: &mut Charging,
    context: &Context<'_>,
) -> Result<Option<Fault>, StoreError> {
    if account.city != trip.home {
        return Ok(Some((ContestReason::NoAccount, format!("no account of {}", trip.home))));
    }
    if !has_its_taps(trip) || !trip.is_of_our_days(context.now.business_date()) {
        return not_verified("its taps are not of its kind and days");
    }
    let is_own = trip.rider.account() == account.account;
    let grant = if is_own { None } else { granted(view, trip)? };
    if !is_own && grant.is_none() {
        return not_verified("no such grant");
    }
    if trip.charge_fen() > trip.limit_fen {
        return Ok(Some((ContestReason::OverLimit, format!("limit {}", trip.limit_fen))));
    }
    let age_limit_s = deny_age_limit_s(transit, view, trip)?;
    for tap in &trip.taps {
        let covers = covers(view, trip, tap, account, grant.as_ref())?;
        let Some(limit) = covers.iter().map(|cover| cover.limit_fen).max() else {
            return not_verified(&format!("nothing authorised covers tap {} of {}", tap.key, tap.at));
        };
        if tap.key == trip.taps[0].key && trip.limit_fen > limit {
            return Ok(Some((ContestReason::OverLimit, format!("authorised {limit}"))));
        }
        if let Some(fault) = code_used(view, trip, tap, charging)? {
            return Ok(Some(fault));
        }
        if let Some(evidence) = denied_before(view, trip, tap, &covers, age_limit_s, context)? {
            return Ok(Some((ContestReason::DeniedBefore, evidence)));
        }
    }
    Ok(None)
}

fn not_verified(evidence: &str) -> Result<Option<Fault>, StoreError> {
    Ok(Some((ContestReason::NotVerified, evidence.to_owned())))
}

/// As many taps as such a trip has, each the way it goes.
pub fn has_its_taps(trip: &TripFinal) -> bool {
    let directions: Vec<Direction> = trip.taps.iter().map(|tap| tap.direction).collect();
    match trip.kind {
        TripKind::Paired => matches!(directions[..], [Direction::In | Direction::Boarding, Direction::Out]),
        TripKind::EntryOnly => directions == [Direction::In],
        TripKind::ExitOnly => directions == [Direction::Out],
        TripKind::SingleTap => directions == [Direction::Boarding],
    }
}

/// Model P: the grant that the trip names, if it is the token's, for this network, and was given.
fn granted(view: View<'_>, trip: &TripFinal) -> Result<Option<Grant>, StoreError> {
    let grant = trip.grant.map(|grant| grants::grant(view, grant)).transpose()?.flatten();
    Ok(grant.filter(|grant| {
        grant.account == trip.rider.account()
            && grant.network == trip.network
            && grant.role != "visited"
            && grant.state == "granted"
    }))
}

/// What home gave out that may stand behind a tap: it ends after the tap, and not later than anything that was alive then. A
/// code says when its authorisation ends, not when it began.
fn covers(
    view: View<'_>,
    trip: &TripFinal,
    tap: &TapEvidence,
    account: &Account,
    grant: Option<&Grant>,
) -> Result<Vec<Cover>, StoreError> {
    let (from, to) = (tap.at + DurationMs(-SKEW.0), tap.at + EXPIRY_MAX + SKEW);
    let Some(grant) = grant else { return accounts::authorisations_ending(view, &account.account, from, to) };
    // Entered under a grant that ends, left under its successor: each tap is under some grant of the token.
    let is_first = trip.taps.first().is_some_and(|first| first.key == tap.key);
    let is_covered = if is_first {
        (from..=to).contains(&grant.expiry)
    } else {
        grants::covers(view, &grant.account, grant.network, from, to)?
    };
    Ok(if is_covered { vec![cover_of(grant)] } else { Vec::new() })
}

/// The limit of the code that the trip began with, by what home gave out: never above what is claimed as the limit.
pub fn limit(view: View<'_>, trip: &TripFinal, account: &Account) -> Result<Fen, StoreError> {
    let grant = trip.grant.map(|grant| grants::grant(view, grant)).transpose()?.flatten();
    let limits = match (grant, trip.taps.first()) {
        (Some(grant), _) => Some(grant.limit_fen),
        (None, Some(tap)) => covers(view, trip, tap, account, None)?.into_iter().map(|cover| cover.limit_fen).max(),
        (None, None) => None,
    };
    Ok(limits.map_or(trip.limit_fen, |limit| limit.min(trip.limit_fen)))
}

/// Platform and certificate as the granted code bears them; those of a code that cannot be read are on no list.
fn cover_of(grant: &Grant) -> Cover {
    let text = grant.authorisation.as_deref().unwrap_or_default();
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap_or_default();
    let certificate: Option<&[u8; 117]> = bytes.get(3..120).and_then(|bytes| bytes.try_into().ok());
    Cover {
        limit_fen: grant.limit_fen,
        platform: bytes.get(150..154).map(hex::encode).unwrap_or_default(),
        certificate: certificate.map(|bytes| hex::encode(certificate_of(bytes))).unwrap_or_default(),
        account_type: Some(bytes.get(154).copied().unwrap_or_default()),
    }
}

/// A code opens once per direction, at whatever city (J8).
fn code_used(
    view: View<'_>,
    trip: &TripFinal,
    tap: &TapEvidence,
    charging: &mut Charging,
) -> Result<Option<Fault>, StoreError> {
    let direction = tap.direction.number();
    let before = home_trips::code_use(view, tap.replay_key, direction)?;
    if let Some(other) = before.filter(|other| *other != trip.trip_id)
        && !has_let_go(view, trip, other, charging)?
    {
        return Ok(Some((ContestReason::Duplicate, format!("code used by trip {other}"))));
    }
    let is_new = charging.used.insert((tap.replay_key, direction));
    Ok((!is_new).then(|| (ContestReason::Duplicate, "code used twice".to_owned())))
}

/// Whether the other trip is one of the same rider there that an adjustment has made free: two proved to be one, which has the
/// taps of both.
fn has_let_go(view: View<'_>, trip: &TripFinal, other: Digest, charging: &Charging) -> Result<bool, StoreError> {
    let Some(known) = home_trips::trip(view, other)? else { return Ok(false) };
    let is_free = charging.freed.contains(&other) || (known.adjusts > 0 && known.charge_fen == Fen::ZERO);
    let content = known.content()?;
    Ok(is_free && (content.rider, content.network) == (trip.rider, trip.network))
}

/// Risk rule (b): accepted under a list that was too old while the newest one had the account; or under one that had it. How
/// old a list was is told by its number: its home knows when it was made.
fn denied_before(
    view: View<'_>,
    trip: &TripFinal,
    tap: &TapEvidence,
    covers: &[Cover],
    limit_s: i64,
    context: &Context<'_>,
) -> Result<Option<String>, StoreError> {
    // Platforms are on the keeper's list, of which the claim does not tell the age: a gate's had it by then, or was too old.
    let long_before = Instant(tap.at.0 - limit_s * 1_000);
    if let Some(since) = all_listed(view, keeper(context), DenyClass::Platform, covers, long_before)? {
        return Ok(Some(format!("the platform of every code is denied as of {since}")));
    }
    // The list is that of the issuer's home: under model P that of the visited city, whose code it is.
    let token = trip.rider.account();
    let city = dated::city_of_issuer(view, token.issuer())?.unwrap_or(trip.home);
    let Some(list) = node_of(context, city) else { return Ok(None) };
    let certificate = all_listed(view, list, DenyClass::Certificate, covers, tap.at)?;
    let since = deny::denied_since(view, list, &token, tap.at)?.into_iter().chain(certificate).min();
    let Some(since) = since else { return Ok(None) };
    let second = |at: Instant| at.0.div_euclid(1_000);
    let as_of = deny::as_of(view, list, tap.deny_sequence)?;
    let age_s = as_of.map(|as_of| second(tap.at) - second(as_of));
    let had_it = as_of.is_some_and(|as_of| as_of >= since);
    let was_stale = age_s.is_none_or(|age_s| age_s > limit_s);
    let differs = age_s.is_some_and(|age_s| (age_s - i64::from(tap.deny_age_s)).abs() > AGE_DIFFERS_S);
    Ok((had_it || was_stale || differs).then(|| {
        let age = age_s.map_or("unknown here".to_owned(), |age_s| format!("{age_s} s old"));
        let TapEvidence { key, deny_sequence, deny_age_s, .. } = tap;
        format!("denied as of {since}; gate {key} applied list {deny_sequence} of age {deny_age_s} s, which was {age}")
    }))
}

/// Since when no code that may stand behind the tap was free of the list: none, if one is.
fn all_listed(
    view: View<'_>,
    list: Division,
    kind: DenyClass,
    covers: &[Cover],
    at: Instant,
) -> Result<Option<Instant>, StoreError> {
    let mut last = None;
    for cover in covers {
        let key = if kind == DenyClass::Platform { &cover.platform } else { &cover.certificate };
        let Some(since) = deny::listed_since(view, list, kind, key, at)? else { return Ok(None) };
        last = last.max(Some(since));
    }
    Ok(last)
}

/// The age limit of deny lists by the map that the claim names: a city may be stricter than the region, never laxer at home's expense.
/// A later map says nothing of taps that were made before it.
fn deny_age_limit_s(transit: &Transit, view: View<'_>, trip: &TripFinal) -> Result<i64, StoreError> {
    let region_h = Parameters::default().deny_age_limit_h;
    let map = dated::map(transit, view, trip.network, trip.pack.network_version)?;
    Ok(i64::from(map.map_or(region_h, |map| map.map.parameters.deny_age_limit_h.min(region_h))) * 3_600)
}
