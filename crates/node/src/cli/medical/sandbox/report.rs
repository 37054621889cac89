//! The conformance report of the system under test (符合性报告).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use huitong_medical::national::envelope::FIELDS;
use huitong_medical::national::transactions::{ALL, Transaction};
use huitong_service_kit::http::Clock;
use serde::Serialize;

use super::proxy::Sandbox;
use super::record::{Answer, Record, Sent};
use super::rules::{Finding, Verdict, judge};
use crate::clock::SystemClock;

/// Transactions beside the table that are listed; the rest is left out.
const NOT_SERVED_MAX: usize = 50;

/// What became of the messages of one transaction, and how its fields are used.
#[derive(Debug, Default, Serialize)]
pub struct Usage {
    pub infno: String,
    pub name_zh: &'static str,
    pub name_en: &'static str,
    /// Whether the node serves it.
    pub served: bool,
    pub sent: u64,
    pub granted: u64,
    /// By code.
    pub refused: BTreeMap<String, u64>,
    /// Lost, or answered by no message of the interface.
    pub unanswered: u64,
    /// Sent and kept without effect.
    pub fields_ignored: Vec<String>,
    /// Sent and not known to the table.
    pub fields_unknown: Vec<String>,
    /// Known to the table and never sent.
    pub fields_never_sent: Vec<String>,
}

#[derive(Debug, Serialize)]
pub struct Report {
    pub note: &'static str,
    pub region: String,
    pub hospital: String,
    /// In Shanghai.
    pub made_at: String,
    pub messages: usize,
    /// Beyond the limit of one report: passed on, not judged.
    pub not_recorded: u64,
    /// Faults done, by name.
    pub faults: BTreeMap<&'static str, u64>,
    pub rules: Vec<Finding>,
    pub envelope_ignored: Vec<String>,
    pub envelope_never_sent: Vec<String>,
    pub transactions: Vec<Usage>,
    /// Message ids to which the node gave two answers: a fault of the node, to be reported to Huitong.
    pub answers_that_differ: Vec<String>,
}

impl Report {
    pub fn of(sandbox: &Sandbox) -> Report {
        let made_at = SystemClock { offset_ms: 0 }.now().shanghai();
        Report::from_record(&sandbox.record(), &sandbox.region.profile.name, &sandbox.hospital, made_at)
    }

    fn from_record(record: &Record, region: &str, hospital: &str, made_at: String) -> Report {
        let sent = &record.messages;
        let mut faults = BTreeMap::new();
        for fault in sent.iter().filter_map(|sent| sent.fault) {
            *faults.entry(fault.name()).or_default() += 1;
        }
        let fields: BTreeSet<&str> = sent.iter().flat_map(|sent| sent.fields.iter().map(String::as_str)).collect();
        let envelope = |of: fn(&bool, bool) -> bool| {
            let chosen =
                FIELDS.iter().filter(|field| !sent.is_empty() && of(&field.ignored, fields.contains(field.name)));
            chosen.map(|field| field.name.to_owned()).collect()
        };
        Report {
            note: "a sandbox: invented persons, real nodes 沙箱：人员为虚构，节点为真实程序",
            region: region.to_owned(),
            hospital: hospital.to_owned(),
            made_at,
            messages: sent.len(),
            not_recorded: record.not_recorded,
            faults,
            rules: judge(sent),
            envelope_ignored: envelope(|is_ignored, is_sent| *is_ignored && is_sent),
            envelope_never_sent: envelope(|_, is_sent| !is_sent),
            transactions: usages(sent),
            answers_that_differ: record.answers_that_differ.clone(),
        }
    }

    /// Whether a rule is broken.
    pub fn is_broken(&self) -> bool {
        self.rules.iter().any(|rule| rule.verdict == Verdict::Broken)
    }
}

