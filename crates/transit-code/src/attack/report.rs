//! What the suite found, as a report a vendor can show.

use std::fmt;

use serde::Serialize;

use super::Verdict;
use crate::reason::Reason;

/// One attack with what was expected and what the gate said.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    pub id: &'static str,
    pub title: String,
    pub expected_code: i32,
    pub expected_reason: &'static str,
    /// `None` when the gate gave no answer.
    pub actual_code: Option<i32>,
    pub actual_reason: Option<String>,
    pub passed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

impl Finding {
    /// The code must be the one expected; a reason too, where the gate tells one.
    pub fn new(id: &'static str, title: &str, expected: Reason, verdict: Result<Verdict, String>) -> Finding {
        let (verdict, fault) = match verdict {
            Ok(verdict) => (Some(verdict), None),
            Err(fault) => (None, Some(fault)),
        };
        let passed = verdict.as_ref().is_some_and(|verdict| {
            verdict.code == expected.field_code()
                && verdict.reason.as_ref().is_none_or(|reason| reason == expected.name())
        });
        Finding {
            id,
            title: title.to_owned(),
            expected_code: expected.field_code(),
            expected_reason: expected.name(),
            actual_code: verdict.as_ref().map(|verdict| verdict.code),
            actual_reason: verdict.and_then(|verdict| verdict.reason),
            passed,
            fault,
        }
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub findings: Vec<Finding>,
}

impl Report {
    pub fn passed(&self) -> bool {
        !self.findings.is_empty() && self.findings.iter().all(|finding| finding.passed)
    }

    pub fn failures(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| !finding.passed)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            let mark = if finding.passed { "ok  " } else { "FAIL" };
            write!(
                f,
                "{mark} {:<4} {:>5} {:<20} {}",
                finding.id, finding.expected_code, finding.expected_reason, finding.title
            )?;
            if !finding.passed {
                match (&finding.actual_code, &finding.fault) {
                    (Some(code), _) => {
                        write!(f, ": the gate said {code} {}", finding.actual_reason.as_deref().unwrap_or_default())?;
                    }
                    (None, fault) => write!(f, ": {}", fault.as_deref().unwrap_or("no answer"))?,
                }
            }
            writeln!(f)?;
        }
        let failed = self.failures().count();
        writeln!(f, "{} of {} as expected", self.findings.len() - failed, self.findings.len())
    }
}
