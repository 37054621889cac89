//! What passed lately: keys with the time at which they may be forgotten, in a table of fixed size that never forgets early.
//!
//! A ring in the order of insertion, with hash chains through it: a look-up walks one chain, the oldest goes first.

/// A place of the table; the caller gives the memory.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    key: [u8; 32],
    forget_at: i64,
    /// The first place of the chain that begins here, and the next of the chain that this place is in.
    head: u32,
    next: u32,
    is_live: bool,
}

const NONE: u32 = u32::MAX;

impl Default for Place {
    fn default() -> Place {
        Place { key: [0; 32], forget_at: 0, head: NONE, next: NONE, is_live: false }
    }
}

#[derive(Debug)]
pub struct Recent<'m> {
    places: &'m mut [Place],
    oldest: usize,
    used: usize,
}

/// The table is full of keys that may not be forgotten yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl<'m> Recent<'m> {
    /// An empty table in the caller's memory, at most 2³² − 2 places.
    pub fn new(places: &'m mut [Place]) -> Recent<'m> {
        places.fill(Place::default());
        Recent { places, oldest: 0, used: 0 }
    }

    pub fn holds(&self, key: &[u8; 32], now: i64) -> bool {
        self.find(key).and_then(|at| self.places.get(at)).is_some_and(|place| now <= place.forget_at)
    }

    /// Remembers a key until `forget_at`, at least as long as keys before it.
    pub fn insert(&mut self, key: &[u8; 32], now: i64, forget_at: i64) -> Result<(), Full> {
        if let Some(at) = self.find(key) {
            if let Some(place) = self.places.get_mut(at) {
                place.forget_at = place.forget_at.max(forget_at);
            }
            return Ok(());
        }
        self.make_room(now)?;
        let at = (self.oldest + self.used) % self.places.len();
        let bucket = self.bucket(key);
        let head = self.places[bucket].head;
        let place = &mut self.places[at];
        (place.key, place.forget_at, place.next, place.is_live) = (*key, forget_at, head, true);
        self.places[bucket].head = u32::try_from(at).unwrap_or(NONE);
        self.used += 1;
        Ok(())
    }

    /// Lets a key go before its time.
    pub fn forget(&mut self, key: &[u8; 32]) {
        if let Some(place) = self.find(key).and_then(|at| self.places.get_mut(at)) {
            place.forget_at = i64::MIN;
        }
    }

    /// Frees places whose time has passed, until one is free.
    fn make_room(&mut self, now: i64) -> Result<(), Full> {
        while self.used > 0 && self.places.get(self.oldest).is_some_and(|place| place.forget_at < now) {
            self.unlink(self.oldest);
            self.oldest = (self.oldest + 1) % self.places.len();
            self.used -= 1;
        }
        if self.used < self.places.len() { Ok(()) } else { Err(Full) }
    }

    fn bucket(&self, key: &[u8; 32]) -> usize {
        let number = key.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
        (number as usize).checked_rem(self.places.len()).unwrap_or(0)
    }

    fn find(&self, key: &[u8; 32]) -> Option<usize> {
        let mut at = self.places.get(self.bucket(key))?.head;
        for _ in 0..self.places.len() {
            let place = self.places.get(at as usize)?;
            if place.is_live && place.key == *key {
                return Some(at as usize);
            }
            at = place.next;
        }
        None
    }

    fn unlink(&mut self, at: usize) {
        let wanted = u32::try_from(at).unwrap_or(NONE);
        let (bucket, next) = (self.bucket(&self.places[at].key), self.places[at].next);
        self.places[at].is_live = false;
        if self.places[bucket].head == wanted {
            self.places[bucket].head = next;
            return;
        }
        let mut before = self.places[bucket].head;
        for _ in 0..self.places.len() {
            let Some(place) = self.places.get_mut(before as usize) else { return };
            if place.next == wanted {
                place.next = next;
                return;
            }
            before = place.next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u32) -> [u8; 32] {
        let mut key = [0; 32];
        // Few buckets, long chains.
        key[3] = (number % 3) as u8;
        key[4..8].copy_from_slice(&number.to_be_bytes());
        key
    }

    #[test]
    fn a_full_table_refuses_rather_than_forgets_and_frees_places_in_time() {
        let mut places = [Place::default(); 4];
        let mut recent = Recent::new(&mut places);
        for number in 0..4 {
            assert_eq!(recent.insert(&key(number), 100, 200 + i64::from(number)), Ok(()));
        }
        assert_eq!(recent.insert(&key(9), 150, 250), Err(Full));
        assert!((0..4).all(|number| recent.holds(&key(number), 150)));
        assert_eq!(recent.insert(&key(9), 202, 302), Ok(()));
        assert!(!recent.holds(&key(0), 202) && !recent.holds(&key(1), 202));
        assert!(recent.holds(&key(2), 202) && recent.holds(&key(3), 202) && recent.holds(&key(9), 202));
    }

    #[test]
    fn a_long_day_of_keys_leaves_the_table_as_quick_as_it_was() {
        let mut places = [Place::default(); 64];
        let mut recent = Recent::new(&mut places);
        for number in 0..10_000 {
            let now = i64::from(number);
            assert_eq!(recent.insert(&key(number), now, now + 50), Ok(()), "key {number}");
            assert!(recent.holds(&key(number), now + 50) && !recent.holds(&key(number), now + 51));
        }
        assert!(recent.used <= 64);
    }
}
