//! A whole region in one deterministic process: the production core under every fault we could think of.
//!
//! [`plan`] says what will happen, drawn from a seed. [`world`] plays it: [`serving`] clients and writers, [`traffic`]
//! parcels between nodes, [`faults`] what goes wrong, [`malice`] a peer that lies. [`check`] and the [`workload`]s say what
//! must hold. [`disk`] and [`vfs`] are the disks, [`database`] the server of a shared journal, [`network`] the lines.
//! [`shrink`] makes a failing plan small. A seed gives the same run on every machine.

pub mod check;
pub mod client;
pub mod coverage;
pub mod database;
pub mod disk;
pub mod faults;
pub mod inspect;
pub mod malice;
pub mod network;
pub mod plan;
pub mod process;
pub mod region;
pub mod serving;
pub mod shrink;
pub mod stream;
pub mod traffic;
pub mod vfs;
pub mod workload;
pub mod world;

use huitong_kernel::hash::Digest;

use coverage::Coverage;
use plan::Plan;
use world::{Failure, World};

/// The plan of a seed.
pub fn plan(seed: u64) -> Plan {
    Plan::draw(seed, workload::all().len())
}

/// Plays a plan; `loud` prints every step. A panic of the core is a finding like any other.
pub fn play(plan: &Plan, loud: bool) -> Result<(Coverage, Digest), Failure> {
    let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| World::new(plan.seed, loud).play(plan)));
    played.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        let what = format!("a panic: {}", text.unwrap_or_else(|| "of unknown kind".to_owned()));
        Err(Failure { step: 0, at: Default::default(), what })
    })
}
