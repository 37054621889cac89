//! The shape of a service: commands in, events and messages out, views in between.

use huitong_kernel::calendar::Calendar;
use huitong_kernel::clearing::ClearingRule;
use huitong_kernel::division::Division;
use huitong_kernel::entry::Sequence;
use huitong_kernel::feed::Address;
use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::random::RandomSource;
use huitong_kernel::split::Split;
use huitong_kernel::time::Instant;
use huitong_store::journal::Pace;
use huitong_store::{StoreError, Tx, View};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::principal::Principal;
use crate::refusal::{Refusal, RefusalKind, Stop};

/// A domain on its stream. `decide` reads views and changes nothing; `apply` is the only code that writes views.
pub trait Service: Sized + Send + Sync + 'static {
    /// The name in addresses and paths, for instance `medical`.
    const NAME: &'static str;

    /// Whether its keys allow it to be split into parts (`transit/8` in the manifest). One that keeps books over all keys cannot.
    const SPLITTABLE: bool = false;

    /// What its streams' writers are tuned for.
    const PACE: Pace = Pace::Prompt;

    /// What an API caller may wish.
    type Command: Clone + Send + 'static;
    /// What followed; complete enough to rebuild the views without outside data; versioned by name.
    type Event: Serialize + DeserializeOwned + Send + 'static;
    /// What comes from peers' services and goes to them.
    type Message: Serialize + DeserializeOwned + Send + 'static;
    /// What becomes due by the clock.
    type Timer: Send + 'static;
    /// What an API caller is told.
    type Reply: Serialize + DeserializeOwned + Clone + Send + 'static;

    /// The tables of the views, as idempotent SQL.
    fn schema() -> &'static [&'static str];

    /// Every refusal of the service.
    fn refusals() -> &'static [&'static [RefusalKind]];

    /// A member of the problem document beside code and texts: its name and value, from a refusal that carries more.
    fn extension(_refusal: &Refusal) -> Option<(&'static str, serde_json::Value)> {
        None
    }

    /// The refusal for a request that does not have the right shape.
    fn shape_refusal(problem: ShapeProblem) -> Refusal;

    fn decide(&self, view: View<'_>, input: Input<Self>, context: &mut Context<'_>) -> Result<Decision<Self>, Stop>;

    fn apply(&self, tx: Tx<'_>, event: &Self::Event, applied: &Applied) -> Result<(), StoreError>;

    /// What is due at `now` by the views, oldest first, at most `limit`. A service without deadlines has none.
    fn due(&self, _view: View<'_>, _now: Instant, _limit: usize) -> Result<Vec<Self::Timer>, StoreError> {
        Ok(Vec::new())
    }
}

/// What a service is asked to decide: all three enter by the same door.
pub enum Input<S: Service> {
    Command(S::Command),
    Message(Received<S::Message>),
    Timer(S::Timer),
}

/// A peer's message.
pub struct Received<M> {
    pub from: Address,
    /// Its number in the feed.
    pub number: Sequence,
    /// RFC 9162 leaf hash of the bytes received: the same on both sides, and in every proof.
    pub leaf: Digest,
    pub envelope: Envelope<M>,
}

/// What every message carries beside its content (the three levels of ids follow India's HCX).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope<M> {
    /// Of this message.
    pub id: Uuid,
    /// Of one business cycle, for instance quote to settlement.
    pub cycle: Uuid,
    /// Of the whole episode, for instance a visit.
    pub episode: Uuid,
    /// When the sender decided it, UTC milliseconds.
    pub at: Instant,
    pub message: M,
}

/// A message to a peer's service, as the bytes that will be sent, hashed and stored.
pub struct Outgoing {
    pub to: Address,
    pub bytes: Vec<u8>,
}

impl Outgoing {
    /// Writes the message once; from here on only its bytes count.
    pub fn new<M: Serialize>(to: Address, envelope: &Envelope<M>) -> Outgoing {
        let bytes = serde_json::to_vec(envelope).expect("messages hold nothing that JSON cannot express");
        Outgoing { to, bytes }
    }

    /// RFC 9162 leaf hash of the bytes.
    pub fn leaf(&self, function: HashFunction) -> Digest {
        huitong_kernel::merkle::leaf_hash(function, &self.bytes)
    }
}

/// What a decision may know beside the views.
pub struct Context<'a> {
    pub now: Instant,
    /// The service's own address.
    pub home: &'a Address,
    pub function: HashFunction,
    pub principal: Principal,
    pub request_id: String,
    pub random: &'a mut RandomSource,
    pub directory: &'a dyn Directory,
}

