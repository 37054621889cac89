//! The attack suite against this library's gate; and against gates with the holes that were seen in the field, which the
//! suite must find.

use huitong_transit_code::Reason;
use huitong_transit_code::attack::{self, OwnGate, Step, Target, Verdict};

#[test]
fn every_attack_is_refused_with_its_reason() {
    let report = attack::run(&mut OwnGate::default());
    assert!(report.passed(), "{report}");
    for number in 1..=17 {
        let id = format!("A{number}");
        assert!(report.findings.iter().any(|finding| finding.id == id), "{id} is not tried");
    }
}

/// A gate with a hole: what this library says, changed for some codes.
struct Holed<F> {
    gate: OwnGate,
    hole: F,
}

impl<F: Fn(&Step, Verdict) -> Verdict> Target for Holed<F> {
    fn reset(&mut self, operator: &[u8; 33]) -> Result<(), String> {
        self.gate.reset(operator)
    }
    fn take(&mut self, step: &Step) -> Result<Verdict, String> {
        self.gate.take(step).map(|verdict| (self.hole)(step, verdict))
    }
}

fn finds(attack: &str, hole: impl Fn(&Step, Verdict) -> Verdict) {
    let report = attack::run(&mut Holed { gate: OwnGate::default(), hole });
    assert!(report.failures().any(|finding| finding.id == attack), "the hole of {attack} is not found:\n{report}");
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
