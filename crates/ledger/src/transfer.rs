//! A transfer: an amount moved from a credited to a debited account, at once or in two phases.

use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_kernel::uuid_id;
use serde::{Deserialize, Serialize};

use crate::account::AccountCode;

uuid_id!(
    /// Of a transfer.
    TransferId
);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    pub id: TransferId,
    pub debit: AccountCode,
    pub credit: AccountCode,
    /// More than zero.
    pub amount_fen: Fen,
    #[serde(default, skip_serializing_if = "Phase::is_single")]
    pub phase: Phase,
}

/// How a transfer takes effect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// At once.
    #[default]
    Single,
    /// Reserved until it is posted or voided, by the deadline at the latest.
    Pending { deadline: Instant },
    /// Ends a reservation: `amount_fen` of it is taken, the rest released.
    Post { pending: TransferId },
    /// Ends a reservation: all of it is released.
    Void { pending: TransferId },
}

impl Phase {
    pub fn is_single(&self) -> bool {
        *self == Phase::Single
    }
}

impl Transfer {
    pub fn single(id: TransferId, debit: AccountCode, credit: AccountCode, amount_fen: Fen) -> Transfer {
        Transfer { id, debit, credit, amount_fen, phase: Phase::Single }
    }

    /// Of an amount that may go either way: a negative one goes the other way, of nothing there is no transfer.
    pub fn either_way(id: TransferId, debit: AccountCode, credit: AccountCode, amount_fen: Fen) -> Option<Transfer> {
        match amount_fen {
            Fen::ZERO => None,
            amount if amount.is_negative() => Some(Transfer::single(id, credit, debit, -amount)),
            amount => Some(Transfer::single(id, debit, credit, amount)),
        }
    }

    /// The contra: the same amount the other way.
    pub fn reversed(&self, id: TransferId) -> Transfer {
        Transfer::single(id, self.credit.clone(), self.debit.clone(), self.amount_fen)
    }
}
