//! The lease of a stream: which member leads. Kept in the same table under the stream's name with the prefix `lease:`, one
//! row a renewal, so that it needs nothing else of the engine and no clock that members would have to agree on.
//!
//! A member that sees no new row for [`LEASE_TIME`], by its own clock, may take the lease by inserting the next row; the
//! primary key lets one win. The lease decides who tries; what keeps two leaders apart is the fence of the journal itself.

use huitong_kernel::entry::Sequence;
use huitong_kernel::time::DurationMs;
use serde::{Deserialize, Serialize};

use super::{InsertError, Row, Table};
use crate::error::StoreError;

/// A lease that was not renewed for this long may be taken.
pub const LEASE_TIME: DurationMs = DurationMs::seconds(3);
/// A leader renews after this time.
pub const RENEW_AFTER: DurationMs = DurationMs(1_000);
/// Renewals kept in the table; older ones are forgotten now and then.
const RENEWALS_KEPT: Sequence = 100;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claim {
    /// Empty when the leader stopped in an orderly way.
    holder: String,
}

/// What is known of the lease after looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseState {
    /// This member holds it.
    Ours,
    /// Another member does, as far as one knows.
    Theirs,
    /// Nobody does: it was given back, it ran out, or never was.
    Free,
}

pub struct Lease {
    name: String,
    member: String,
    /// The last row seen and when it was first seen, in uptime.
    seen: Option<(Sequence, String, DurationMs)>,
    /// When the last renewal that went through was begun.
    renewed: DurationMs,
}

impl Lease {
    pub fn new(stream: &str, member: &str) -> Lease {
        Lease { name: format!("lease:{stream}"), member: member.to_owned(), seen: None, renewed: DurationMs(0) }
    }

    /// Who leads, as far as this member knows.
    pub fn holder(&self) -> Option<&str> {
        self.seen.as_ref().map(|(_, holder, _)| holder.as_str()).filter(|holder| !holder.is_empty())
    }

    /// Looks at the table.
    pub fn look(&mut self, table: &mut dyn Table, uptime: DurationMs) -> Result<LeaseState, StoreError> {
        let Some(row) = table.last(&self.name)? else { return Ok(LeaseState::Free) };
        let claim: Claim = serde_json::from_slice(&row.bytes)?;
        if self.seen.as_ref().is_none_or(|(sequence, ..)| *sequence != row.sequence) {
            self.seen = Some((row.sequence, claim.holder.clone(), uptime));
        }
        let since = self.seen.as_ref().map_or(uptime, |(_, _, since)| *since);
        Ok(if claim.holder == self.member {
            LeaseState::Ours
        } else if claim.holder.is_empty() || uptime.0 - since.0 > LEASE_TIME.0 {
            LeaseState::Free
        } else {
            LeaseState::Theirs
        })
    }

    /// Takes or renews the lease; `false` when another member was faster.
    pub fn claim(&mut self, table: &mut dyn Table, uptime: DurationMs) -> Result<bool, StoreError> {
        let member = self.member.clone();
        let claimed = self.write(table, &member)?;
        if claimed {
            self.renewed = uptime;
            if let Some((sequence, ..)) = self.seen
                && sequence % RENEWALS_KEPT == 0
            {
                table.forget(&self.name, sequence - RENEWALS_KEPT)?;
            }
        }
        Ok(claimed)
    }

    /// Whether it is time to renew.
    pub fn is_due(&self, uptime: DurationMs) -> bool {
        uptime.0 - self.renewed.0 >= RENEW_AFTER.0
    }

    /// When others may take it, unless it is renewed.
    pub fn runs_out(&self) -> DurationMs {
        DurationMs(self.renewed.0 + LEASE_TIME.0)
    }

    /// Whether others may take it by now.
    pub fn has_run_out(&self, uptime: DurationMs) -> bool {
        uptime >= self.runs_out()
    }

    /// Gives it back, so that another member leads at once.
    pub fn give_back(&mut self, table: &mut dyn Table) -> Result<(), StoreError> {
        self.write(table, "").map(|_| ())
    }

    /// One more durable row of this member: what it has read before is durable then, too.
    pub(super) fn confirm(&mut self, table: &mut dyn Table) -> Result<(), StoreError> {
        let member = self.member.clone();
        // Another member's claim does not make the rows that were read another's: their fate is told by the next catch-up.
        let lost = || StoreError::Unknown("another member took the lease meanwhile".to_owned());
        if self.write(table, &member)? { Ok(()) } else { Err(lost()) }
    }

    fn write(&mut self, table: &mut dyn Table, holder: &str) -> Result<bool, StoreError> {
        let next = self.seen.as_ref().map_or(0, |(sequence, ..)| *sequence) + 1;
        let bytes = serde_json::to_vec(&Claim { holder: holder.to_owned() })?;
        let row = Row { sequence: next, kind: "lease".to_owned(), bytes, chain: [0; 32], attachment: None };
        match table.insert(&self.name, &[row]) {
            Ok(()) => {
                self.seen = Some((next, holder.to_owned(), self.renewed));
                Ok(true)
            }
            Err(InsertError::Taken) => Ok(false),
            Err(InsertError::Refused(fault)) => Err(StoreError::Refused(fault)),
            // Perhaps it went through: the next look tells.
            Err(InsertError::Unknown(fault)) => Err(StoreError::Unknown(fault)),
        }
    }
}
