//! A stream of transit on a disk, driven in this thread: the production decisions, journal and views, without HTTP and exchange.

use std::path::Path;
use std::sync::Arc;

use huitong_kernel::division::Division;
use huitong_kernel::feed::Address;
use huitong_kernel::hash::HashFunction;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::Instant;
use huitong_service_kit::stream::logic::End;
use huitong_service_kit::stream::{ApiCall, ServiceLogic, Work};
use huitong_service_kit::{Directory, Principal, Service};
use huitong_store::group::GroupCommitter;
use huitong_transit::Transit;
use huitong_transit::command::{Command, Reply};

pub const NODE: &str = "310000";

/// Shanghai's node, and those of the riders.
struct Nodes;

impl Directory for Nodes {
    fn jurisdiction_of(&self, division: Division) -> Option<Division> {
        self.jurisdictions().into_iter().find(|province| province.contains(division))
    }

    fn jurisdictions(&self) -> Vec<Division> {
        [NODE, "320000", "330000", "340000"].iter().map(|code| code.parse().expect("a code")).collect()
    }
}

pub type Stream = GroupCommitter<ServiceLogic<Transit>>;

pub fn open(path: &Path) -> anyhow::Result<Stream> {
    let home = Address::new(NODE.parse().expect("a code"), Transit::NAME);
    let random = RandomSource::from_number(1);
    let logic = ServiceLogic::new(Arc::new(Transit::default()), home, HashFunction::Sha256, random, Arc::new(Nodes));
    Ok(GroupCommitter::open(path, HashFunction::Sha256, logic)?)
}

pub fn call(command: Command, now: Instant) -> Work<Command> {
    let principal = Principal { id: "bench".to_owned(), participant: "metro".to_owned(), permissions: Arc::default() };
    Work::Call(ApiCall { command, principal, request_id: String::new(), idempotency: None, now })
}

/// Runs works as one group; gives the replies of calls.
pub fn run(stream: &mut Stream, works: Vec<Work<Command>>) -> anyhow::Result<Vec<Reply>> {
    let (outcomes, _) = stream.run(works);
    let mut replies = Vec::new();
    for outcome in outcomes {
        match outcome.map_err(|error| anyhow::anyhow!("storage: {error}"))?.end {
            End::Answered(Ok(reply)) => replies.push(reply),
            End::Answered(Err(refusal)) => anyhow::bail!("refused: {} {:?}", refusal.code, refusal.arguments),
            End::Parked(_) | End::Delivered(_) | End::Noted => {}
        }
    }
    Ok(replies)
}
