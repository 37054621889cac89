//! J9, J10 and J12 of taps: the codes once more, from the bytes that are held (of those that were erased nothing can be said), at
//! the gate's time, under the versions of the tables that the record names.

use std::collections::BTreeMap;

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::time::Instant;
use huitong_service_kit::{StoreError, attachment, params};
use huitong_transit_code::Reason;
use huitong_transit_code::gate::FLAG_OVER_LIMIT;
use huitong_transit_code::record::TapRecord;

use super::{Audit, Place};
use crate::model::tap::TapKey;
use crate::query::{Text, dated, records};
use crate::verify;

/// Codes verified again at most, some seconds of work. Of more, the hash of its record decides whether one is: a fair sample, and the
/// same at every audit until more come.
pub const CODES_MAX: u64 = 2_000;

/// A tap that is looked at by its record.
struct Chosen {
    key: TapKey,
    hash: Digest,
    network: Division,
    /// Whether its code is verified.
    is_sample: bool,
    /// The limit of an entry or boarding that may lie below the provisional fare.
    limit: Option<(i64, Instant)>,
}

pub fn check(place: &Place<'_>, audit: &mut Audit) -> Result<(), StoreError> {
    for (entry, chosen) in chosen(place, audit)? {
        let records = records::of_entry(place.view, entry)?;
        if records.is_none() && attachment::is_erased(place.view, entry)? {
            continue;
        }
        let records: BTreeMap<Digest, Vec<u8>> = records.unwrap_or_default().into_iter().collect();
        let mut held = Vec::new();
        for tap in chosen {
            match records.get(&tap.hash) {
                Some(bytes) => held.push((tap, bytes)),
                None => audit.note("J9", tap.key, "the record held is not the one that was verified"),
            }
        }
        signatures(place, &held, audit)?;
        for (tap, bytes) in &held {
            covered(place, tap, bytes, audit)?;
        }
    }
    Ok(())
}

/// The sample, and every tap whose limit is below the highest fare that its network ever had, unless it was told when it was
/// taken; by the entries that hold them.
fn chosen(place: &Place<'_>, audit: &mut Audit) -> Result<BTreeMap<u64, Vec<Chosen>>, StoreError> {
    let view = place.view;
    // Of quarantined records the code is not believed anyway.
    let count = "SELECT COUNT(*) FROM tap WHERE rider IS NOT NULL AND state <> 3";
    audit.codes = view.one(count, [], |row| row.get(0))?.unwrap_or(0);
    let one_in = audit.codes.div_ceil(CODES_MAX).max(1);
    let mut chosen: BTreeMap<u64, Vec<Chosen>> = BTreeMap::new();
    view.each(
        "SELECT IFNULL(tap_release.entry, tap.entry), gate, epoch, sequence, hash, network, at, limit_fen,
             state IN (0, 1) AND direction IN (1, 3) AND flags & ?1 = 0
                 AND limit_fen < (SELECT MAX(max_fare_fen) FROM fare_pack WHERE fare_pack.network = tap.network)
         FROM tap LEFT JOIN tap_release USING (gate, epoch, sequence) WHERE rider IS NOT NULL AND state <> 3",
        [FLAG_OVER_LIMIT],
        |row| {
            let hash: [u8; 32] = row.get(4)?;
            let number = u64::from_be_bytes([hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]]);
            let (is_sample, is_low) = (number.is_multiple_of(one_in), row.get::<_, Option<bool>>(8)?.unwrap_or(false));
            if is_sample || is_low {
                let key = TapKey { gate: row.get(1)?, epoch: row.get(2)?, sequence: row.get(3)? };
                let limit = if is_low { Some((row.get(7)?, Instant(row.get(6)?))) } else { None };
                let network = row.get::<_, Text<Division>>(5)?.0;
                let tap = Chosen { key, hash: Digest(hash), network, is_sample, limit };
                chosen.entry(row.get(0)?).or_default().push(tap);
            }
            Ok(())
        },
    )?;
    Ok(chosen)
}

/// J9 and J10.
fn signatures(place: &Place<'_>, held: &[(Chosen, &Vec<u8>)], audit: &mut Audit) -> Result<(), StoreError> {
    let sample: Vec<_> = held.iter().filter(|(tap, _)| tap.is_sample).collect();
    let Some((first, _)) = sample.first() else { return Ok(()) };
    let bytes: Vec<&[u8]> = sample.iter().map(|(_, bytes)| bytes.as_slice()).collect();
    let found = verify::again(place.view, first.network, &bytes)?;
    for ((tap, _), found) in sample.into_iter().zip(found) {
        audit.codes_verified += 1;
        match found {
            Ok(_) => {}
            Err(reason @ (Reason::CodeExpired | Reason::CodeFuture)) => {
                audit.note("J10", &tap.key, format!("the code was outside its time: {}", reason.name()));
            }
            Err(reason) => audit.note("J9", &tap.key, format!("the code does not verify: {}", reason.name())),
        }
    }
    Ok(())
}

/// J12: at an entry, field 9 covers the provisional fare of the pack that the gate had; of a pack that is not known, of the one
/// in force.
fn covered(place: &Place<'_>, tap: &Chosen, bytes: &[u8], audit: &mut Audit) -> Result<(), StoreError> {
    let (Some((limit, at)), Ok(record)) = (tap.limit, TapRecord::parse(bytes)) else { return Ok(()) };
    let Some(map) = dated::current_map(place.transit, place.view, tap.network)? else { return Ok(()) };
    let day = map.map.parameters.business_day(at);
    let recorded = place.view.one(
        "SELECT MIN(max_fare_fen) FROM fare_pack WHERE network = ?1 AND version = ?2 AND valid_from <= ?3",
        params![tap.network.as_str(), record.fare_pack_version, day.to_string()],
        |row| row.get::<_, Option<i64>>(0),
    )?;
    let in_force = || dated::in_force(place.view, tap.network, day).map(|pack| pack.map(|pack| pack.max_fare.0));
    let Some(fare) = recorded.flatten().map_or_else(in_force, |fare| Ok(Some(fare)))? else { return Ok(()) };
    if limit < fare {
        audit.note("J12", &tap.key, format!("entered with a limit of {limit}, the provisional fare was {fare}"));
    }
    Ok(())
}
