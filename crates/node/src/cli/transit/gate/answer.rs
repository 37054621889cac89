//! What the gate says: one line for people in both languages, or one JSON document a line.

use huitong_transit_code::Reason;
use huitong_transit_code::gate::{Answer, Direction, FLAG_CLOCK, FLAG_DENY_STALE, FLAG_FREE_EXIT, FLAG_OVER_LIMIT};
use serde_json::{Value, json};

use super::super::output;
use super::script::direction_word;
use crate::gate::record_store::Kept;

const FLAGS: [(u8, &str); 4] = [
    (FLAG_OVER_LIMIT, "over_limit"),
    (FLAG_DENY_STALE, "deny_stale"),
    (FLAG_CLOCK, "clock"),
    (FLAG_FREE_EXIT, "free_exit"),
];

/// Chinese and English text of a reason, with the seconds that the rider should see.
pub fn reason_text(reason: Reason, age_s: i64) -> (String, String) {
    let seconds = age_s.unsigned_abs().to_string();
    (reason.chinese().replace("{s}", &seconds), reason.english().replace("{s}", &seconds))
}

/// Where the gate's words go.
#[derive(Clone, Copy)]
pub struct Screen {
    pub json: bool,
}

impl Screen {
    /// A gate whose words nobody reads, or that cannot be written, still is a gate: its record is on disk.
    pub fn tell(self, text: &str, document: &Value) {
        let _ = if self.json { output::line(document) } else { output::line(text) };
    }

    pub fn tapped(self, answer: &Answer, kept: &Kept, direction: Direction) {
        let opens = answer.accepts();
        let (chinese, english) = reason_text(answer.reason, answer.age_s);
        let (code, name) = (answer.reason.field_code(), answer.reason.name());
        let flags: Vec<&str> =
            FLAGS.iter().filter(|(flag, _)| answer.flags & flag != 0).map(|(_, name)| *name).collect();
        let verdict = if opens { "OPEN 开门" } else { "REFUSE 拒绝" };
        let (way, place) = (direction_word(direction), format!("{}:{}", kept.epoch, kept.sequence));
        let mark = if flags.is_empty() { String::new() } else { format!(" [{}]", flags.join(" ")) };
        self.tell(
            &format!("{verdict} {code} {name} {chinese} · {english} ({way}, record {place}){mark}"),
            &json!({
                "step": "code", "open": opens, "code": code, "reason": name, "zh": chinese, "en": english,
                "age_s": answer.age_s, "flags": flags, "direction": way, "epoch": kept.epoch, "sequence": kept.sequence,
            }),
        );
    }

    /// A step that was taken or refused with a reason.
    pub fn stepped(self, step: &str, outcome: Result<String, Reason>) {
        match outcome {
            Ok(done) => self.tell(&format!("{step}: {done}"), &json!({ "step": step, "code": 0, "done": done })),
            Err(reason) => {
                let (code, name, chinese, english) =
                    (reason.field_code(), reason.name(), reason.chinese(), reason.english());
                self.tell(
                    &format!("{step}: refused 拒绝 {code} {name} {chinese} · {english}"),
                    &json!({ "step": step, "code": code, "reason": name, "zh": chinese, "en": english }),
                );
            }
        }
    }

    pub fn fault(self, step: &str, fault: &str) {
        self.tell(&format!("{step}: {fault}"), &json!({ "step": step, "fault": fault }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rider_reads_by_how_much_the_phone_is_off() {
        let (chinese, english) = reason_text(Reason::CodeFuture, -95);
        assert_eq!((chinese.as_str(), english.as_str()), ("手机时间快95秒", "phone clock is fast by 95 s"));
        assert!(reason_text(Reason::CodeExpired, 61).1.starts_with("code is 61 s old"));
    }
}
