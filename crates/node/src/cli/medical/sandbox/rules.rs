//! What a hospital system must keep to, judged by nothing but the messages on the wire.

use std::collections::{BTreeMap, BTreeSet};

use huitong_kernel::hash::Digest;
use serde::Serialize;

use super::record::{Answer, Sent};

mod stays;

/// Evidence that is listed of one rule; the rest is counted.
const EVIDENCE_MAX: usize = 20;
const PENDING: &str = "MED-4009";
const HOME_SILENT: &str = "MED-4011";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Kept,
    Broken,
    /// The occasion was there, and what the rule asks for has not been seen yet.
    Open,
    NotExercised,
}

/// A message that shows what the rule says of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    pub infno: String,
    pub msgid: String,
    /// In Shanghai.
    pub time: String,
    /// The answer's code, where the node refused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// The earlier message because of which it is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_msgid: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    pub rule: &'static str,
    pub text_zh: &'static str,
    pub text_en: &'static str,
    pub verdict: Verdict,
    /// Occasions on which the rule asked for something.
    pub occasions: usize,
    /// Of `broken` and `open`.
    pub evidence: Vec<Evidence>,
    pub evidence_left_out: usize,
}

/// What was seen of one rule.
#[derive(Default)]
struct Seen {
    occasions: usize,
    broken: Vec<Evidence>,
    open: Vec<Evidence>,
}

struct Rule {
    name: &'static str,
    text_zh: &'static str,
    text_en: &'static str,
    see: fn(&[Sent]) -> Seen,
}

const RULES: &[Rule] = &[
    Rule {
        name: "message_formed",
        text_zh: "报文格式正确（未出现MED-1001至1006）",
        text_en: "messages are formed (MED-1001 to 1006 never answered)",
        see: |sent| {
            let codes = ["MED-1001", "MED-1002", "MED-1003", "MED-1004", "MED-1005", "MED-1006"];
            never_answered(sent, &codes, |_| true)
        },
    },
    Rule {
        name: "message_id_unique",
        text_zh: "报文ID不用于内容不同的请求（MED-1007）",
        text_en: "a msgid is never used with other content (MED-1007)",
        see: message_id_unique,
    },
    Rule {
        name: "unknown_outcome_asked",
        text_zh: "结算结果未知时，先以原报文ID重发、查询（5203）或冲正（2601），再以新报文ID结算同一批次",
        text_en: "after an unknown outcome the same msgid, 5203 or 2601 comes before a new msgid for the same batch",
        see: unknown_outcome_asked,
    },
    Rule {
        name: "reversed_id_unused",
        text_zh: "冲正（2601）后不再使用原报文ID",
        text_en: "after 2601 the msgid is not used again",
        see: reversed_id_unused,
    },
    Rule {
        name: "wrong_sums_noticed",
        text_zh: "发现应答合计不符：下一笔结算前重发、撤销、冲正或查询",
        text_en: "wrong sums are noticed: asked again, cancelled, reversed or queried before the next settlement",
        see: wrong_sums_noticed,
    },
    Rule {
        name: "pending_not_success",
        text_zh: "MED-4009不视为成功：问到结果之前，不结算同一就诊的其他费用，不申报当日对账",
        text_en: "MED-4009 is not taken as success: no further settlement of the visit and no totals of that day before the outcome is known",
        see: pending_not_success,
    },
    Rule {
        name: "line_sums",
        text_zh: "明细金额等于单价乘数量（未出现MED-3004）",
        text_en: "a line's amount is price × quantity (no MED-3004)",
        see: |sent| never_answered(sent, &["MED-3004"], is_lines),
    },
    Rule {
        name: "returns_named",
        text_zh: "退费明细指明原明细（未出现MED-3005）",
        text_en: "returned lines name their original (no MED-3005)",
        see: |sent| never_answered(sent, &["MED-3005"], |sent| is_lines(sent) && sent.about.returns),
    },
    Rule {
        name: "settled_sums",
        text_zh: "总额与四项分割与平台一致（未出现MED-4001）",
        text_en: "the total and the four sums equal the node's (no MED-4001)",
        see: |sent| {
            never_answered(sent, &["MED-4001"], |sent| sent.is_settling() || matches!(&*sent.infno, "2206" | "2303"))
        },
    },
    Rule {
        name: "admitted_once",
        text_zh: "在院患者不重复办理入院（未出现MED-3002）",
        text_en: "who is in hospital is not admitted again (no MED-3002)",
        see: |sent| never_answered(sent, &["MED-3002"], |sent| sent.infno == "2401"),
    },
    Rule {
        name: "fees_within_stay",
        text_zh: "住院费用时间在入院与出院之间（未出现MED-3006）",
        text_en: "fees of a stay lie between admission and discharge (no MED-3006)",
        see: |sent| never_answered(sent, &["MED-3006"], |sent| matches!(&*sent.infno, "2301" | "2402")),
    },
    Rule {
        name: "discharged_first",
        text_zh: "出院结算前已办理出院；中途结算标明mid_setl_flag=1（未出现MED-4012）",
        text_en: "the discharge (2402) comes before the final settlement; an interim one says so by mid_setl_flag (no MED-4012)",
        see: |sent| never_answered(sent, &["MED-4012"], |sent| sent.infno == "2304"),
    },
    Rule {
        name: "taken_back_in_order",
        text_zh: "先撤销最后一次结算，再撤销出院，最后撤销入院（未出现MED-4016、MED-3010、MED-3011）",
        text_en: "taken back from the end: the last settlement, the discharge, the admission (no MED-4016, 3010, 3011)",
        see: |sent| {
            let codes = ["MED-4016", "MED-3010", "MED-3011"];
            never_answered(sent, &codes, |sent| matches!(&*sent.infno, "2305" | "2404" | "2405"))
        },
    },
    Rule {
        name: "stay_concluded",
        text_zh: "住院有始有终：入院后出院并结清，或撤销入院",
        text_en: "a stay comes to its end: discharged and settled, or its admission taken back",
        see: stays::concluded,
    },
    Rule {
        name: "reconciled",
        text_zh: "至少对账一次（3201或3202）",
        text_en: "reconciled at least once (3201 or 3202)",
        see: reconciled,
    },
];

