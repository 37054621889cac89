//! Orders of an operator (`ServiceState`): stations closed, gates opened, gates at fault, for a span of time.

use huitong_kernel::division::Division;
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
    /// Whether the order speaks of this place and moment.
    pub fn covers(&self, station: StationId, line: LineId, gate: &str, at: Instant) -> bool {
        self.from <= at
            && at < self.to
            && self.station.is_none_or(|ordered| ordered == station)
            && self.line.is_none_or(|ordered| ordered == line)
            && self.gate.as_ref().is_none_or(|ordered| ordered == gate)
    }
}
