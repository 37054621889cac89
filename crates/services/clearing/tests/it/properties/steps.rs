//! What may happen next, and how often.

use proptest::prelude::*;
use proptest::sample::Index;

/// Services whose documents are cleared: one together with everybody, one gross and with clerks.
pub const SERVICES: [&str; 2] = ["transit", "medical"];

#[derive(Clone, Debug)]
pub enum Step {
    Owe {
        service: usize,
        debtor: usize,
        creditor: usize,
        fen: i64,
    },
    /// The debtor's service takes a document back, whether its period is cut or not.
    Refund {
        document: usize,
    },
    /// The debtor contests a document of a period that is matched, if it still can.
    Contest {
        document: usize,
    },
    Answer {
        ruling: u8,
    },
    /// A clerk confirms all that is matched.
    Confirm {
        node: usize,
    },
    Prepay {
        service: usize,
        payer: usize,
        payee: usize,
        fen: i64,
    },
    /// Some of what is to be paid is taken from what was paid ahead; it may be more than there is.
    FromPrepaid {
        payment: usize,
        percent: i64,
    },
    /// Every node has its file made; the banks carry it out.
    Banks,
    Move,
    Night,
    Crash {
        node: usize,
    },
    Down {
        node: usize,
    },
    Up,
}

fn number(index: Index) -> usize {
    index.index(1 << 20)
}

pub fn step() -> impl Strategy<Value = Step> {
    let pair = || (0..3_usize, 1..3_usize).prop_map(|(one, ahead)| (one, (one + ahead) % 3));
    prop_oneof![
        8 => (0..2_usize, pair(), -300..900_i64)
            .prop_map(|(service, (debtor, creditor), fen)| Step::Owe { service, debtor, creditor, fen }),
        2 => any::<Index>().prop_map(|document| Step::Refund { document: number(document) }),
        2 => any::<Index>().prop_map(|document| Step::Contest { document: number(document) }),
        2 => (0..3_u8).prop_map(|ruling| Step::Answer { ruling }),
        2 => (0..3_usize).prop_map(|node| Step::Confirm { node }),
        4 => (0..2_usize, pair(), 1..900_i64)
            .prop_map(|(service, (payer, payee), fen)| Step::Prepay { service, payer, payee, fen }),
        5 => (any::<Index>(), 1..150_i64)
            .prop_map(|(payment, percent)| Step::FromPrepaid { payment: number(payment), percent }),
        4 => Just(Step::Banks),
        7 => Just(Step::Move),
        3 => Just(Step::Night),
        1 => (0..3_usize).prop_map(|node| Step::Crash { node }),
        1 => (0..3_usize).prop_map(|node| Step::Down { node }),
        2 => Just(Step::Up),
    ]
}
