//! Deliberate breakage, to prove that the simulator finds it. Without the feature `sabotage` nothing of it is compiled in.

/// What is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    Nothing,
    /// A message that comes twice is taken twice.
    Cursor,
    /// A leader appends although another one has.
    Fence,
    /// A call that comes twice is carried out twice.
    Idempotency,
}

#[cfg(feature = "sabotage")]
mod chosen {
    use super::Sabotage;
    use std::cell::Cell;

    thread_local! {
        static CHOSEN: Cell<Sabotage> = const { Cell::new(Sabotage::Nothing) };
    }

    /// Breaks what follows on this thread.
    pub fn choose(sabotage: Sabotage) {
        CHOSEN.set(sabotage);
    }

    pub fn is(sabotage: Sabotage) -> bool {
        CHOSEN.get() == sabotage
    }
}

#[cfg(feature = "sabotage")]
pub use chosen::{choose, is};

/// Nothing is broken in a build that is meant to work.
#[cfg(not(feature = "sabotage"))]
pub const fn is(_: Sabotage) -> bool {
    false
}
