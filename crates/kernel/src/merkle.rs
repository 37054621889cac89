//! Merkle tree of RFC 9162 §2.1: leaves hashed with 0x00 in front, nodes with 0x01, split at the largest power of two.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::hash::{Digest, HashFunction};

/// hash(0x00 ‖ bytes)
pub fn leaf_hash(function: HashFunction, bytes: &[u8]) -> Digest {
    function.hash(&[&[0x00], bytes])
}

/// hash(0x01 ‖ left ‖ right)
pub fn node_hash(function: HashFunction, left: &Digest, right: &Digest) -> Digest {
    function.hash(&[&[0x01], &left.0, &right.0])
}

/// The root of no leaves: hash of nothing.
pub fn empty_root(function: HashFunction) -> Digest {
    function.hash(&[])
}

/// The roots of the complete subtrees of a growing tree, largest first: all that is needed to append and to give the
/// root, in O(log n) memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompactRange {
    function: HashFunction,
    size: u64,
    subtrees: Vec<Digest>,
}

impl CompactRange {
    pub fn new(function: HashFunction) -> CompactRange {
        CompactRange { function, size: 0, subtrees: Vec::new() }
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn push(&mut self, leaf: Digest) {
        let mut node = leaf;
        // Each trailing one of the old size is a complete subtree that now becomes a left sibling.
        for _ in 0..self.size.trailing_ones() {
            let left = self.subtrees.pop().expect("a subtree stands for each one bit of the size");
            node = node_hash(self.function, &left, &node);
        }
        self.subtrees.push(node);
        self.size += 1;
    }

    pub fn root(&self) -> Digest {
        let mut subtrees = self.subtrees.iter().rev();
        let Some(smallest) = subtrees.next() else { return empty_root(self.function) };
        subtrees.fold(*smallest, |right, left| node_hash(self.function, left, &right))
    }
}

/// The root over `leaves`.
pub fn root(function: HashFunction, leaves: &[Digest]) -> Digest {
    let mut range = CompactRange::new(function);
    leaves.iter().for_each(|leaf| range.push(*leaf));
    range.root()
}

/// The largest power of two below `size` (RFC 9162 §2.1.1); `size` is at least 2.
fn split(size: usize) -> usize {
    1 << (usize::BITS - 1 - (size - 1).leading_zeros())
}

/// The inclusion path of leaf `index` (from 0), lowest sibling first (RFC 9162 §2.1.3.1).
///
/// # Panics
/// When `index` is not below the number of leaves.
pub fn inclusion_path(function: HashFunction, leaves: &[Digest], index: usize) -> Vec<Digest> {
    assert!(index < leaves.len(), "only a leaf of the tree can be proved");
    if leaves.len() == 1 {
        return Vec::new();
    }
    let middle = split(leaves.len());
    let (left, right) = leaves.split_at(middle);
    if index < middle {
        let mut path = inclusion_path(function, left, index);
        path.push(root(function, right));
        path
    } else {
        let mut path = inclusion_path(function, right, index - middle);
        path.push(root(function, left));
        path
    }
}

/// The inclusion path of leaf `index` (from 0) in a tree of `size` leaves, of which only the roots of subtrees are asked for:
/// `root_of` is called for each sibling, lowest first, with its range of leaves. Every range starts at a multiple of the
/// largest power of two that is not above its length, so whoever keeps the roots of aligned parts need not read their leaves.
///
/// # Panics
/// When `index` is not below `size`.
pub fn inclusion_path_by<E>(
    size: u64,
    index: u64,
    root_of: &mut dyn FnMut(Range<u64>) -> Result<Digest, E>,
) -> Result<Vec<Digest>, E> {
    assert!(index < size, "only a leaf of the tree can be proved");
    let mut siblings = Vec::new();
    let mut tree = 0..size;
    while tree.end - tree.start > 1 {
        let middle = tree.start + (1 << (u64::BITS - 1 - (tree.end - tree.start - 1).leading_zeros()));
        let (left, right) = (tree.start..middle, middle..tree.end);
        let (inside, sibling) = if index < middle { (left, right) } else { (right, left) };
        siblings.push(sibling);
        tree = inside;
    }
    siblings.into_iter().rev().map(root_of).collect()
}

/// The root that the path leads to from `leaf`, or `None` when the path does not fit index and size
/// (RFC 9162 §2.1.3.2).
pub fn root_from_path(function: HashFunction, leaf: Digest, index: u64, size: u64, path: &[Digest]) -> Option<Digest> {
    if index >= size {
        return None;
    }
    let (mut position, mut last) = (index, size - 1);
    let mut node = leaf;
    for sibling in path {
        if last == 0 {
            return None;
        }
        if position & 1 == 1 || position == last {
            node = node_hash(function, sibling, &node);
            while position & 1 == 0 && position != 0 {
                position >>= 1;
                last >>= 1;
            }
        } else {
            node = node_hash(function, &node, sibling);
        }
        position >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(node)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn leaves(count: usize) -> Vec<Digest> {
        (0..count).map(|index| leaf_hash(HashFunction::Sha256, &index.to_be_bytes())).collect()
    }

    /// The definition of RFC 9162 §2.1.1, word for word.
    fn defined_root(leaves: &[Digest]) -> Digest {
        match leaves {
            [] => empty_root(HashFunction::Sha256),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(split(leaves.len()));
                node_hash(HashFunction::Sha256, &defined_root(left), &defined_root(right))
            }
        }
    }

    #[test]
    fn the_empty_tree_hashes_nothing() {
        let expected = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(CompactRange::new(HashFunction::Sha256).root().to_string(), expected);
    }

    #[test]
    fn a_growing_tree_has_the_root_of_the_definition_at_every_size() {
        let all = leaves(130);
        let mut range = CompactRange::new(HashFunction::Sha256);
        for size in 0..all.len() {
            assert_eq!(range.root(), defined_root(&all[..size]), "size {size}");
            range.push(all[size]);
        }
    }

    proptest! {
        #[test]
        fn every_leaf_is_proved_and_no_other_leaf_or_place(size in 1_usize..200, pick in any::<usize>(), flip in any::<usize>()) {
            let all = leaves(size);
            let index = pick % size;
            let function = HashFunction::Sha256;
            let mut path = inclusion_path(function, &all, index);
            let mut range_root = |range: Range<u64>| Ok::<_, ()>(root(function, &all[range.start as usize..range.end as usize]));
            prop_assert_eq!(inclusion_path_by(size as u64, index as u64, &mut range_root), Ok(path.clone()));
            let prove = |leaf, index: usize, path: &[Digest]| root_from_path(function, leaf, index as u64, size as u64, path);
            prop_assert_eq!(prove(all[index], index, &path), Some(root(function, &all)));
            prop_assert_ne!(prove(Digest([7; 32]), index, &path), Some(root(function, &all)));
            if size > 1 {
                prop_assert_ne!(prove(all[index], (index + 1) % size, &path), Some(root(function, &all)));
                let place = flip % path.len();
                path[place].0[0] ^= 1;
                prop_assert_ne!(prove(all[index], index, &path), Some(root(function, &all)));
            }
        }
    }
}
