//! The conformance report of a pool's core system (符合性报告).

use std::fmt;

use huitong_service_kit::http::Clock;
use serde::Serialize;

use super::super::report::word;
use super::super::rules::Verdict;
use super::asker::{Asker, Ended, Post};
use super::trials::Rule;
use crate::clock::SystemClock;

/// Evidence that is listed of one rule; the rest is counted.
const EVIDENCE_MAX: usize = 20;

#[derive(Debug, Serialize)]
pub struct Finding {
    pub rule: &'static str,
    pub text_zh: &'static str,
    pub text_en: &'static str,
    pub verdict: Verdict,
    /// What was seen, or why it could not be tried.
    pub evidence: Vec<String>,
    pub evidence_left_out: usize,
}

#[derive(Debug, Serialize)]
pub struct Report {
    pub note: &'static str,
    pub endpoint: String,
    /// In Shanghai.
    pub made_at: String,
    pub posts: usize,
    /// Milliseconds of the slowest answer; a commit has three seconds.
    pub slowest_ms: u128,
    pub rules: Vec<Finding>,
}

/// Plays all trials.
pub async fn of(asker: &mut Asker, endpoint: String) -> Report {
    let mut rules = Vec::new();
    for rule in Rule::ALL {
        let played = rule.run(asker).await;
        let (verdict, evidence) = match played {
            Ok(()) => (Verdict::Kept, Vec::new()),
            Err(Ended::Broken(why)) => (Verdict::Broken, vec![why]),
            Err(Ended::Untried(why)) => (Verdict::NotExercised, vec![why]),
        };
        rules.push(finding(rule.name(), rule.text(), verdict, evidence));
    }
    let answered = ("时限内以状态200应答", "every post is answered in time with status 200");
    rules.insert(0, over_all("answered", answered, &asker.posts, |post| post.unanswered.as_ref()));
    let signed = ("应答由约定密钥签名，并指明所答请求", "every answer is signed by its key and names what it answers");
    rules.insert(1, over_all("signed", signed, &asker.posts, |post| post.untrusted.as_ref()));
    Report {
        note: "an invented bill, taken back after each trial 虚构费用单，每项测试后均已冲回",
        endpoint,
        made_at: SystemClock { offset_ms: 0 }.now().shanghai(),
        posts: asker.posts.len(),
        slowest_ms: asker.posts.iter().map(|post| post.took.as_millis()).max().unwrap_or(0),
        rules,
    }
}

fn finding(
    rule: &'static str,
    (text_zh, text_en): (&'static str, &'static str),
    verdict: Verdict,
    mut evidence: Vec<String>,
) -> Finding {
    let evidence_left_out = evidence.len().saturating_sub(EVIDENCE_MAX);
    evidence.truncate(EVIDENCE_MAX);
    Finding { rule, text_zh, text_en, verdict, evidence, evidence_left_out }
}

fn over_all(
    rule: &'static str,
    text: (&'static str, &'static str),
    posts: &[Post],
    fault: impl Fn(&Post) -> Option<&String>,
) -> Finding {
    let told = |post: &Post| fault(post).map(|fault| format!("{} {}: {fault}", post.call, post.ask));
    let evidence: Vec<String> = posts.iter().filter_map(told).collect();
    finding(rule, text, if evidence.is_empty() { Verdict::Kept } else { Verdict::Broken }, evidence)
}

impl Report {
    /// Nothing is broken, and something was tried.
    pub fn is_good(&self) -> bool {
        let has = |verdict| self.rules.iter().any(|rule| rule.verdict == verdict);
        !has(Verdict::Broken) && !has(Verdict::NotExercised)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Conformance report of a core system 核心系统符合性报告  {}  {}", self.endpoint, self.made_at)?;
        writeln!(f, "{}", self.note)?;
        writeln!(f, "posts 请求 {}, slowest 最慢 {} ms\n", self.posts, self.slowest_ms)?;
        for rule in &self.rules {
            writeln!(f, "  [{}] {}\n      {}\n      {}", word(rule.verdict), rule.rule, rule.text_zh, rule.text_en)?;
            rule.evidence.iter().try_for_each(|evidence| writeln!(f, "      - {evidence}"))?;
            if rule.evidence_left_out > 0 {
                writeln!(f, "      - and {0} more 另有{0}条", rule.evidence_left_out)?;
            }
        }
        Ok(())
    }
}
