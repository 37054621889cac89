//! Whose networks a caller may see.

use huitong_kernel::division::Division;
use huitong_service_kit::{Principal, Stop, View};

use crate::query::dated;
use crate::refusal;

/// The permission to look at all networks of the node, not only at those of the caller's own organisation.
const ALL_NETWORKS: &str = "transit.all_networks.read";

/// An operator sees its own networks; auditors and clearing clerks all of the node.
pub fn check_network(view: View<'_>, caller: &Principal, network: Division) -> Result<(), Stop> {
    let (_, operator) = dated::owner(view, network)?.ok_or_else(|| refusal::NETWORK_UNKNOWN.refuse())?;
    check_operator(caller, &operator)
}

pub fn check_operator(caller: &Principal, operator: &str) -> Result<(), Stop> {
    if caller.participant == operator || caller.may(ALL_NETWORKS) {
        return Ok(());
    }
    Err(refusal::NOT_THE_OPERATOR.refuse().into())
}
