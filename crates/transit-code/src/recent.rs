//! What passed lately: keys with the time at which they may be forgotten, in a table of fixed size that never forgets early.
//!
//! Hash chains find a key; a heap of the times finds the place that may be forgotten first, wherever it stands. So one key with
//! a late time keeps its own place and no other.

/// A place of the table; the caller gives the memory.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    key: [u8; 32],
    forget_at: i64,
    /// The first place of the chain that begins here, and the next of the chain that this place is in.
    head: u32,
    next: u32,
    /// The place that stands at this rank of the heap; behind those in use, the free ones.
    ranked: u32,
    /// The rank of this place.
    rank: u32,
}

const NONE: u32 = u32::MAX;
/// Places freed by an insertion: more than it takes, so that the forgotten do not gather, and few, so that it stays quick.
const FREED_MAX: usize = 2;

impl Default for Place {
    fn default() -> Place {
        Place { key: [0; 32], forget_at: 0, head: NONE, next: NONE, ranked: NONE, rank: NONE }
    }
}

#[derive(Debug)]
pub struct Recent<'m> {
    places: &'m mut [Place],
    used: usize,
}

/// The table is full of keys that may not be forgotten yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl<'m> Recent<'m> {
    /// An empty table in the caller's memory, at most 2³² − 2 places.
    pub fn new(places: &'m mut [Place]) -> Recent<'m> {
        for (number, place) in (0_u32..).zip(places.iter_mut()) {
            *place = Place { ranked: number, rank: number, ..Place::default() };
        }
        Recent { places, used: 0 }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        let places = core::mem::take(&mut self.places);
        *self = Recent::new(places);
    }

    pub fn holds(&self, key: &[u8; 32], now: i64) -> bool {
        self.find(key).and_then(|at| self.places.get(at)).is_some_and(|place| now <= place.forget_at)
    }

    /// Makes sure that this key can be inserted: it is there, or a place is free.
    pub fn make_room(&mut self, key: &[u8; 32], now: i64) -> Result<(), Full> {
        if self.find(key).is_some() {
            return Ok(());
        }
        let mut freed = 0;
        while freed < FREED_MAX && self.first().is_some_and(|first| self.places[first].forget_at < now) {
            self.free_first();
            freed += 1;
        }
        if self.used < self.places.len() { Ok(()) } else { Err(Full) }
    }

    /// Remembers a key until `forget_at`; one that is there already, until the later of both times.
    pub fn insert(&mut self, key: &[u8; 32], now: i64, forget_at: i64) -> Result<(), Full> {
        self.make_room(key, now)?;
        if let Some(at) = self.find(key) {
            let place = &mut self.places[at];
            place.forget_at = place.forget_at.max(forget_at);
            let rank = place.rank as usize;
            self.settle(rank);
            return Ok(());
        }
        let at = self.places[self.used].ranked;
        let bucket = self.bucket(key);
        let next = self.places[bucket].head;
        self.places[bucket].head = at;
        let place = &mut self.places[at as usize];
        (place.key, place.forget_at, place.next) = (*key, forget_at, next);
        self.used += 1;
        self.settle(self.used - 1);
        Ok(())
    }

    /// Lets a key go before its time.
    pub fn forget(&mut self, key: &[u8; 32]) {
        if let Some(at) = self.find(key) {
            self.places[at].forget_at = i64::MIN;
            let rank = self.places[at].rank as usize;
            self.settle(rank);
        }
    }

    /// Keeps nothing beyond this time: what was to be kept longer was inserted by a clock that was ahead.
    pub fn keep_until_at_most(&mut self, latest: i64) {
        // The order of the times stays as it was, so the heap does too.
        self.places.iter_mut().for_each(|place| place.forget_at = place.forget_at.min(latest));
    }

    /// The place that may be forgotten first.
    fn first(&self) -> Option<usize> {
        if self.used == 0 { None } else { self.places.first().map(|place| place.ranked as usize) }
    }

    fn free_first(&mut self) {
        let Some(first) = self.first() else { return };
        self.unlink(first);
        self.used -= 1;
        self.swap_ranks(0, self.used);
        self.settle(0);
    }

    fn time_at(&self, rank: usize) -> i64 {
        self.places[self.places[rank].ranked as usize].forget_at
    }

    fn swap_ranks(&mut self, one: usize, other: usize) {
        let (of_one, of_other) = (self.places[one].ranked, self.places[other].ranked);
        (self.places[one].ranked, self.places[other].ranked) = (of_other, of_one);
        (self.places[of_one as usize].rank, self.places[of_other as usize].rank) = (other as u32, one as u32);
    }

    /// Moves what stands at this rank to where its time belongs.
    fn settle(&mut self, mut rank: usize) {
        while rank > 0 && self.time_at(rank) < self.time_at((rank - 1) / 2) {
            self.swap_ranks(rank, (rank - 1) / 2);
            rank = (rank - 1) / 2;
        }
        loop {
            let below = (2 * rank + 1..2 * rank + 3).filter(|below| *below < self.used);
            let Some(earlier) = below.min_by_key(|below| self.time_at(*below)) else { return };
            if self.time_at(rank) <= self.time_at(earlier) {
                return;
            }
            self.swap_ranks(rank, earlier);
            rank = earlier;
        }
    }

    fn bucket(&self, key: &[u8; 32]) -> usize {
        let number = key.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
        (number as usize).checked_rem(self.places.len()).unwrap_or(0)
    }

    fn find(&self, key: &[u8; 32]) -> Option<usize> {
        let mut at = self.places.get(self.bucket(key))?.head;
        for _ in 0..self.places.len() {
            let place = self.places.get(at as usize)?;
            if place.key == *key {
                return Some(at as usize);
            }
            at = place.next;
        }
        None
    }

    /// Takes a place out of its chain.
    fn unlink(&mut self, at: usize) {
        let (bucket, next) = (self.bucket(&self.places[at].key), self.places[at].next);
        if self.places[bucket].head as usize == at {
            self.places[bucket].head = next;
            return;
        }
        let mut before = self.places[bucket].head;
        for _ in 0..self.places.len() {
            let Some(place) = self.places.get_mut(before as usize) else { return };
            if place.next as usize == at {
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

    #[test]
    fn a_key_with_a_late_time_keeps_its_own_place_only() {
        let mut places = [Place::default(); 4];
        let mut recent = Recent::new(&mut places);
        // The clock was a day ahead for one key, then right.
        assert_eq!(recent.insert(&key(0), 86_400, 86_500), Ok(()));
        for number in 1..1_000 {
            let now = 60 * i64::from(number);
            assert_eq!(recent.insert(&key(number), now, now + 100), Ok(()), "key {number}");
            assert!(recent.holds(&key(0), now) && recent.holds(&key(number), now + 100));
        }
    }

    #[test]
    fn a_ticket_that_comes_again_and_again_keeps_one_place() {
        let mut places = [Place::default(); 8];
        let mut recent = Recent::new(&mut places);
        for number in 1..1_000 {
            let now = 20 * i64::from(number);
            assert_eq!(recent.insert(&key(0), now, now + 100), Ok(()), "the ticket, round {number}");
            assert_eq!(recent.insert(&key(number), now, now + 100), Ok(()), "key {number}");
            recent.forget(&key(0));
            assert!(!recent.holds(&key(0), now) && recent.holds(&key(number), now + 100));
        }
    }

    #[test]
    fn what_a_clock_ahead_inserted_goes_when_it_is_bounded() {
        let mut places = [Place::default(); 4];
        let mut recent = Recent::new(&mut places);
        for number in 0..4 {
            assert_eq!(recent.insert(&key(number), 86_400, 86_500 - i64::from(number)), Ok(()));
        }
        assert_eq!(recent.insert(&key(4), 1_000, 1_100), Err(Full));
        recent.keep_until_at_most(1_200);
        assert!((0..4).all(|number| recent.holds(&key(number), 1_200)));
        assert_eq!(recent.insert(&key(4), 1_200, 1_300), Err(Full), "not before its time");
        for number in 4..8 {
            assert_eq!(recent.insert(&key(number), 1_201, 1_301), Ok(()));
        }
        assert_eq!(recent.insert(&key(8), 1_201, 1_301), Err(Full));
    }

    #[test]
    fn any_order_of_times_is_kept_as_a_list_would_keep_it() {
        let mut places = [Place::default(); 16];
        let mut recent = Recent::new(&mut places);
        let mut kept: Vec<(u32, i64)> = Vec::new();
        let mut chance = 7_u32;
        for now in 0..5_000 {
            chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (number, span) = (chance >> 8 & 31, i64::from(chance >> 20 & 63));
            kept.retain(|(_, forget_at)| *forget_at >= now);
            let known = kept.iter_mut().find(|(known, _)| *known == number);
            match (known, recent.insert(&key(number), now, now + span)) {
                (Some(known), Ok(())) => known.1 = known.1.max(now + span),
                (None, Ok(())) => kept.push((number, now + span)),
                (None, Err(Full)) => assert_eq!(kept.len(), 16, "at {now}"),
                (Some(_), Err(Full)) => panic!("a known key needs no place"),
            }
            if chance & 7 == 0 {
                recent.forget(&key(number));
                kept.retain(|(known, _)| *known != number);
            }
            for other in 0..32 {
                let expected = kept.iter().any(|(known, forget_at)| *known == other && *forget_at >= now);
                assert_eq!(recent.holds(&key(other), now), expected, "key {other} at {now}");
            }
        }
    }
}
