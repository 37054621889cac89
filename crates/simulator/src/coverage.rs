//! How often each fault and each refusal was reached: a fault that is never reached proves nothing.

use std::collections::BTreeMap;
use std::fmt;

use crate::plan::Fault;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    pub faults: BTreeMap<String, u64>,
    pub refusals: BTreeMap<String, u64>,
    pub steps: u64,
    pub calls_answered: u64,
    pub messages: u64,
}

impl Coverage {
    pub fn fault(&mut self, fault: Fault) {
        *self.faults.entry(fault.name()).or_default() += 1;
    }

    /// Something that faults brought about, by its name.
    pub fn effect(&mut self, name: &str, count: u64) {
        if count > 0 {
            *self.faults.entry(name.to_owned()).or_default() += count;
        }
    }

    pub fn refusal(&mut self, code: &str) {
        *self.refusals.entry(code.to_owned()).or_default() += 1;
    }

    pub fn add(&mut self, other: &Coverage) {
        for (name, count) in &other.faults {
            *self.faults.entry(name.clone()).or_default() += count;
        }
        for (code, count) in &other.refusals {
            *self.refusals.entry(code.clone()).or_default() += count;
        }
        self.steps += other.steps;
        self.calls_answered += other.calls_answered;
        self.messages += other.messages;
    }

    /// Effects that must have been seen in a sufficiently long run, beside every fault.
    pub const EFFECTS: &[&str] = &[
        "unsynced writes lost",
        "unsynced writes torn",
        "bit rot detected",
        "parcels lost",
        "parcels delayed",
        "parcels doubled",
        "parcels cut off",
        "database answers lost, applied",
        "database answers lost, dropped",
        "database answers lost, late",
        "places taken",
        "leaders changed",
        "old backups found out",
        "forks refused",
        "forged receipts refused",
        "false claims ignored",
        "hours passed",
        "the business day ended",
        "the month ended",
        "stays settled",
        "stays settled in parts",
        "settlements of stays taken back",
        "discharges taken back",
        "stays closed with their last part",
        "closed stays opened again",
        "lines of stays revoked",
        "admissions taken back",
        "filings that reach into a stay",
        "filings revoked",
        "refunds after the cut",
        "days equal between nodes",
        "records compared",
        "records that differ",
        "differences fixed",
        "prepayments alarmed",
        "prepayments overdrawn",
        "prepayments raised",
        "settled by a pool",
        "pool answers lost",
        "pool answers late",
        "pool answers doubled",
        "pool silent",
        "trips without a tap",
        "trips adjusted",
        "debts tried again",
        "codes of other cities",
        "revenue shared",
        "days matched",
        "contests answered",
        "periods cut early",
        "periods cut by the clock",
        "cuts of others followed",
        "clearing statements confirmed",
        "documents held back",
        "clearing contests ended",
        "payments returned",
        "payments closed",
        "regional batches ended",
    ];

    /// What was never reached.
    pub fn missing(&self) -> Vec<String> {
        let names =
            Fault::ALL.iter().map(|fault| fault.name()).chain(Self::EFFECTS.iter().map(|name| (*name).to_owned()));
        names.filter(|name| !self.faults.contains_key(name)).collect()
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} steps, {} calls answered, {} messages", self.steps, self.calls_answered, self.messages)?;
        writeln!(f, "faults and what they brought about:")?;
        for (name, count) in &self.faults {
            writeln!(f, "  {count:>8}  {name}")?;
        }
        writeln!(f, "refusals:")?;
        for (code, count) in &self.refusals {
            writeln!(f, "  {count:>8}  {code}")?;
        }
        Ok(())
    }
}
