//! A member of a stream: the one that leads, or one that follows and is ready to lead. With the journal in the member's own
//! file there is no other, and it always leads.

use std::sync::Arc;

use huitong_kernel::time::DurationMs;

use crate::error::StoreError;
use crate::group::{Committed, GroupCommitter, Logic, Outcomes};
use crate::shared::LeaseState;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Decides and appends.
    Leading,
    /// Takes over what the leader appends; answers reads.
    Following,
}

/// What a turn brought.
pub struct Turn<T> {
    pub outcomes: Outcomes<T>,
    pub committed: Option<Committed>,
    /// The role changed in this turn.
    pub changed: bool,
    /// Why this member stepped down, or cannot follow.
    pub fault: Option<Arc<StoreError>>,
}

pub struct Member<L: Logic> {
    committer: GroupCommitter<L>,
    role: Role,
    eligible: Eligible,
}

/// Whether this member may lead now: one that only follows never may; streams that belong together are led by one member.
pub type Eligible = Box<dyn Fn() -> bool + Send>;

impl<L: Logic> Member<L> {
    /// A member on its own file leads at once; one on a shared journal follows until it has the lease.
    pub fn new(mut committer: GroupCommitter<L>, eligible: Eligible) -> Member<L> {
        let role = if committer.shared().is_some() { Role::Following } else { Role::Leading };
        Member { committer, role, eligible }
    }

    pub fn role(&self) -> Role {
        self.role
    }

    pub fn committer(&self) -> &GroupCommitter<L> {
        &self.committer
    }

    /// Whether turns are needed without works: to renew, to follow, to take over.
    pub fn is_shared(&mut self) -> bool {
        self.committer.shared().is_some()
    }

    /// One turn: keeps the role or changes it, then processes the works if this member leads.
    pub fn turn(&mut self, uptime: DurationMs, works: Vec<L::Work>) -> Turn<L::Outcome> {
        let before = self.role;
        let fault = self.keep_role(uptime).err().map(Arc::new);
        if self.role == Role::Following {
            let error = Arc::new(StoreError::NotLeading);
            let outcomes = works.iter().map(|_| Err(Arc::clone(&error))).collect();
            return Turn { outcomes, committed: None, changed: before != self.role, fault };
        }
        if works.is_empty() {
            return Turn { outcomes: Vec::new(), committed: None, changed: before != self.role, fault };
        }
        let (outcomes, committed) = self.committer.run(works);
        let spoilt = outcomes.iter().find_map(|outcome| {
            let error = outcome.as_ref().err()?;
            matches!(**error, StoreError::Fenced | StoreError::Unknown(_)).then(|| Arc::clone(error))
        });
        if spoilt.is_some() {
            self.role = Role::Following;
        }
        Turn { outcomes, committed, changed: before != self.role, fault: fault.or(spoilt) }
    }

    fn keep_role(&mut self, uptime: DurationMs) -> Result<(), StoreError> {
        let eligible = (self.eligible)();
        if self.role == Role::Leading && !eligible && self.is_shared() {
            self.resign();
        }
        let Some(shared) = self.committer.shared() else { return Ok(()) };
        let (lease, table) = shared.lease();
        match self.role {
            Role::Leading if lease.is_due(uptime) => match lease.claim(table, uptime) {
                // A leader before this one may have woken up and appended where nothing was yet: that stands, and must not
                // wait until this one happens to append.
                Ok(true) => self.committer.catch_up().map(|_| ()),
                Ok(false) => {
                    self.role = Role::Following;
                    Err(StoreError::Fenced)
                }
                Err(error) => {
                    // An insert of unknown outcome may have used the next number: look before trying again.
                    let _ = lease.look(table, uptime);
                    if lease.has_run_out(uptime) {
                        self.role = Role::Following;
                    }
                    Err(error)
                }
            },
            Role::Leading => Ok(()),
            Role::Following => {
                let state = lease.look(table, uptime)?;
                self.committer.catch_up()?;
                if state != LeaseState::Theirs && eligible { self.take_lead(uptime) } else { Ok(()) }
            }
        }
    }

    /// The lease first; then everything that was appended before it; then a second renewal, which is durable only when all
    /// that was read is.
    fn take_lead(&mut self, uptime: DurationMs) -> Result<(), StoreError> {
        for _ in 0..2 {
            let Some(shared) = self.committer.shared() else { return Ok(()) };
            let (lease, table) = shared.lease();
            if !lease.claim(table, uptime)? {
                return Ok(());
            }
            self.committer.catch_up()?;
        }
        self.role = Role::Leading;
        Ok(())
    }

    /// Until when this member leads if it hears nothing more, in uptime.
    pub fn leads_until(&mut self) -> DurationMs {
        match (self.role, self.committer.shared()) {
            (Role::Following, _) => DurationMs(i64::MIN),
            (Role::Leading, None) => DurationMs(i64::MAX),
            (Role::Leading, Some(shared)) => shared.lease().0.runs_out(),
        }
    }

    /// Gives the lease back, so that another member need not wait for it to run out.
    pub fn resign(&mut self) {
        if self.role == Role::Leading
            && let Some(shared) = self.committer.shared()
        {
            let (lease, table) = shared.lease();
            // Without an answer the lease runs out by itself.
            let _ = lease.give_back(table);
            self.role = Role::Following;
        }
    }

    /// Who leads, as far as this member knows; `None` without a shared journal.
    pub fn leader(&mut self) -> Option<String> {
        self.committer.shared()?.lease().0.holder().map(str::to_owned)
    }
}
