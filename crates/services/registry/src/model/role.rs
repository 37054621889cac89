//! Roles and the permissions they give.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// What a principal does in its organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 收费员
    Cashier,
    /// 医院信息科
    HospitalIt,
    /// 参保地经办
    PoolClerk,
    /// 政策管理
    PolicyOfficer,
    /// 审计
    Auditor,
    /// 节点运维
    Operator,
    /// 到访地运营方: maps, fares, gates, orders and trips of its own networks
    TransitOperator,
    /// 闸机系统: hands over taps, fetches tables
    GateSystem,
    /// 归属地运营方: riders' accounts, codes, payments, deny list
    HomeOperator,
    /// 清算经办: statements, contests, batches, payments between jurisdictions
    ClearingClerk,
    /// 城市规划: flows without persons
    CityPlanner,
    /// 密钥管理: the key set of ride codes
    KeyKeeper,
}

const CASHIER: &[&str] = &[
    "medical.eligibility.ask",
    "medical.filing.write",
    "medical.visit.write",
    "medical.quote",
    "medical.settle",
    "medical.settlement.read",
    "medical.settlement.cancel",
    "medical.reverse",
    "medical.call.read",
    "medical.national",
];
const HOSPITAL_IT: &[&str] =
    &["medical.catalogue.read", "medical.totals.read", "medical.national", "medical.reconcile"];
const POOL_CLERK: &[&str] = &[
    "medical.filing.write",
    "medical.filing.read",
    "medical.account.credit",
    "medical.prepayment.read",
    "medical.prepayment.write",
    "medical.pool.read",
    "medical.hospital.post",
    "medical.settlement.audit",
    "medical.totals.read",
    "medical.days.compare",
    "medical.policy.read",
    "registry.insured.write",
    "registry.insured.read",
];
const POLICY_OFFICER: &[&str] =
    &["medical.policy.publish", "medical.policy.read", "medical.catalogue.publish", "medical.catalogue.read"];
const AUDITOR: &[&str] = &[
    "medical.settlement.audit",
    "medical.filing.read",
    "medical.policy.read",
    "medical.catalogue.read",
    "medical.totals.read",
    "medical.pool.read",
    "registry.participant.read",
    "registry.insured.read",
    "registry.principal.read",
    "node.status.read",
    "transit.all_networks.read",
    "transit.fare.read",
    "transit.key_set.read",
    "transit.gate.read",
    "transit.tap.read",
    "transit.trip.read",
    "transit.totals.read",
    "transit.contest.read",
    "clearing.statement.read",
    "clearing.contest.read",
    "clearing.batch.read",
    "clearing.payment.read",
    "clearing.exposure.read",
];
const OPERATOR: &[&str] = &[
    "registry.participant.write",
    "registry.participant.read",
    "registry.principal.write",
    "registry.principal.read",
    "registry.key.write",
    "node.status.read",
    "medical.totals.read",
    "medical.pool.read",
    "transit.all_networks.read",
    "transit.gate.read",
    "transit.totals.read",
];
const TRANSIT_OPERATOR: &[&str] = &[
    "transit.map.publish",
    "transit.fare.publish",
    "transit.fare.read",
    "transit.gate.write",
    "transit.gate.read",
    "transit.order.write",
    "transit.tap.read",
    "transit.trip.read",
    "transit.trip.adjust",
    "transit.table.read",
];
const GATE_SYSTEM: &[&str] = &["transit.tap.write", "transit.table.read", "transit.fare.read"];
const HOME_OPERATOR: &[&str] = &[
    "transit.account.write",
    "transit.account.read",
    "transit.payment.write",
    "transit.authorise",
    "transit.grant.ask",
    "transit.deny.write",
    "transit.deny.read",
    "transit.completion.ask",
    "transit.ride.read",
    "transit.fare.read",
];
const CLEARING_CLERK: &[&str] = &[
    "transit.all_networks.read",
    "transit.totals.read",
    "transit.contest.write",
    "transit.contest.read",
    "transit.trip.read",
    "transit.ride.read",
    "clearing.statement.read",
    "clearing.statement.confirm",
    "clearing.period.close",
    "clearing.contest.read",
    "clearing.contest.write",
    "clearing.batch.read",
    "clearing.payment.read",
    "clearing.payment.write",
    "clearing.bank.write",
    "clearing.exposure.read",
    "clearing.exposure.write",
];
const CITY_PLANNER: &[&str] = &["transit.flow.read", "transit.fare.read"];
const KEY_KEEPER: &[&str] = &["transit.key_set.publish", "transit.key_set.read"];

impl Role {
    pub const ALL: [Role; 12] = [
        Role::Cashier,
        Role::HospitalIt,
        Role::PoolClerk,
        Role::PolicyOfficer,
        Role::Auditor,
        Role::Operator,
        Role::TransitOperator,
        Role::GateSystem,
        Role::HomeOperator,
        Role::ClearingClerk,
        Role::CityPlanner,
        Role::KeyKeeper,
    ];

    pub fn permissions(self) -> Vec<&'static str> {
        match self {
            Role::Cashier => CASHIER.to_vec(),
            Role::HospitalIt => [CASHIER, HOSPITAL_IT].concat(),
            Role::PoolClerk => POOL_CLERK.to_vec(),
            Role::PolicyOfficer => POLICY_OFFICER.to_vec(),
            Role::Auditor => AUDITOR.to_vec(),
            Role::Operator => OPERATOR.to_vec(),
            Role::TransitOperator => TRANSIT_OPERATOR.to_vec(),
            Role::GateSystem => GATE_SYSTEM.to_vec(),
            Role::HomeOperator => HOME_OPERATOR.to_vec(),
            Role::ClearingClerk => CLEARING_CLERK.to_vec(),
            Role::CityPlanner => CITY_PLANNER.to_vec(),
            Role::KeyKeeper => KEY_KEEPER.to_vec(),
        }
    }
}

/// All permissions of some roles.
pub fn permissions(roles: &[Role]) -> BTreeSet<String> {
    roles.iter().flat_map(|role| role.permissions()).map(str::to_owned).collect()
}
