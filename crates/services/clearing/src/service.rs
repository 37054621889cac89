//! The service's place in the kit.

use huitong_kernel::time::Instant;
use huitong_service_kit::{
    Applied, Context, Decision, Input, Pace, Refusal, RefusalKind, Service, ShapeProblem, Stop, StoreError, Tx, View,
};

use crate::command::{Command, Reply};
use crate::decide::timer::Due;
use crate::event::Event;
use crate::model::message::Message;
use crate::{apply, decide, refusal};

#[derive(Default)]
pub struct Clearing;

impl Service for Clearing {
    const NAME: &'static str = "clearing";
    // Services hand over documents in bulk, and wait for none of them.
    const PACE: Pace = Pace::Bulk;
    type Command = Command;
    type Event = Event;
    type Message = Message;
    type Timer = Due;
    type Reply = Reply;

    fn schema() -> &'static [&'static str] {
        &[include_str!("views.sql"), huitong_ledger::SCHEMA]
    }

    fn refusals() -> &'static [&'static [RefusalKind]] {
        &[refusal::ALL]
    }

    fn shape_refusal(problem: ShapeProblem) -> Refusal {
        refusal::shape(problem)
    }

    fn decide(
        &self,
        view: View<'_>,
        input: Input<Clearing>,
        context: &mut Context<'_>,
    ) -> Result<Decision<Clearing>, Stop> {
        match input {
            Input::Command(command) => decide::command(view, command, context),
            Input::Message(received) => decide::message(view, received, context),
            Input::Timer(due) => decide::timer::decide(view, due, context),
        }
    }

    fn apply(&self, tx: Tx<'_>, event: &Event, applied: &Applied) -> Result<(), StoreError> {
        apply::apply(tx, event, applied)
    }

    fn due(&self, view: View<'_>, now: Instant, limit: usize) -> Result<Vec<Due>, StoreError> {
        decide::timer::due(view, now, limit)
    }
}
