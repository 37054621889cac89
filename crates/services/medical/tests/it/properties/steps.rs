//! What may happen next: the steps of a story, and how often each comes.

use proptest::prelude::*;
use proptest::sample::Index;

#[derive(Clone, Debug)]
pub enum Step {
    Bill {
        who: usize,
        quantity: i64,
        account: bool,
        late: bool,
    },
    /// The same call again.
    Again {
        which: Index,
        late: bool,
    },
    Admit {
        who: usize,
    },
    Lines {
        stay: Index,
        quantity: i64,
    },
    Return {
        stay: Index,
    },
    Settle {
        stay: Index,
        interim: bool,
        late: bool,
    },
    /// Another call for what was offered before, settled or not.
    SettleAgain {
        which: Index,
    },
    Discharge {
        stay: Index,
    },
    Readmit {
        stay: Index,
    },
    /// The lines of the last batch are dropped.
    Drop {
        stay: Index,
    },
    Leave {
        stay: Index,
    },
    Cancel {
        which: Index,
        refund: bool,
        late: bool,
    },
    Reverse {
        which: Index,
        late: bool,
    },
    File {
        who: usize,
        kind: usize,
    },
    MoveFiling {
        which: Index,
        status: usize,
    },
    Credit {
        who: usize,
        bucket: usize,
        fen: i64,
    },
    /// Home cuts the next period.
    Cut {
        home: usize,
    },
    /// A clearing says what is paid of the next period that both have cut, or of the last one once more.
    Clear {
        home: usize,
        at_visited: bool,
        again: bool,
    },
    /// Home fixes the quota of the year.
    Quota {
        home: usize,
        fen: i64,
    },
    /// Visited asks for more.
    AskRaise {
        home: usize,
        fen: i64,
    },
    AnswerRaise {
        home: usize,
        fen: i64,
    },
    Carry {
        home: usize,
        back: bool,
    },
    Pass {
        minutes: i64,
    },
    Restart {
        node: usize,
    },
}

pub fn step() -> impl Strategy<Value = Step> {
    let any_index = any::<Index>;
    prop_oneof![
        4 => (0..2_usize, 1..400_i64, any::<bool>(), prop::bool::weighted(0.2))
            .prop_map(|(who, quantity, account, late)| Step::Bill { who, quantity, account, late }),
        2 => (any_index(), any::<bool>()).prop_map(|(which, late)| Step::Again { which, late }),
        3 => (0..2_usize).prop_map(|who| Step::Admit { who }),
        4 => (any_index(), 1..30_000_i64).prop_map(|(stay, quantity)| Step::Lines { stay, quantity }),
        1 => any_index().prop_map(|stay| Step::Return { stay }),
        6 => (any_index(), any::<bool>(), prop::bool::weighted(0.2))
            .prop_map(|(stay, interim, late)| Step::Settle { stay, interim, late }),
        2 => any_index().prop_map(|which| Step::SettleAgain { which }),
        2 => any_index().prop_map(|stay| Step::Discharge { stay }),
        1 => any_index().prop_map(|stay| Step::Readmit { stay }),
        1 => any_index().prop_map(|stay| Step::Drop { stay }),
        1 => any_index().prop_map(|stay| Step::Leave { stay }),
        3 => (any_index(), any::<bool>(), prop::bool::weighted(0.3))
            .prop_map(|(which, refund, late)| Step::Cancel { which, refund, late }),
        2 => (any_index(), any::<bool>()).prop_map(|(which, late)| Step::Reverse { which, late }),
        1 => (0..2_usize, 0..4_usize).prop_map(|(who, kind)| Step::File { who, kind }),
        1 => (any_index(), 0..3_usize).prop_map(|(which, status)| Step::MoveFiling { which, status }),
        1 => (0..2_usize, 0..3_usize, 1..20_000_i64).prop_map(|(who, bucket, fen)| Step::Credit { who, bucket, fen }),
        2 => (0..2_usize).prop_map(|home| Step::Cut { home }),
        3 => (0..2_usize, any::<bool>(), prop::bool::weighted(0.2))
            .prop_map(|(home, at_visited, again)| Step::Clear { home, at_visited, again }),
        2 => (0..2_usize, 1..500_000_i64).prop_map(|(home, fen)| Step::Quota { home, fen }),
        1 => (0..2_usize, 1..100_000_i64).prop_map(|(home, fen)| Step::AskRaise { home, fen }),
        1 => (0..2_usize, 0..100_000_i64).prop_map(|(home, fen)| Step::AnswerRaise { home, fen }),
        2 => (0..2_usize, any::<bool>()).prop_map(|(home, back)| Step::Carry { home, back }),
        1 => (1..20_i64).prop_map(|minutes| Step::Pass { minutes }),
        1 => (0..3_usize).prop_map(|node| Step::Restart { node }),
    ]
}