fn usages(sent: &[Sent]) -> Vec<Usage> {
    let served = ALL.iter().map(|transaction| {
        let sent: Vec<&Sent> = sent.iter().filter(|sent| sent.infno == transaction.infno).collect();
        let mut usage = counted(&sent, transaction.infno);
        (usage.name_zh, usage.name_en, usage.served) = (transaction.name_zh, transaction.name_en, true);
        fields(&mut usage, &sent, transaction);
        usage
    });
    let is_served = |infno: &str| ALL.iter().any(|transaction| transaction.infno == infno);
    let others: BTreeSet<&str> =
        sent.iter().map(|sent| sent.infno.as_str()).filter(|infno| !is_served(infno)).collect();
    let others = others.into_iter().take(NOT_SERVED_MAX).map(|infno| {
        let sent: Vec<&Sent> = sent.iter().filter(|sent| sent.infno == infno).collect();
        Usage { name_zh: "不支持", name_en: "not served", ..counted(&sent, infno) }
    });
    served.chain(others).collect()
}

fn counted(sent: &[&Sent], infno: &str) -> Usage {
    let mut usage = Usage { infno: infno.to_owned(), ..Usage::default() };
    for sent in sent {
        usage.sent += 1;
        match &sent.answer {
            Answer::Granted(_) => usage.granted += 1,
            Answer::Refused(code) => *usage.refused.entry(code.clone()).or_default() += 1,
            Answer::Pending | Answer::Missing | Answer::Foreign(_) => usage.unanswered += 1,
        }
    }
    usage
}

fn fields(usage: &mut Usage, sent: &[&Sent], transaction: &Transaction) {
    // Only of messages that could be read.
    let used: BTreeSet<&str> = sent.iter().flat_map(|sent| sent.fields.iter().map(String::as_str)).collect();
    if used.is_empty() {
        return;
    }
    let known = || {
        let nodes = transaction.nodes.iter();
        nodes.flat_map(|node| node.fields.iter().map(move |field| (format!("{}.{}", node.name, field.name), field)))
    };
    let names: BTreeSet<String> = known().map(|(name, _)| name).collect();
    let is_used = |name: &str| used.contains(name);
    usage.fields_ignored =
        known().filter(|(name, field)| field.ignored && is_used(name)).map(|(name, _)| name).collect();
    usage.fields_never_sent = known().map(|(name, _)| name).filter(|name| !is_used(name)).collect();
    let inner = used.iter().filter(|name| name.contains('.') && !names.contains(**name));
    usage.fields_unknown = inner.map(|name| (*name).to_owned()).collect();
}

pub fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Kept => "kept 符合",
        Verdict::Broken => "BROKEN 不符合",
        Verdict::Open => "open 待查",
        Verdict::NotExercised => "not exercised 未涉及",
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Conformance report 符合性报告  {}  {}  {}", self.region, self.hospital, self.made_at)?;
        writeln!(f, "{}", self.note)?;
        writeln!(f, "messages 报文 {}, beyond the limit 超出上限未记录 {}", self.messages, self.not_recorded)?;
        let faults: Vec<String> = self.faults.iter().map(|(name, count)| format!("{name} {count}")).collect();
        writeln!(f, "faults 故障 {}", listed(&faults))?;
        writeln!(f, "\nRules 规则")?;
        self.rules.iter().try_for_each(|rule| show_rule(f, rule))?;
        writeln!(f, "\nTransactions 交易")?;
        self.transactions.iter().filter(|usage| usage.sent > 0).try_for_each(|usage| show_usage(f, usage))?;
        let never = self.transactions.iter().filter(|usage| usage.sent == 0);
        let never: Vec<String> = never.map(|usage| usage.infno.clone()).collect();
        writeln!(f, "  never sent 未使用: {}", listed(&never))?;
        writeln!(f, "  envelope 报文头: ignored 不起作用 {}", listed(&self.envelope_ignored))?;
        writeln!(f, "  envelope 报文头: never sent 未发送 {}", listed(&self.envelope_never_sent))?;
        if !self.answers_that_differ.is_empty() {
            let ids = listed(&self.answers_that_differ);
            writeln!(f, "\nThe node gave two answers, a fault of Huitong 节点两次应答不同，请向汇通报告: {ids}")?;
        }
        Ok(())
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "-".to_owned() } else { names.join(", ") }
}

