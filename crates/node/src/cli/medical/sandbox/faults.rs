//! Faults on request: which message they meet, and how often.

use std::collections::VecDeque;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Faults that wait at the same time.
const WAITING_MAX: usize = 100;
const TIMES_MAX: u32 = 1_000;
const SECONDS_MAX: u64 = 300;
/// Longer than a node waits for home (10 s), so that it must say "do not collect".
const SECONDS: u64 = 15;
/// Every transaction.
pub const ANY: &str = "*";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The message never reaches the node; the connection is closed.
    LostBefore,
    /// Passed on and booked; the answer is swallowed, the connection closed.
    TimeoutAfterCommit,
    /// Passed on twice; the second answer is given.
    Duplicate,
    /// Answered after some seconds.
    Late,
    /// `fund_pay_sumamt` of the answer is higher by 0.01: the parts do not add up.
    WrongSums,
    /// The home node stands still for some seconds.
    HomeSilent,
}

impl FaultKind {
    pub const ALL: [FaultKind; 6] = [
        FaultKind::LostBefore,
        FaultKind::TimeoutAfterCommit,
        FaultKind::Duplicate,
        FaultKind::Late,
        FaultKind::WrongSums,
        FaultKind::HomeSilent,
    ];

    pub fn name(self) -> &'static str {
        match self {
            FaultKind::LostBefore => "lost_before",
            FaultKind::TimeoutAfterCommit => "timeout_after_commit",
            FaultKind::Duplicate => "duplicate",
            FaultKind::Late => "late",
            FaultKind::WrongSums => "wrong_sums",
            FaultKind::HomeSilent => "home_silent",
        }
    }

    pub fn text(self) -> &'static str {
        match self {
            FaultKind::LostBefore => "the message is lost on its way 请求丢失",
            FaultKind::TimeoutAfterCommit => "booked, the answer is lost 已入账，应答丢失",
            FaultKind::Duplicate => "sent on twice 重复发送",
            FaultKind::Late => "answered late 应答迟到",
            FaultKind::WrongSums => "the fund's sum is 0.01 too high 基金支付总额多0.01",
            FaultKind::HomeSilent => "the home node stands still 参保地无应答",
        }
    }
}

fn once() -> u32 {
    1
}

fn seconds() -> u64 {
    SECONDS
}

/// What somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The transaction, or `*`.
    pub infno: String,
    pub fault: FaultKind,
    #[serde(default = "once")]
    pub times: u32,
    /// Of `late` and `home_silent`.
    #[serde(default = "seconds")]
    pub seconds: u64,
}

impl Fault {
    fn check(&self) -> Result<(), &'static str> {
        let is_transaction = self.infno == ANY || (4..=5).contains(&self.infno.len());
        if !is_transaction || !self.infno.is_ascii() {
            return Err("infno is a transaction, for instance 2207, or * infno应为交易编号或*");
        }
        if self.times == 0 || self.times > TIMES_MAX {
            return Err("times is 1 to 1000 times为1至1000");
        }
        if self.seconds == 0 || self.seconds > SECONDS_MAX {
            return Err("seconds is 1 to 300 seconds为1至300");
        }
        Ok(())
    }
}

/// `2207=timeout_after_commit`, or with seconds `2207=late:20`
impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Fault, String> {
        let (infno, rest) = text.split_once('=').ok_or("write INFNO=FAULT, for instance 2207=timeout_after_commit")?;
        let (name, seconds) = rest.split_once(':').unwrap_or((rest, ""));
        let names = || FaultKind::ALL.map(FaultKind::name).join(", ");
        let fault = FaultKind::ALL.into_iter().find(|kind| kind.name() == name);
        let fault = fault.ok_or_else(|| format!("{name} is none of {}", names()))?;
        let seconds = if seconds.is_empty() { Ok(SECONDS) } else { seconds.parse() };
        let seconds = seconds.map_err(|_| "seconds is a whole number".to_owned())?;
        let fault = Fault { infno: infno.to_owned(), fault, times: 1, seconds };
        fault.check().map(|()| fault).map_err(str::to_owned)
    }
}

/// The faults that wait for their message, oldest first.
#[derive(Default)]
pub struct Faults {
    waiting: VecDeque<Fault>,
}

impl Faults {
    /// # Errors
    /// What is wrong with it, in both languages.
    pub fn add(&mut self, fault: Fault) -> Result<(), &'static str> {
        fault.check()?;
        if self.waiting.len() >= WAITING_MAX {
            return Err("100 faults wait already; DELETE them first 已有100个故障待注入，请先清除");
        }
        self.waiting.push_back(fault);
        Ok(())
    }

    /// The oldest fault that waits for this transaction, once.
    pub fn take(&mut self, infno: &str) -> Option<Fault> {
        let index = self.waiting.iter().position(|fault| fault.infno == infno || fault.infno == ANY)?;
        let fault = self.waiting.get_mut(index)?;
        fault.times -= 1;
        let taken = Fault { times: 1, ..fault.clone() };
        if fault.times == 0 {
            self.waiting.remove(index);
        }
        Some(taken)
    }

    /// A fault that could not be done waits for the next message.
    pub fn give_back(&mut self, fault: Fault) {
        self.waiting.push_front(fault);
    }

    pub fn waiting(&self) -> Vec<Fault> {
        self.waiting.iter().cloned().collect()
    }

    pub fn clear(&mut self) {
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_meets_its_transaction_as_often_as_asked() {
        let mut faults = Faults::default();
        faults.add("2207=late:20".parse().expect("a fault")).expect("accepted");
        faults
            .add(serde_json::from_str(r#"{"infno":"*","fault":"duplicate","times":2}"#).expect("a fault"))
            .expect("accepted");
        assert_eq!(faults.take("1101").map(|fault| fault.fault), Some(FaultKind::Duplicate));
        assert_eq!(faults.take("2207").map(|fault| (fault.fault, fault.seconds)), Some((FaultKind::Late, 20)));
        assert_eq!(faults.take("2207").map(|fault| fault.fault), Some(FaultKind::Duplicate));
        assert_eq!(faults.take("2207"), None);
    }

    #[test]
    fn what_is_no_fault_is_refused() {
        for text in ["2207", "2207=slow", "220=late", "2207=late:x", "2207=late:0", "2207=late:301"] {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
        let mut faults = Faults::default();
        let fault: Fault = "2207=duplicate".parse().expect("a fault");
        assert!(faults.add(Fault { times: 0, ..fault.clone() }).is_err());
        while faults.add(fault.clone()).is_ok() {}
        assert_eq!(faults.waiting().len(), WAITING_MAX);
    }

    #[test]
    fn every_fault_reads_by_its_name() {
        for kind in FaultKind::ALL {
            assert_eq!(serde_json::to_value(kind).expect("JSON"), kind.name());
        }
    }
}
