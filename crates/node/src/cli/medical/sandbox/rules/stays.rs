//! What becomes of each stay, by what the node has granted.

use std::collections::{BTreeMap, BTreeSet};

use super::super::record::{Answer, Sent};
use super::{Seen, evidence};

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    InHospital,
    Discharged,
    /// By the settlement of the discharge.
    Settled,
    /// The admission was taken back.
    Cancelled,
}

struct Stay<'a> {
    state: State,
    /// Whether fees wait for their settlement.
    has_fees: bool,
    last: &'a Sent,
}

impl Stay<'_> {
    fn is_concluded(&self) -> bool {
        match self.state {
            State::Settled | State::Cancelled => true,
            // All of it was settled as interim.
            State::Discharged => !self.has_fees,
            State::InHospital => false,
        }
    }

    fn follow(&mut self, infno: &str, is_interim: bool) {
        match infno {
            "2301" => self.has_fees = true,
            "2302" => self.has_fees = false,
            "2402" => self.state = State::Discharged,
            "2405" => self.state = State::InHospital,
            "2404" => self.state = State::Cancelled,
            "2304" => {
                self.has_fees = false;
                if !is_interim {
                    self.state = State::Settled;
                }
            }
            "2305" => {
                self.has_fees = true;
                if self.state == State::Settled {
                    self.state = State::Discharged;
                }
            }
            _ => {}
        }
    }
}

/// A patient who is still in hospital leaves the rule open; nothing breaks it.
pub fn concluded(sent: &[Sent]) -> Seen {
    let mut stays: BTreeMap<&str, Stay<'_>> = BTreeMap::new();
    // A message that is sent again changes nothing.
    let mut done: BTreeMap<&str, &Sent> = BTreeMap::new();
    let mut reversed = BTreeSet::new();
    for message in sent {
        let Answer::Granted(granted) = &message.answer else { continue };
        if message.infno != "2601" && done.insert(&message.message_id, message).is_some() {
            continue;
        }
        if let ("2401", Some(visit)) = (&*message.infno, &granted.admitted) {
            stays.insert(visit, Stay { state: State::InHospital, has_fees: false, last: message });
            continue;
        }
        // A reversal of a settlement is, to the stay, its cancellation.
        let original = done.get(message.about.original.as_str()).filter(|original| original.infno == "2304");
        let (visit, infno) = match original {
            Some(original) if message.infno == "2601" && reversed.insert(&original.message_id) => {
                (original.about.visit.as_str(), "2305")
            }
            _ => (message.about.visit.as_str(), message.infno.as_str()),
        };
        if let Some(stay) = stays.get_mut(visit) {
            stay.follow(infno, message.about.interim);
            stay.last = message;
        }
    }
    let open = stays.values().filter(|stay| !stay.is_concluded()).map(|stay| evidence(stay.last, None));
    Seen { occasions: stays.len(), open: open.collect(), broken: Vec::new() }
}