impl Context<'_> {
    /// Where a jurisdiction's service takes what concerns a key: the service itself, or the part that holds the key.
    pub fn address_for(&self, jurisdiction: Division, service: &str, key: &str) -> Address {
        let address = Address::new(jurisdiction, service);
        match self.directory.parts(jurisdiction, service) {
            0 | 1 => address,
            of => Split { part: Split::part_of(key, of), of }.address(&address),
        }
    }

    pub fn new_uuid(&mut self) -> Uuid {
        huitong_kernel::id::new_uuid(self.now, self.random)
    }
}

/// Which jurisdiction's node answers for a division: the region's manifest.
pub trait Directory: Send + Sync {
    /// The longest match wins; `None` when the region does not serve the division.
    fn jurisdiction_of(&self, division: Division) -> Option<Division>;

    /// All jurisdictions of the region.
    fn jurisdictions(&self) -> Vec<Division>;

    /// The working days of a division as known at an instant; Monday to Friday where no notice is known.
    fn calendar(&self, _division: Division, _known_at: Instant) -> Calendar {
        Calendar::default()
    }

    /// The region's rules for clearing, of every service and date.
    fn clearing_rules(&self) -> Vec<ClearingRule> {
        Vec::new()
    }

    /// In how many parts a jurisdiction's node runs a service.
    fn parts(&self, _jurisdiction: Division, _service: &str) -> u8 {
        1
    }
}

/// The name under which a caller waits for a peer's answer.
pub type Correlation = String;

/// How a call ends: with a reply or with a refusal (its own or the peer's).
pub type CallResult<R> = Result<R, Refusal>;

/// What follows from an input.
pub struct Decision<S: Service> {
    pub events: Vec<S::Event>,
    pub messages: Vec<Outgoing>,
    /// For a command: the reply, or the correlation under which the caller waits.
    pub answer: Answer<S::Reply>,
    /// Callers that waited for this.
    pub resolved: Vec<(Correlation, CallResult<S::Reply>)>,
    /// Sentences for the duty officer, without personal data.
    pub alarms: Vec<String>,
    /// Bytes to be held beside the record until they are erased.
    pub attachment: Option<Vec<u8>>,
    /// The attachments of the entries up to this one are not needed any more.
    pub erase: Option<Sequence>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer<R> {
    /// Nobody asked (messages, timers).
    None,
    Now(R),
    Later(Correlation),
}

impl<S: Service> Decision<S> {
    /// Nothing follows.
    pub fn nothing() -> Decision<S> {
        Decision {
            events: Vec::new(),
            messages: Vec::new(),
            answer: Answer::None,
            resolved: Vec::new(),
            alarms: Vec::new(),
            attachment: None,
            erase: None,
        }
    }

    /// Whether a message has had no effect at all.
    pub(crate) fn is_nothing(&self) -> bool {
        let Decision { events, messages, answer, resolved, alarms, attachment, erase } = self;
        let is_silent =
            messages.is_empty() && resolved.is_empty() && matches!(answer, Answer::None) && alarms.is_empty();
        is_silent && events.is_empty() && attachment.is_none() && erase.is_none()
    }

    pub fn reply(reply: S::Reply) -> Decision<S> {
        Decision { answer: Answer::Now(reply), ..Decision::nothing() }
    }

    pub fn wait(correlation: impl Into<Correlation>) -> Decision<S> {
        Decision { answer: Answer::Later(correlation.into()), ..Decision::nothing() }
    }

    pub fn event(mut self, event: S::Event) -> Decision<S> {
        self.events.push(event);
        self
    }

    pub fn message(mut self, message: Outgoing) -> Decision<S> {
        self.messages.push(message);
        self
    }

    pub fn resolve(mut self, correlation: impl Into<Correlation>, result: CallResult<S::Reply>) -> Decision<S> {
        self.resolved.push((correlation.into(), result));
        self
    }

    pub fn attach(mut self, bytes: Vec<u8>) -> Decision<S> {
        self.attachment = Some(bytes);
        self
    }

    /// Erases the attachments of the entries up to this one.
    pub fn erase(mut self, up_to: Sequence) -> Decision<S> {
        self.erase = Some(up_to);
        self
    }

    pub fn alarm(mut self, sentence: impl Into<String>) -> Decision<S> {
        self.alarms.push(sentence.into());
        self
    }
}

/// Where an event stands, for `apply`.
#[derive(Clone, Copy, Debug)]
pub struct Applied {
    /// Sequence number of the decision's entry.
    pub sequence: Sequence,
    pub at: Instant,
}

/// How a request fails to have the right shape, before any service sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShapeProblem {
    NotJson,
    Missing {
        field: String,
    },
    Unknown {
        field: String,
    },
    WrongType {
        field: String,
    },
    Number {
        field: String,
    },
    /// A date or an instant that is none.
    Time {
        field: String,
    },
    TooLong {
        field: String,
        limit: usize,
    },
    TooLarge {
        limit: usize,
    },
}