/// Judges the messages, in the order in which they came.
pub fn judge(sent: &[Sent]) -> Vec<Finding> {
    RULES.iter().map(|rule| finding(rule, (rule.see)(sent))).collect()
}

fn finding(rule: &Rule, seen: Seen) -> Finding {
    let verdict = match () {
        () if !seen.broken.is_empty() => Verdict::Broken,
        () if !seen.open.is_empty() => Verdict::Open,
        () if seen.occasions > 0 => Verdict::Kept,
        () => Verdict::NotExercised,
    };
    let mut evidence = if seen.broken.is_empty() { seen.open } else { seen.broken };
    let evidence_left_out = evidence.len().saturating_sub(EVIDENCE_MAX);
    evidence.truncate(EVIDENCE_MAX);
    let Rule { name, text_zh, text_en, .. } = *rule;
    Finding { rule: name, text_zh, text_en, verdict, occasions: seen.occasions, evidence, evidence_left_out }
}

fn evidence(sent: &Sent, after: Option<&Sent>) -> Evidence {
    Evidence {
        infno: sent.infno.clone(),
        msgid: sent.message_id.clone(),
        time: sent.at.shanghai(),
        refused: sent.refused().map(str::to_owned),
        after_msgid: after.map(|after| after.message_id.clone()),
    }
}

fn is_lines(sent: &Sent) -> bool {
    matches!(sent.infno.as_str(), "2204" | "2301")
}

/// A refusal for another reason says nothing: the node may not have looked so far.
fn never_answered(sent: &[Sent], codes: &[&str], concerns: impl Fn(&Sent) -> bool) -> Seen {
    let mut seen = Seen::default();
    for sent in sent.iter().filter(|sent| concerns(sent)) {
        match sent.refused() {
            Some(code) if codes.contains(&code) => {
                seen.occasions += 1;
                seen.broken.push(evidence(sent, None));
            }
            None if sent.is_granted() => seen.occasions += 1,
            Some(_) | None => {}
        }
    }
    seen
}

fn message_id_unique(sent: &[Sent]) -> Seen {
    let mut seen = Seen::default();
    let mut known: BTreeMap<&str, Digest> = BTreeMap::new();
    for sent in sent.iter().filter(|sent| !sent.message_id.is_empty()) {
        seen.occasions += 1;
        let first = *known.entry(&sent.message_id).or_insert(sent.content);
        if first != sent.content || sent.refused() == Some("MED-1007") {
            seen.broken.push(evidence(sent, None));
        }
    }
    seen
}

/// Whether the system cannot know what became of it.
fn is_unknown(sent: &Sent) -> bool {
    match &sent.answer {
        Answer::Pending => false,
        Answer::Missing => true,
        Answer::Foreign(status) => !sent.given || *status >= 500,
        Answer::Refused(code) => !sent.given || code == PENDING,
        Answer::Granted(_) => !sent.given,
    }
}

/// Whether the answer was given and is final.
fn is_final(sent: &Sent) -> bool {
    let is_answer = matches!(sent.answer, Answer::Granted(_) | Answer::Refused(_));
    sent.given && is_answer && !matches!(sent.refused(), Some(PENDING | HOME_SILENT))
}

