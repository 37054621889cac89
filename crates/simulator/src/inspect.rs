//! Looking at a disk from outside, as `huitong verify` does, and making a new one from its journals, as
//! `huitong journal restore` does.

use huitong_clearing::Clearing;
use huitong_kernel::entry::Sequence;
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::hash::Digest;
use huitong_kernel::random::RandomSource;
use huitong_medical::Medical;
use huitong_registry::Registry;
use huitong_service_kit::Service;
use huitong_service_kit::stream::ServiceLogic;
use huitong_store::group::GroupCommitter;
use huitong_store::journal::{self, Medium};
use huitong_store::{feeds, log_check};
use huitong_transit::Transit;
use std::path::Path;

use crate::disk::Disk;
use crate::region;
use crate::stream::{self, FUNCTION, Opening, Stream};
use crate::vfs;
use crate::world::World;

const SCRATCH: &str = "scratch";
const RESTORED: &str = "restored";
/// Entries adopted at once.
const BATCH: usize = 500;

/// The heads of a disk's streams, if all that `verify` checks holds.
pub fn inspect(node: usize, disk: &Disk) -> Result<Vec<(Sequence, Digest)>, String> {
    vfs::with_disk(SCRATCH, |scratch| *scratch = disk.clone());
    let heads = (|| {
        let known = [verify::<Registry>(node)?, verify::<Medical>(node)?];
        Ok([known, [verify::<Transit>(node)?, verify::<Clearing>(node)?]].concat())
    })();
    vfs::with_disk(SCRATCH, |scratch| *scratch = Disk::default());
    heads
}

fn verify<S: Service + Default>(node: usize) -> Result<(Sequence, Digest), String> {
    let log = vfs::with_disk(SCRATCH, |disk| disk.content(&format!("{}.db-wal", S::NAME)).to_vec());
    log_check::check(&log).map_err(|error| error.to_string())?;
    let stream = open::<S>(node, SCRATCH)?;
    let connection = stream.connection();
    let result = (|| {
        journal::check_file(connection)?;
        let head = journal::verify_chain(connection, FUNCTION)?;
        Ok((head, stream.replay_differences()?))
    })();
    let (head, differences) = result.map_err(|error: huitong_store::StoreError| error.to_string())?;
    if differences.is_empty() { Ok(head) } else { Err(format!("views differ from replay: {differences:?}")) }
}

fn open<S: Service + Default>(node: usize, disk: &str) -> Result<Box<dyn Stream>, String> {
    let home = Address::new(region::division(node), S::NAME);
    let random = RandomSource::from_number(0);
    let opening =
        Opening { disk, home, random, directory: region::directory(), shared: None, eligible: Box::new(|| true) };
    stream::open(S::default(), opening).map_err(|error| error.to_string())
}

/// A new disk with the journals of the old one, their views built anew, marked as restored.
pub fn restore(node: usize, backup: &Disk) -> Result<Disk, String> {
    vfs::with_disk(SCRATCH, |scratch| *scratch = backup.clone());
    vfs::with_disk(RESTORED, |restored| *restored = Disk::default());
    let done = rebuild::<Registry>(node)
        .and_then(|()| rebuild::<Medical>(node))
        .and_then(|()| rebuild::<Transit>(node))
        .and_then(|()| rebuild::<Clearing>(node));
    vfs::with_disk(SCRATCH, |scratch| *scratch = Disk::default());
    done.map_err(|error| error.to_string())?;
    let mut restored = vfs::with_disk(RESTORED, std::mem::take);
    restored.settle();
    Ok(restored)
}

fn rebuild<S: Service + Default>(node: usize) -> Result<(), huitong_store::StoreError> {
    let medium = Medium { vfs: Some(vfs::NAME), ..Medium::default() };
    let source = journal::open_writer(Path::new(&format!("/{SCRATCH}/{}.db", S::NAME)), medium)?;
    let home = Address::new(region::division(node), S::NAME);
    let logic = ServiceLogic::<S>::for_replay(home, FUNCTION);
    let path = format!("/{RESTORED}/{}.db", S::NAME);
    let mut target = GroupCommitter::open_on(Path::new(&path), medium, FUNCTION, logic, None)?;
    let mut batch = Vec::new();
    journal::each_from(&source, 1, |entry| {
        batch.push(entry);
        if batch.len() == BATCH { target.adopt(&std::mem::take(&mut batch)) } else { Ok(()) }
    })?;
    target.adopt(&batch)?;
    journal::set_unconfirmed(target.connection(), true)
}

impl World {
    /// Whether a peer holds a message of a node's service that the restored disk does not know of.
    pub fn has_lost_sent_messages(&self, node: usize, restored: &Disk) -> bool {
        vfs::with_disk(SCRATCH, |scratch| *scratch = restored.clone());
        let lost = self.lost_sent_of::<Medical>(node)
            || self.lost_sent_of::<Transit>(node)
            || self.lost_sent_of::<Clearing>(node);
        vfs::with_disk(SCRATCH, |scratch| *scratch = Disk::default());
        lost
    }

    fn lost_sent_of<S: Service + Default>(&self, node: usize) -> bool {
        let Ok(stream) = open::<S>(node, SCRATCH) else { return false };
        (0..region::DIVISIONS.len()).filter(|peer| *peer != node).any(|peer| {
            let feed = Feed::new(stream.home().clone(), Address::new(region::division(peer), S::NAME));
            let known = feeds::size(stream.connection(), &feed).unwrap_or(0);
            self.leading(peer, S::NAME).is_some_and(|(place, index)| {
                self.places[place].process.as_ref().is_some_and(|process| {
                    feeds::size(process.streams.0[index].connection(), &feed).is_ok_and(|held| held > known)
                })
            })
        })
    }
}
