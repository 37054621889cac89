//! What a code that passed uses up, from its bytes alone: its replay key in this direction, and its ticket.
//!
//! Nothing is verified: the code passed, here before a restart or at a neighbour gate, and what this gate's tables and clock
//! say of it now must not give it a second pass.

use huitong_transit_code::Reason;
use huitong_transit_code::chain::Checked;
use huitong_transit_code::code::Code;
use huitong_transit_code::custom::ticket_number;
use huitong_transit_code::gate::{Answer, Direction};
use huitong_transit_code::profile::Profile;
use huitong_transit_code::signature::sm3;
use huitong_transit_code::uic;
use huitong_transit_code::uic::ride::RideCode;

use super::memory::TestGate;

/// Uses the code up at `now`, Unix seconds. An error when the bytes are no code, or the replay table is full.
pub fn use_up(gate: &mut TestGate, code: &[u8], direction: Direction, now: i64) -> Result<(), Reason> {
    let checked = if uic::is_uic(code) { uic_918_9(code)? } else { jtt1179(&Code::parse(code)?) };
    let answer = Answer { reason: Reason::Ok, age_s: 0, flags: 0, checked: Some(checked) };
    gate.note_passed(&answer, direction, now)
}

fn jtt1179(code: &Code<'_>) -> Checked {
    Checked {
        profile: Profile::Jtt1179,
        account: code.account(),
        platform: code.platform(),
        account_type: code.account_type(),
        serial: code.certificate().serial(),
        home: 0,
        limit_fen: code.limit_fen(),
        ticket_number: ticket_number(code.custom()),
        generation_time: i64::from(code.generation_time()),
        age_s: 0,
        replay_key: code.replay_key(),
    }
}

/// The replay key is SM3 of the bits that the phone signs, as the checks have it.
fn uic_918_9(bytes: &[u8]) -> Result<Checked, Reason> {
    let code = RideCode::parse(bytes)?;
    let mut buffer = [0; uic::CODE_LENGTH_MAX];
    let signed = code.header.cut(code.header.level2_span, &mut buffer)?;
    Ok(Checked {
        profile: Profile::Uic9189,
        account: code.token.account,
        platform: code.token.platform,
        account_type: code.token.account_type,
        serial: [0; 3],
        home: 0,
        limit_fen: code.token.limit_fen,
        ticket_number: code.token.ticket_number,
        generation_time: 0,
        age_s: 0,
        replay_key: sm3(&[signed]),
    })
}

#[cfg(test)]
mod tests {
    use huitong_transit_code::attack::{Bench, NOW, Step};
    use huitong_transit_code::gate::{GateRules, Presented};
    use huitong_transit_code::signature::Key;

    use super::*;
    use crate::gate::memory::{self, Sizes};

    #[test]
    fn what_is_used_up_by_its_bytes_is_what_the_checks_would_let_pass() {
        let bench = Bench::new();
        for code in [bench.genuine(), bench.uic_genuine()] {
            for is_noted in [false, true] {
                let operator = Key::from_compressed(&bench.operator_key()).expect("a key on the curve");
                let sizes = Sizes { replay_places: 4, deny_entries: 4, homes: 2, cached: 4 };
                let mut gate = memory::gate(operator, GateRules::default(), sizes);
                if is_noted {
                    assert_eq!(use_up(&mut gate, &code, Direction::In, NOW), Ok(()));
                }
                for step in bench.tables() {
                    match step {
                        Step::KeySet(table) => assert!(gate.load_key_set(&table).is_ok()),
                        Step::Deny(table) => assert!(gate.apply_deny(&table).is_ok()),
                        Step::State(table) => assert!(gate.load_state(&table).is_ok()),
                        Step::Present { .. } | Step::PresentNextDoor { .. } => {}
                    }
                }
                let mut tap = |direction| {
                    gate.check(Presented { code: &code, now: NOW, clock_error_s: Some(0), direction }).reason
                };
                assert_eq!(tap(Direction::In), if is_noted { Reason::Replay } else { Reason::Ok });
                assert_eq!(tap(Direction::Out), Reason::Ok);
            }
        }
    }
}
