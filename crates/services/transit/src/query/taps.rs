//! Taps: what is held, what is open.

use std::collections::BTreeMap;

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::time::Instant;
use huitong_service_kit::{StoreError, View, params};

use super::{Text, json};
use crate::model::rider::Rider;
use crate::model::tap::{Ride, TapKey, TapState};

/// A held record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldTap {
    pub hash: Digest,
    pub previous: Digest,
    pub state: TapState,
    pub rider: Option<Rider>,
    pub trip: Option<Digest>,
}

/// Held records of an epoch with numbers in `first..=last`.
pub fn held(
    view: View<'_>,
    gate: &str,
    epoch: u32,
    first: u64,
    last: u64,
) -> Result<BTreeMap<u64, HeldTap>, StoreError> {
    let rows = view.all(
        "SELECT sequence, hash, previous, state, rider, trip FROM tap
         WHERE gate = ?1 AND epoch = ?2 AND sequence BETWEEN ?3 AND ?4",
        params![gate, epoch, first, last],
        |row| {
            let state = TapState::from_number(row.get(3)?).unwrap_or(TapState::Impossible);
            let tap = HeldTap {
                hash: Digest(row.get(1)?),
                previous: Digest(row.get(2)?),
                state,
                rider: row.get::<_, Option<[u8; 22]>>(4)?.map(Rider),
                trip: row.get::<_, Option<[u8; 32]>>(5)?.map(Digest),
            };
            Ok((row.get(0)?, tap))
        },
    )?;
    Ok(rows.into_iter().collect())
}

/// The end of the run of held records that begins behind `from`.
pub fn run_end(view: View<'_>, gate: &str, epoch: u32, from: u64) -> Result<u64, StoreError> {
    let mut end = from;
    loop {
        let numbers = view.all(
            "SELECT sequence FROM tap WHERE gate = ?1 AND epoch = ?2 AND sequence > ?3 ORDER BY sequence LIMIT 1000",
            params![gate, epoch, end],
            |row| row.get::<_, u64>(0),
        )?;
        let run = numbers.iter().zip(end + 1..).take_while(|(number, expected)| **number == *expected).count();
        end += run as u64;
        if run < 1_000 {
            return Ok(end);
        }
    }
}

/// Who used a code in a direction.
pub fn code_use(view: View<'_>, replay_key: Digest, direction: u8) -> Result<Option<TapKey>, StoreError> {
    view.one(
        "SELECT gate, epoch, sequence FROM code_use WHERE replay_key = ?1 AND direction = ?2",
        params![replay_key.0, direction],
        |row| Ok(TapKey { gate: row.get(0)?, epoch: row.get(1)?, sequence: row.get(2)? }),
    )
}

/// A tap that matching looks at.
#[derive(Clone, Debug)]
pub struct OpenTap {
    pub ride: Ride,
    /// In a final trip already.
    pub fixed: bool,
}

/// A rider's open taps, at most `limit`.
pub fn open(view: View<'_>, network: Division, rider: &Rider, limit: usize) -> Result<Vec<OpenTap>, StoreError> {
    let rows = view.all(
        "SELECT text, fixed FROM open_tap WHERE network = ?1 AND rider = ?2 LIMIT ?3",
        params![network.as_str(), rider.0, limit as i64],
        |row| Ok((row.get::<_, String>(0)?, row.get(1)?)),
    )?;
    rows.into_iter().map(|(text, fixed)| Ok(OpenTap { ride: json(&text)?, fixed })).collect()
}

/// Riders whose next trip is due, longest due first.
pub fn due_riders(view: View<'_>, now: Instant, limit: usize) -> Result<Vec<(Division, Rider)>, StoreError> {
    view.all(
        "SELECT network, rider FROM open_rider WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2",
        params![now.0, limit as i64],
        |row| Ok((row.get::<_, Text<Division>>(0)?.0, Rider(row.get(1)?))),
    )
}
