//! The records behind a trip against its claim: they are those of the claim, every code verifies from its received bytes under the key
//! set that its record names, at the gate's time, and says what the claim says.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_service_kit::{StoreError, View};
use huitong_transit_code::chain::Checked;
use huitong_transit_code::code::Code;
use huitong_transit_code::record::{TapRecord, field_text};

use crate::decide::claim;
use crate::model::evidence::{EvidenceState, ShownRecord};
use crate::model::rider::{AccountToken, Rider};
use crate::model::tap::{Direction, TapKey};
use crate::model::trip::{TapEvidence, TripFinal};
use crate::query::home_trips::HomeTrip;
use crate::query::{accounts, dated};
use crate::verify::{self, Verified};

/// What the records say.
pub enum Look {
    /// With what is wrong; empty if the trip is genuine.
    Found(EvidenceState, String),
    /// Nothing yet: this tap's record names a version of the key set that is not held. It may be under way from its keeper.
    LacksKeySet(TapKey, u32),
}

fn not_verified(finding: String) -> Look {
    Look::Found(EvidenceState::NotVerified, finding)
}

/// What the records say of the trip as it stands.
pub fn look(view: View<'_>, trip: &HomeTrip, records: &[ShownRecord]) -> Result<Look, StoreError> {
    let claim = trip.content()?;
    if !claim::has_its_taps(&claim) {
        return Ok(not_verified("its taps are not of its kind".to_owned()));
    }
    let mut erased = None;
    let mut held = Vec::new();
    for tap in &claim.taps {
        match of_claim(tap, records) {
            Ok(Some(bytes)) => held.push((tap, bytes)),
            Ok(None) => erased = Some(&tap.key),
            Err(finding) => return Ok(not_verified(finding)),
        }
    }
    let newest = dated::key_set(view)?.map_or(0, |set| set.version);
    let version = |bytes: &[u8]| TapRecord::parse(bytes).map_or(0, |record| record.key_set_version);
    if let Some((tap, bytes)) =
        held.iter().max_by_key(|(_, bytes)| version(bytes)).filter(|(_, bytes)| version(bytes) > newest)
    {
        return Ok(Look::LacksKeySet(tap.key.clone(), version(bytes)));
    }
    let bytes: Vec<&[u8]> = held.iter().map(|(_, bytes)| bytes.as_slice()).collect();
    let mut has_type = false;
    for ((tap, bytes), outcome) in held.iter().zip(verify::again(view, claim.network, &bytes)?) {
        let verified = match outcome {
            Ok(verified) => verified,
            Err(reason) => {
                return Ok(not_verified(format!("the code of tap {} does not verify: {}", tap.key, reason.name())));
            }
        };
        has_type |= verified.code.account_type == claim.account_type;
        if let Some(field) = differs(view, trip, &claim, tap, bytes, &verified)? {
            return Ok(not_verified(format!("the record of tap {} does not say what is claimed: {field}", tap.key)));
        }
    }
    if let Some(tap) = erased {
        return Ok(Look::Found(EvidenceState::Erased, format!("the record of tap {tap} was erased")));
    }
    // That of the tap which the claim began with: a later one may be under another authorisation.
    if !has_type {
        return Ok(not_verified("no code has the account type that is claimed".to_owned()));
    }
    Ok(Look::Found(EvidenceState::Genuine, String::new()))
}

/// The bytes that the claim's hash is of; none if they were erased.
fn of_claim(tap: &TapEvidence, records: &[ShownRecord]) -> Result<Option<Vec<u8>>, String> {
    let held = records.iter().find(|held| held.tap == tap.key);
    let held = held.ok_or_else(|| format!("there is no record of tap {}", tap.key))?;
    let Some(text) = &held.record else { return Ok(None) };
    let bytes = STANDARD.decode(text).unwrap_or_default();
    if Digest(TapRecord::hash(&bytes)) == tap.hash {
        Ok(Some(bytes))
    } else {
        Err(format!("the record of tap {} is not the one that is claimed", tap.key))
    }
}

/// The first thing of which record or code says something else than the claim.
fn differs(
    view: View<'_>,
    trip: &HomeTrip,
    claim: &TripFinal,
    tap: &TapEvidence,
    bytes: &[u8],
    verified: &Verified,
) -> Result<Option<&'static str>, StoreError> {
    let Ok(record) = TapRecord::parse(bytes) else { return Ok(Some("layout")) };
    let code = &verified.code;
    let token = AccountToken::new(&code.account);
    let (gate, key) = (field_text(&record.gate), &tap.key);
    let named = (gate, record.epoch, record.sequence) == (Some(key.gate.as_str()), key.epoch, key.sequence);
    let checks = [
        ("gate and number", named),
        ("direction", Direction::from(record.direction) == tap.direction),
        ("line", record.line == tap.line),
        ("time", verify::effective(&record) == tap.at),
        ("deny list", (record.deny_sequence, record.deny_age_s) == (tap.deny_sequence, tap.deny_age_s)),
        ("generation time", code.generation_time == tap.generated),
        ("replay key", Digest(code.replay_key) == tap.replay_key),
        ("account and ticket", Rider::new(token, code.ticket_number) == claim.rider),
        ("city of the account", token.is_granted() || verified.city == claim.home),
        ("limit", claim.limit_fen <= Fen(i64::from(code.limit_fen))),
    ];
    if let Some((field, _)) = checks.into_iter().find(|(_, holds)| !holds) {
        return Ok(Some(field));
    }
    if record.station != tap.station && is_known(view, claim, record.station)? {
        return Ok(Some("station"));
    }
    Ok((!is_phones(view, trip, &record, code)?).then_some("phone"))
}

/// Whether every map of the network has the station: in the place of one that a map did not know the city takes its gate's own.
fn is_known(view: View<'_>, claim: &TripFinal, station: u32) -> Result<bool, StoreError> {
    let maps = dated::maps_of(view, claim.network)?;
    Ok(maps.iter().all(|map| map.stations.iter().any(|known| known.id == station)))
}

/// Whether the phone is one for which home gave an authorisation to this account, or asked a grant: under model P the visited city signs
/// the authorisation itself, and only the phone's key is not its own.
fn is_phones(view: View<'_>, trip: &HomeTrip, record: &TapRecord<'_>, code: &Checked) -> Result<bool, StoreError> {
    match Code::parse(record.code) {
        Ok(read) => accounts::has_phone(view, &trip.account, &read.user_key()),
        // The other layout: home's own issuer has signed it.
        Err(_) => Ok(!AccountToken::new(&code.account).is_granted()),
    }
}
