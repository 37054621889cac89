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
];
const HOSPITAL_IT: &[&str] = &["medical.catalogue.read", "medical.totals.read"];
const POOL_CLERK: &[&str] = &[
    "medical.filing.write",
    "medical.filing.read",
    "medical.account.credit",
    "medical.settlement.audit",
    "medical.totals.read",
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
    "registry.participant.read",
    "registry.insured.read",
    "registry.principal.read",
    "node.status.read",
];
const OPERATOR: &[&str] = &[
    "registry.participant.write",
    "registry.participant.read",
    "registry.principal.write",
    "registry.principal.read",
    "registry.key.write",
    "node.status.read",
    "medical.totals.read",
];

impl Role {
    pub const ALL: [Role; 6] =
        [Role::Cashier, Role::HospitalIt, Role::PoolClerk, Role::PolicyOfficer, Role::Auditor, Role::Operator];

    pub fn permissions(self) -> Vec<&'static str> {
        match self {
            Role::Cashier => CASHIER.to_vec(),
            Role::HospitalIt => [CASHIER, HOSPITAL_IT].concat(),
            Role::PoolClerk => POOL_CLERK.to_vec(),
            Role::PolicyOfficer => POLICY_OFFICER.to_vec(),
            Role::Auditor => AUDITOR.to_vec(),
            Role::Operator => OPERATOR.to_vec(),
        }
    }
}

/// All permissions of some roles.
pub fn permissions(roles: &[Role]) -> BTreeSet<String> {
    roles.iter().flat_map(|role| role.permissions()).map(str::to_owned).collect()
}