/// Whether a later message tells the system what became of a settling call.
fn tells(later: &Sent, call: &Sent) -> bool {
    let is_same = later.message_id == call.message_id && later.content == call.content;
    match later.infno.as_str() {
        _ if is_same => later.given && !is_unknown(later),
        "2601" => later.about.original == call.message_id && is_final(later),
        "5203" => match &later.answer {
            // While the call is under way at the node, a list without it says nothing.
            Answer::Granted(granted) if later.given && later.about.visit == call.about.visit => {
                call.refused() != Some(PENDING) || granted.listed.contains(&call.message_id)
            }
            _ => false,
        },
        _ => false,
    }
}

fn is_same_batch(one: &Sent, other: &Sent) -> bool {
    one.infno == other.infno && one.about.visit == other.about.visit && one.about.batch == other.about.batch
}

/// Goes through what came after each of the calls until something decides: `Ok` keeps the rule, `Err` breaks it.
fn after_each(
    sent: &[Sent],
    concerns: impl Fn(&Sent) -> bool,
    decides: impl Fn(&Sent, &Sent) -> Option<Result<(), ()>>,
) -> Seen {
    let mut seen = Seen::default();
    let mut told = BTreeSet::new();
    for (index, call) in sent.iter().enumerate().filter(|(_, call)| concerns(call)) {
        seen.occasions += 1;
        let later = &sent[index + 1..];
        let decided = later.iter().find_map(|later| decides(later, call).map(|decided| (later, decided)));
        match decided {
            Some((_, Ok(()))) => {}
            Some((later, Err(()))) if told.insert((&later.message_id, &call.message_id)) => {
                seen.broken.push(evidence(later, Some(call)));
            }
            None if told.insert((&call.message_id, &call.message_id)) => seen.open.push(evidence(call, None)),
            Some((_, Err(()))) | None => {}
        }
    }
    seen
}

fn unknown_outcome_asked(sent: &[Sent]) -> Seen {
    let concerns = |call: &Sent| call.is_settling() && is_unknown(call);
    after_each(sent, concerns, |later, call| match () {
        () if tells(later, call) => Some(Ok(())),
        () if later.message_id != call.message_id && is_same_batch(later, call) => Some(Err(())),
        () => None,
    })
}

fn reversed_id_unused(sent: &[Sent]) -> Seen {
    let mut seen = Seen::default();
    // A reversal that was finally refused leaves the original as it is.
    let stands = |sent: &Sent| sent.infno == "2601" && !(is_final(sent) && sent.refused().is_some());
    let mut told = BTreeSet::new();
    for (index, reversal) in sent.iter().enumerate().filter(|(_, sent)| stands(sent)) {
        seen.occasions += 1;
        let again = sent[index + 1..].iter().filter(|later| later.message_id == reversal.about.original);
        for (place, later) in again.enumerate() {
            if told.insert((later.message_id.clone(), place)) {
                seen.broken.push(evidence(later, Some(reversal)));
            }
        }
    }
    seen
}

fn wrong_sums_noticed(sent: &[Sent]) -> Seen {
    let concerns = |call: &Sent| {
        call.is_settling() && call.given && matches!(&call.answer, Answer::Granted(granted) if granted.altered)
    };
    after_each(sent, concerns, |later, call| {
        let is_about = match later.infno.as_str() {
            _ if later.message_id == call.message_id => true,
            "2601" => later.about.original == call.message_id,
            "2208" | "2305" | "5203" => later.about.visit == call.about.visit,
            _ => false,
        };
        match () {
            () if is_about => Some(Ok(())),
            // Another operator's counter goes on.
            () if later.is_settling() && later.operator == call.operator => Some(Err(())),
            () => None,
        }
    })
}

fn pending_not_success(sent: &[Sent]) -> Seen {
    let concerns = |call: &Sent| call.is_settling() && call.given && call.refused() == Some(PENDING);
    after_each(sent, concerns, |later, call| {
        let day = call.at.business_date();
        let is_declared = matches!(later.infno.as_str(), "3201" | "3202")
            && later.about.days.is_some_and(|(from, to)| (from..=to).contains(&day));
        let goes_on =
            later.is_settling() && later.about.visit == call.about.visit && later.message_id != call.message_id;
        match () {
            () if tells(later, call) => Some(Ok(())),
            () if is_declared || goes_on => Some(Err(())),
            () => None,
        }
    })
}

fn reconciled(sent: &[Sent]) -> Seen {
    let mut seen = Seen::default();
    for sent in sent.iter().filter(|sent| matches!(sent.infno.as_str(), "3201" | "3202")) {
        seen.occasions += 1;
        if sent.is_granted() {
            return Seen { occasions: seen.occasions, ..Seen::default() };
        }
        if sent.refused().is_some() {
            seen.broken.push(evidence(sent, None));
        }
    }
    seen
}

#[cfg(test)]
mod tests;
