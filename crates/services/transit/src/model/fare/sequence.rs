//! The versions of one network's packs: no two for one day, and none missing in between.

use super::Pack;
use super::validate::PackFault;

/// Checks that the packs of a network follow each other: a stated end is the next one's beginning, and a version without end
/// lasts until the next begins, so that old versions need no change when a new one is published.
pub fn check_sequence(packs: &[Pack]) -> Result<(), PackFault> {
    let mut sorted: Vec<&Pack> = packs.iter().collect();
    sorted.sort_by_key(|pack| pack.valid_from);
    for pair in sorted.windows(2) {
        let (earlier, later) = (pair[0], pair[1]);
        let of = format!("{} version {}", later.pack, later.version);
        if earlier.network != later.network {
            return Err(format!("network of {of}"));
        }
        if earlier.pack == later.pack && earlier.version >= later.version {
            return Err(format!("version of {of}: it does not follow version {}", earlier.version));
        }
        if earlier.valid_from == later.valid_from || earlier.valid_to.is_some_and(|end| end > later.valid_from) {
            return Err(format!("valid_from of {of}: overlaps version {}", earlier.version));
        }
        if earlier.valid_to.is_some_and(|end| end < later.valid_from) {
            return Err(format!("valid_from of {of}: no fare after version {}", earlier.version));
        }
    }
    Ok(())
}
