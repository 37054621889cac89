//! The service's place in the kit.

use huitong_kernel::time::Instant;
use huitong_service_kit::{
    Applied, Context, Decision, Input, Refusal, RefusalKind, Service, ShapeProblem, Stop, StoreError, Tx, View,
};

use crate::command::{Command, Reply};
use crate::event::Event;
use crate::model::published::Message;
use crate::{apply, decide, refusal};

#[derive(Default)]
pub struct Registry;

/// Nothing of registry becomes due by the clock.
pub enum NoTimer {}

impl Service for Registry {
    const NAME: &'static str = "registry";
    type Command = Command;
    type Event = Event;
    type Message = Message;
    type Timer = NoTimer;
    type Reply = Reply;

    fn schema() -> &'static [&'static str] {
        &[include_str!("views.sql")]
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
        input: Input<Registry>,
        context: &mut Context<'_>,
    ) -> Result<Decision<Registry>, Stop> {
        match input {
            Input::Command(command) => decide::command(view, command, context),
            // Registry publishes and takes no messages.
            Input::Message(_) => Err(refusal::NOT_EXPECTED.refuse().into()),
            Input::Timer(timer) => match timer {},
        }
    }

    fn apply(&self, tx: Tx<'_>, event: &Event, applied: &Applied) -> Result<(), StoreError> {
        apply::apply(tx, event, applied)
    }

    fn due(&self, _: View<'_>, _: Instant, _: usize) -> Result<Vec<NoTimer>, StoreError> {
        Ok(Vec::new())
    }
}
