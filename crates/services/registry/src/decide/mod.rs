//! Deciding: one file per command.

mod insured;
mod keys;
mod participant;
mod principal;

use huitong_service_kit::{Context, Decision, Stop, View};

use crate::Registry;
use crate::command::Command;

type Decided = Result<Decision<Registry>, Stop>;

pub fn command(view: View<'_>, command: Command, context: &mut Context<'_>) -> Decided {
    match command {
        Command::PutParticipant(participant) => participant::put(view, participant, context),
        Command::Republish { jurisdiction } => participant::republish(view, jurisdiction, context),
        Command::PutInsured(persons) => insured::put(view, persons, context),
        Command::AddPrincipal { id, participant, roles } => principal::add(view, id, participant, roles),
        Command::IssueKey { principal, key, hash, expires_at } => keys::issue(view, principal, key, hash, expires_at),
        Command::RevokeKey { key } => keys::revoke(view, key),
    }
}
