//! The attack suite against this library's gate; and against gates with the holes that were seen in the field, which the
//! suite must find.

use std::collections::{BTreeMap, BTreeSet};

use huitong_transit_code::Reason;
use huitong_transit_code::attack::{self, OwnGate, Setup, Step, Target, Verdict};
use huitong_transit_code::gate::{Direction, GateRules};

#[test]
fn every_attack_is_refused_with_its_reason() {
    let report = attack::run(&mut OwnGate::default());
    assert!(report.passed(), "{report}");
    for number in 1..=17 {
        let id = format!("A{number}");
        assert!(report.findings.iter().any(|finding| finding.id == id), "{id} is not tried");
    }
}

/// A gate with a hole: what this library says, changed for some codes. The hole is made anew with the gate.
struct Holed<M, F> {
    gate: OwnGate,
    make: M,
    hole: Option<F>,
}

impl<M: Fn() -> F, F: FnMut(&Step, Verdict) -> Verdict> Target for Holed<M, F> {
    fn reset(&mut self, setup: &Setup) -> Result<(), String> {
        self.hole = Some((self.make)());
        self.gate.reset(setup)
    }
    fn take(&mut self, step: &Step) -> Result<Verdict, String> {
        let verdict = self.gate.take(step)?;
        Ok(self.hole.as_mut().expect("reset comes first")(step, verdict))
    }
}

fn finds(attack: &str, hole: impl Fn(&Step, Verdict) -> Verdict) {
    finds_each(&[attack], || &hole);
}

fn finds_each<F: FnMut(&Step, Verdict) -> Verdict>(attacks: &[&str], make: impl Fn() -> F) {
    let mut gate = Holed { gate: OwnGate::default(), make, hole: None };
    let report = attack::run_those(&mut gate, |attack| attacks.contains(&attack.id));
    for attack in attacks {
        assert!(report.failures().any(|finding| finding.id == *attack), "the hole of {attack} is not found:\n{report}");
    }
}

fn passes_instead_of(reason: Reason) -> impl Fn(&Step, Verdict) -> Verdict {
    move |_, verdict| if verdict == Verdict::of(reason) { Verdict::of(Reason::Ok) } else { verdict }
}

#[test]
fn the_holes_of_the_field_are_found() {
    // A certificate checked with the key inside itself; the authorisation not checked.
    finds("A1", passes_instead_of(Reason::CertificateSignature));
    finds("A5", passes_instead_of(Reason::AuthorisationSignature));
    // Freshness tested on one side only.
    finds("A10", passes_instead_of(Reason::CodeFuture));
    // Replay known only on exact bytes, or not shared in the station.
    finds("A13", passes_instead_of(Reason::Replay));
    // A length byte read as decimal text: a custom field of ten bytes or more breaks.
    finds("G", |step, verdict| match step {
        Step::Present { code, .. } if code.len() >= 342 => Verdict::of(Reason::Format),
        _ => verdict,
    });
    // The limit read as two bytes.
    finds("A15", |step, verdict| match step {
        Step::Present { code, .. } if code.len() > 158 && verdict.code == -106 && code[156..158] == [1, 0] => {
            Verdict::of(Reason::Ok)
        }
        _ => verdict,
    });
    // Three clocks tried.
    finds("A10", |step, verdict| match step {
        Step::Present { now, .. } if (now - attack::NOW).abs() == 8 * 3_600 => Verdict::of(Reason::Ok),
        _ => verdict,
    });
    // A missing second signature taken for an unsigned code.
    finds("A16", |step, verdict| match step {
        Step::Present { code, .. } if code.len() == 295 => Verdict::of(Reason::Ok),
        _ => verdict,
    });
    finds("A16", |step, verdict| match step {
        // The first bit of a UIC code says whether there is one.
        Step::Present { code, .. } if verdict.code == -104 && code[0] == 0x01 => Verdict::of(Reason::Ok),
        _ => verdict,
    });
    // Old tables taken.
    finds("A17", passes_instead_of(Reason::Chain));
}

const OF_CODES: [&str; 13] = ["A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "A10", "A11", "A12", "A13"];

#[test]
fn a_gate_that_lets_everybody_out_is_found_by_each_kind_of_attack() {
    let lets_out = |step: &Step, verdict: Verdict| match step {
        Step::Present { direction: Direction::Out, .. } if verdict != Verdict::of(Reason::CertificateRevoked) => {
            Verdict::of(Reason::Ok)
        }
        _ => verdict,
    };
    finds_each(&OF_CODES, || lets_out);
    finds_each(&["A14", "A16"], || lets_out);
}

#[test]
fn a_gate_that_forgets_a_code_after_two_seconds_is_found() {
    finds_each(&["A13"], || {
        let mut passed: BTreeMap<Vec<u8>, i64> = BTreeMap::new();
        move |step, verdict| match step {
            Step::Present { code, now, .. } | Step::PresentNextDoor { code, now, .. } => {
                let since = *passed.entry(code.clone()).or_insert(*now);
                let is_forgotten = verdict == Verdict::of(Reason::Replay) && now - since > 2;
                if is_forgotten { Verdict::of(Reason::Ok) } else { verdict }
            }
            _ => verdict,
        }
    });
}

/// The bytes by which a gate would know an authorisation again: account and issuer, or the beginning of level 1.
fn authorisation_of(code: &[u8]) -> Vec<u8> {
    let is_uic = code.get(1) == Some(&0x55);
    code.get(if is_uic { 0..60 } else { 136..150 }).unwrap_or_default().to_vec()
}

#[test]
fn a_gate_that_asks_no_list_time_or_limit_of_an_authorisation_it_knows_is_found_for_each_of_them() {
    for (skipped, attack) in [
        (Reason::Denied, "A14"),
        (Reason::DenyStale, "A14"),
        (Reason::AuthorisationExpired, "A14"),
        (Reason::Limit, "A15"),
    ] {
        finds_each(&[attack], || {
            let mut known = BTreeSet::new();
            move |step, verdict| match step {
                Step::Present { code, .. } if verdict.code == 0 => {
                    known.insert(authorisation_of(code));
                    verdict
                }
                Step::Present { code, .. }
                    if verdict == Verdict::of(skipped) && known.contains(&authorisation_of(code)) =>
                {
                    Verdict::of(Reason::Ok)
                }
                _ => verdict,
            }
        });
    }
}

#[test]
fn a_gate_that_remembers_an_entry_for_ten_seconds_only_is_found() {
    let report = attack::run(&mut OwnGate::with_rules(GateRules { passback_s: Some(10), ..GateRules::default() }));
    let failed: Vec<&str> = report.failures().map(|finding| finding.id).collect();
    assert!(!failed.is_empty() && failed.iter().all(|id| *id == "A13"), "{report}");
    let report = attack::run(&mut OwnGate::with_rules(GateRules { passback_s: Some(61), ..GateRules::default() }));
    assert!(report.failures().any(|finding| finding.id == "G"), "{report}");
}

#[test]
fn a_gate_that_takes_any_station_s_state_is_found() {
    finds("A17", |step, verdict| match step {
        // The suite's states of other stations have this number.
        Step::State(table) if table[4..8] == 9_u32.to_be_bytes() => Verdict::of(Reason::Ok),
        _ => verdict,
    });
}

#[test]
fn a_gate_that_believes_its_clock_is_found() {
    finds("A10", |step, verdict| match step {
        Step::Present { clock_error_s: None, .. } if verdict.code == -207 => Verdict::of(Reason::KeySet),
        _ => verdict,
    });
}