fn show_rule(f: &mut fmt::Formatter<'_>, rule: &Finding) -> fmt::Result {
    writeln!(f, "  [{}] {} ({} times 次)", word(rule.verdict), rule.rule, rule.occasions)?;
    writeln!(f, "      {}\n      {}", rule.text_zh, rule.text_en)?;
    for evidence in &rule.evidence {
        let refused = evidence.refused.as_deref().unwrap_or_default();
        let after = evidence.after_msgid.as_ref().map(|after| format!(" after 在其后: {after}")).unwrap_or_default();
        writeln!(f, "      - {} {} {} {refused}{after}", evidence.time, evidence.infno, evidence.msgid)?;
    }
    if rule.evidence_left_out > 0 {
        writeln!(f, "      - and {} more 另有{}条", rule.evidence_left_out, rule.evidence_left_out)?;
    }
    Ok(())
}

fn show_usage(f: &mut fmt::Formatter<'_>, usage: &Usage) -> fmt::Result {
    let refused: Vec<String> = usage.refused.iter().map(|(code, count)| format!("{code} {count}")).collect();
    writeln!(f, "  {} {} {}", usage.infno, usage.name_zh, usage.name_en)?;
    writeln!(
        f,
        "      sent 发送 {}, granted 成功 {}, unanswered 无应答 {}, refused 拒绝 {}",
        usage.sent,
        usage.granted,
        usage.unanswered,
        listed(&refused)
    )?;
    for (name, fields) in [
        ("ignored 不起作用", &usage.fields_ignored),
        ("unknown 未知字段", &usage.fields_unknown),
        ("never sent 未发送", &usage.fields_never_sent),
    ] {
        if !fields.is_empty() {
            writeln!(f, "      {name}: {}", fields.join(", "))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use huitong_kernel::time::Instant;

    use super::*;

    fn message(infno: &str, data: &str) -> Sent {
        let text = format!(
            r#"{{"infno":"{infno}","msgid":"H31010100001202611291000000001","mdtrtarea_admvs":"310101",
            "recer_sys_code":"HIS","opter_type":"1","opter":"c01","opter_name":"收费员","inf_time":"2026-11-29 10:00:00",
            "fixmedins_code":"H31010100001","fixmedins_name":"医院","input":{{"data":{data}}}}}"#
        );
        Sent::read(text.as_bytes(), Instant(0))
    }

    #[test]
    fn a_report_tells_how_often_and_with_which_fields() {
        let mut record = Record::default();
        let granted = || Answer::read(200, br#"{"infcode":0}"#);
        let refused = || Answer::Refused("MED-2001".to_owned());
        for answer in [granted(), refused(), refused(), Answer::Missing] {
            let sent = message("1101", r#"{"mdtrt_cert_type":"02","card_sn":"7","colour":"red"}"#);
            record.add(Sent { answer, given: true, ..sent });
        }
        record.add(Sent { answer: Answer::Refused("MED-1009".to_owned()), ..message("2505", "{}") });
        let report = Report::from_record(&record, "yangtze", "H31010100001", "2026-11-29 10:00:00".to_owned());
        let usage = report.transactions.iter().find(|usage| usage.infno == "1101").expect("it is served");
        assert_eq!((usage.sent, usage.granted, usage.unanswered, usage.refused["MED-2001"]), (4, 1, 1, 2));
        assert_eq!(
            (&usage.fields_ignored[..], &usage.fields_unknown[..]),
            (&["data.card_sn".to_owned()][..], &["data.colour".to_owned()][..])
        );
        assert!(usage.fields_never_sent.contains(&"data.mdtrt_cert_no".to_owned()));
        assert!(report.transactions.iter().any(|usage| usage.infno == "2505" && !usage.served));
        assert!(report.envelope_ignored.contains(&"opter_name".to_owned()));
        assert!(report.envelope_never_sent.contains(&"insuplc_admdvs".to_owned()));
        assert!(report.is_broken(), "one message id for two contents");
        let text = report.to_string();
        assert!(text.contains("MED-2001 2") && text.contains("[not exercised 未涉及] reconciled"), "{text}");
    }
}
