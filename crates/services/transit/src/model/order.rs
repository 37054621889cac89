//! Orders of an operator (`ServiceState`): stations closed, gates opened, gates at fault, for a span of time.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::network::{LineId, StationId};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceOrder {
    pub order: Uuid,
    pub network: Division,
    /// Of the network's gates: all stations when neither is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub station: Option<StationId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<LineId>,
    /// Gate faults: only this gate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<String>,
    pub from: Instant,
    pub to: Instant,
    pub kind: OrderKind,
    /// Free exit: what open trips that can have ended here pay.
    pub rule: FreeExitRule,
    pub reason: String,
    /// 1 as it was given; an ending is the next version.
    #[serde(default = "first_version", skip_serializing_if = "is_first_version")]
    pub version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<OrderEnding>,
}

/// How an order was ended before its time. What was decided by it stands; from then on nothing more is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderEnding {
    /// Its end as it was given first.
    pub given_to: Instant,
    /// Taken back as a whole; else it ends at its new end.
    pub withdrawn: bool,
    pub reason: String,
}

fn first_version() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_first_version(version: &u32) -> bool {
    *version == first_version()
}

/// A final trip that a gate-fault order changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderedTrip {
    pub trip: Digest,
    pub adjust: Uuid,
    /// Against what was in force before.
    pub change_fen: Fen,
}

/// How far a gate-fault order was carried out: gates in the order of their names, at each the trips in the order of their ids, up
/// to this one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderCursor {
    pub gate: String,
    pub trip: Digest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// 免检放行
    FreeExit,
    /// 停止服务
    Closed,
    /// 设备故障: taps of the span lead to no charge.
    GateFault,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FreeExitRule {
    Zero,
    #[default]
    Minimum,
    /// The fare to the station.
    ToStation,
}

impl OrderKind {
    pub fn name(self) -> &'static str {
        match self {
            OrderKind::FreeExit => "free_exit",
            OrderKind::Closed => "closed",
            OrderKind::GateFault => "gate_fault",
        }
    }
}

impl ServiceOrder {
    /// Whether anything is decided by it any more.
    pub fn is_in_force(&self) -> bool {
        self.ending.as_ref().is_none_or(|ending| !ending.withdrawn)
    }

    /// Its end as it was given first: what was decided before it was ended is judged by this.
    pub fn given_to(&self) -> Instant {
        self.ending.as_ref().map_or(self.to, |ending| ending.given_to)
    }

    /// The next version: it ends at `to`, or is withdrawn where none is given.
    pub fn ended(&self, to: Option<Instant>, reason: String) -> ServiceOrder {
        let ending = OrderEnding { given_to: self.given_to(), withdrawn: to.is_none(), reason };
        ServiceOrder { to: to.unwrap_or(self.to), version: self.version + 1, ending: Some(ending), ..self.clone() }
    }

    /// Whether another version ends this one, and says nothing else.
    pub fn is_ended_by(&self, later: &ServiceOrder) -> bool {
        let Some(ending) = &later.ending else { return false };
        let to = (!ending.withdrawn).then_some(later.to);
        let same = ServiceOrder { version: later.version, to: later.to, ..self.ended(to, ending.reason.clone()) };
        self.is_in_force() && later.version > self.version && later.to <= self.to && *later == same
    }

    /// Whether the order speaks of this place and moment.
    pub fn covers(&self, station: StationId, line: LineId, gate: &str, at: Instant) -> bool {
        self.from <= at
            && at < self.to
            && self.station.is_none_or(|ordered| ordered == station)
            && self.line.is_none_or(|ordered| ordered == line)
            && self.gate.as_ref().is_none_or(|ordered| ordered == gate)
    }
}
