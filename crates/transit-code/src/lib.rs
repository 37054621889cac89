//! Ride codes (乘车码), verified offline at a gate, in two layouts: the JT/T 1179 family, through the whole chain root →
//! issuer certificate → authorisation → user signature; and UIC 918.9, issuer key → level 1 → level 2. Both on the received
//! bytes, with the time window, deny lists, replay and pass-back.
//!
//! No standard library, no heap, no `unsafe`, no clock: the caller gives the bytes, the time and the memory. What a gate
//! vendor links from C is the crate `transit-code-c`.
//!
//! * [`code`], [`certificate`], [`custom`], [`decode`]: the layouts. * [`uic`]: the second layout.
//! * [`chain`]: signatures and times.
//! * [`key_set`], [`deny`], [`state`]: the tables a node gives its gates. * [`gate`]: all checks in their order.
//! * [`record`]: the hash-chained tap record. * [`make`]: issuing, for code platforms and tests.
//! * [`attack`]: what must be refused, as a suite.
//!
//! Sources: the layout is that of `jtt1179` in docs/services/transit.md (secondary: public drafts of JT/T 1179 and field
//! programs that agree); signatures are GM/T 0003 with SM3 and the user id `1234567812345678`. Those of the second layout
//! stand in [`uic`].
#![cfg_attr(not(any(feature = "attack-suite", feature = "openssl", test)), no_std)]
#![forbid(unsafe_code)]

#[cfg(feature = "make")]
extern crate alloc;

#[cfg(feature = "attack-suite")]
pub mod attack;
mod bytes;
pub mod cache;
pub mod certificate;
pub mod chain;
pub mod code;
pub mod custom;
pub mod decode;
pub mod deny;
pub mod gate;
pub mod key_set;
mod key_sets;
#[cfg(feature = "make")]
pub mod make;
mod pass;
pub mod profile;
pub mod reason;
pub mod recent;
pub mod record;
pub mod signature;
pub mod state;
pub mod table;
pub mod uic;

pub use reason::Reason;
