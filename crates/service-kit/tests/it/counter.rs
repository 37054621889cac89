//! The smallest service: it counts what concerns a key, and tells a neighbour.

use huitong_kernel::division::Division;
use huitong_kernel::time::Instant;
use huitong_service_kit::service::Answer;
use huitong_service_kit::{
    Applied, Context, Decision, Envelope, Input, Outgoing, Refusal, RefusalKind, Service, ShapeProblem, Stop,
    StoreError, Tx, View, params,
};
use serde::{Deserialize, Serialize};

#[derive(Default)]
pub struct Counter;

#[derive(Clone)]
pub struct Add {
    /// What is counted. `attach:…` is counted as `attached`, its bytes lie beside; `erase:N` erases what lies beside the entries up
    /// to N; `refuse` is refused; a neighbour who is told `nothing` counts nothing,
    /// and who is told `broken` fails after it has counted.
    pub key: String,
    /// Who is told.
    pub neighbour: Option<Division>,
}

#[derive(Serialize, Deserialize)]
pub struct Added {
    pub key: String,
}

/// A timer for a key that never works.
pub const REFUSED: RefusalKind =
    RefusalKind { code: "CNT-1", status: 422, english: "does not count", chinese: "不计" };

impl Service for Counter {
    const NAME: &'static str = "counter";
    const SPLITTABLE: bool = true;
    type Command = Add;
    type Event = Added;
    type Message = Added;
    /// A key that is counted once more: those that begin with `due:`. `due:bad` is refused.
    type Timer = String;
    type Reply = u64;

    fn schema() -> &'static [&'static str] {
        &["CREATE TABLE IF NOT EXISTS count (key TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT"]
    }

    fn refusals() -> &'static [&'static [RefusalKind]] {
        &[]
    }

    fn shape_refusal(_: ShapeProblem) -> Refusal {
        unreachable!("these stories speak no HTTP")
    }

    fn decide(
        &self,
        view: View<'_>,
        input: Input<Counter>,
        context: &mut Context<'_>,
    ) -> Result<Decision<Counter>, Stop> {
        match input {
            Input::Command(Add { key, .. }) if key == "refuse" => Err(REFUSED.refuse().into()),
            Input::Command(Add { key, neighbour }) => {
                if let Some(bytes) = key.strip_prefix("attach:") {
                    let decision = Decision::nothing().event(Added { key: "attached".to_owned() });
                    return Ok(Decision { answer: Answer::Now(1), ..decision.attach(bytes.as_bytes().to_vec()) });
                }
                let erase = key.strip_prefix("erase:").map(|entry| entry.parse().expect("a number"));
                let mut decision = Decision::nothing().event(Added { key: key.clone() });
                decision.answer = Answer::Now(count(view, &key)? + 1);
                decision.erase = erase;
                if let Some(neighbour) = neighbour {
                    let id = context.new_uuid();
                    let to = context.address_for(neighbour, Counter::NAME, &key);
                    let envelope = Envelope { id, cycle: id, episode: id, at: context.now, message: Added { key } };
                    decision = decision.message(Outgoing::new(to, &envelope));
                }
                Ok(decision)
            }
            Input::Message(received) if received.envelope.message.key == "nothing" => Ok(Decision::nothing()),
            Input::Message(received) => Ok(Decision::nothing().event(received.envelope.message)),
            Input::Timer(key) if key == "due:bad" => Err(REFUSED.refuse().into()),
            Input::Timer(key) => Ok(Decision::nothing().event(Added { key })),
        }
    }

    fn apply(&self, tx: Tx<'_>, event: &Added, _: &Applied) -> Result<(), StoreError> {
        let sql = "INSERT INTO count (key, number) VALUES (?1, 1) ON CONFLICT (key) DO UPDATE SET number = number + 1";
        tx.execute_one(sql, params![event.key])?;
        if event.key == "broken" {
            Err(serde_json::from_str::<u8>("broken").expect_err("no number").into())
        } else {
            Ok(())
        }
    }

    fn due(&self, view: View<'_>, _: Instant, _: usize) -> Result<Vec<String>, StoreError> {
        view.all("SELECT key FROM count WHERE key LIKE 'due:%' AND number = 1 ORDER BY key", [], |row| row.get(0))
    }
}

pub fn count(view: View<'_>, key: &str) -> Result<u64, StoreError> {
    Ok(view.one("SELECT number FROM count WHERE key = ?1", [key], |row| row.get(0))?.unwrap_or(0))
}
