//! Clients: calls with their keys, repeated until they are answered, sometimes twice at once, sometimes once more after the
//! answer. What a client was told once must be told again for ever.

use std::any::Any;
use std::rc::Rc;

use huitong_kernel::hash::HashFunction;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_service_kit::stream::record::Idempotency;

use crate::stream::{Call, Ticket, Told};

/// A client that was not answered by then repeats its call.
pub const PATIENCE: DurationMs = DurationMs::seconds(12);

/// Something a client wants, for as long as it takes.
pub struct Wish {
    pub node: usize,
    pub service: &'static str,
    pub participant: String,
    /// The `Idempotency-Key`.
    pub key: String,
    /// What the key stands for: another content under one key is refused.
    pub content: String,
    /// Makes the service's `Command`.
    pub make: Rc<dyn Fn() -> Box<dyn Any>>,
    /// For the workload that wished it.
    pub note: String,
}

pub struct Client {
    pub wish: Wish,
    pub workload: usize,
    pub told: Option<Told>,
    /// The calls made, and when.
    pub asked: Vec<(Ticket, Instant)>,
    pub tries: u64,
    /// May ask once more after it was answered.
    pub curious: bool,
    /// Will ask once more, though it was answered.
    pub again: bool,
}

/// All clients there ever were; a client's number is its place.
#[derive(Default)]
pub struct Clients(pub Vec<Client>);

const TRIES_PER_CLIENT: u64 = 1_000;

impl Clients {
    pub fn add(&mut self, wish: Wish, workload: usize, random: &mut RandomSource) -> usize {
        let curious = random.below(4) == 0;
        self.0.push(Client { wish, workload, told: None, asked: Vec::new(), tries: 0, curious, again: false });
        self.0.len() - 1
    }

    /// The next call of a client.
    pub fn call(&mut self, number: usize, now: Instant) -> Call {
        let client = &mut self.0[number];
        client.tries += 1;
        let ticket = number as u64 * TRIES_PER_CLIENT + client.tries;
        client.asked.push((ticket, now));
        Call {
            ticket,
            command: (client.wish.make)(),
            participant: client.wish.participant.clone(),
            idempotency: Idempotency {
                key: client.wish.key.clone(),
                request: HashFunction::Sha256.hash(&[client.wish.content.as_bytes()]),
            },
        }
    }

    /// The client that a ticket belongs to.
    pub fn of(ticket: Ticket) -> usize {
        (ticket / TRIES_PER_CLIENT) as usize
    }

    /// Whether a client still listens for the answer to a call.
    pub fn listens(&self, ticket: Ticket, now: Instant) -> bool {
        let calls = &self.0[Clients::of(ticket)].asked;
        calls.iter().any(|(asked, at)| *asked == ticket && (now - *at).0 <= PATIENCE.0)
    }

    /// Takes an answer; says what is wrong with it, if anything.
    pub fn take(&mut self, number: usize, told: Told) -> Result<(), String> {
        let client = &mut self.0[number];
        match (&client.told, &told) {
            (_, Told::Failed(_)) => return Ok(()),
            (Some(Told::Replied(before)), Told::Replied(now)) if before != now => {
                return Err(format!(
                    "client {number} was told {before}, and later {now}, under the key {}",
                    client.wish.key
                ));
            }
            (Some(Told::Replied(before)), Told::Refused(refusal)) => {
                let code = &refusal.code;
                return Err(format!("client {number} was told {before}, and later refused with {code}"));
            }
            _ => {}
        }
        client.told = Some(told);
        Ok(())
    }

    pub fn unanswered(&self) -> impl Iterator<Item = (usize, &Client)> {
        self.0.iter().enumerate().filter(|(_, client)| client.told.is_none())
    }
}
