//! Stories of the kit itself, with a service that only counts.

mod attachments;
mod counter;
mod groups;
mod split;
mod timers;
