//! Inclusion paths in feeds of any length: of each full thousand of messages the root is kept, so that a receipt is made without
//! reading the whole feed.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use huitong_kernel::feed::Feed;
use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::merkle;
use huitong_service_kit::{StoreError, View};
use huitong_store::feeds;

/// Leaves under one kept root; a power of two.
const PART: u64 = 1_024;
/// Feeds remembered at most; beyond that all are read again when asked for.
const FEEDS_MAX: usize = 128;

/// A pure cache: what was sent never changes, and the leaves are in the views.
#[derive(Default)]
pub struct FeedTrees(Mutex<HashMap<Feed, Vec<Digest>>>);

impl FeedTrees {
    /// The inclusion path of message `number` in the tree over the first `size` messages (RFC 9162 §2.1.3).
    pub fn path(
        &self,
        view: View<'_>,
        function: HashFunction,
        feed: &Feed,
        number: u64,
        size: u64,
    ) -> Result<Vec<Digest>, StoreError> {
        let parts = self.full_parts(view, function, feed, size / PART)?;
        let leaves = |range: Range<u64>| feeds::leaves_of(view, feed, range.start + 1, range.end);
        merkle::inclusion_path_by(size, number - 1, &mut |range: Range<u64>| {
            if range.end - range.start < PART {
                return Ok(merkle::root(function, &leaves(range)?));
            }
            // A tree over the roots of full parts, the last of which may be smaller, is the tree over the leaves.
            let end = range.end / PART;
            let mut roots = parts[(range.start / PART) as usize..end as usize].to_vec();
            if end * PART < range.end {
                roots.push(merkle::root(function, &leaves(end * PART..range.end)?));
            }
            Ok(merkle::root(function, &roots))
        })
    }

    /// Roots of the first `count` full parts.
    fn full_parts(
        &self,
        view: View<'_>,
        function: HashFunction,
        feed: &Feed,
        count: u64,
    ) -> Result<Vec<Digest>, StoreError> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(feed).cloned();
        let mut parts = known.unwrap_or_default();
        if (parts.len() as u64) < count {
            for part in parts.len() as u64..count {
                let leaves = feeds::leaves_of(view, feed, part * PART + 1, (part + 1) * PART)?;
                parts.push(merkle::root(function, &leaves));
            }
            let mut trees = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if trees.len() >= FEEDS_MAX {
                trees.clear();
            }
            trees.insert(feed.clone(), parts.clone());
        }
        Ok(parts)
    }
}
