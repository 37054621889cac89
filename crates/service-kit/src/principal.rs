//! Who calls.

use std::collections::BTreeSet;
use std::sync::Arc;

/// A participant's system or a person of it, authenticated by the edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Stable id, for instance `cashier-3@H31010100001`.
    pub id: String,
    /// The participant on whose behalf it acts: institution code, pool code, operator name.
    pub participant: String,
    /// Permissions such as `medical.settle`, from the principal's roles.
    pub permissions: Arc<BTreeSet<String>>,
}

impl Principal {
    /// The node itself: timers, the region profile, the command line beside the data folder.
    pub fn node() -> Principal {
        Principal { id: "node".to_owned(), participant: "node".to_owned(), permissions: Arc::default() }
    }

    pub fn may(&self, permission: &str) -> bool {
        self.permissions.contains(permission)
    }
}
