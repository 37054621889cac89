use huitong_kernel::hash::HashFunction;
use huitong_kernel::time::Instant;

use super::super::record::{About, Granted};
use super::*;

/// 2026-11-29 in Shanghai.
const NOON: i64 = 1_795_924_800_000;

/// A message of one counter about the visit `S1`, granted and given.
fn sent(infno: &str, message_id: &str) -> Sent {
    Sent {
        at: Instant(NOON),
        infno: infno.to_owned(),
        message_id: message_id.to_owned(),
        operator: "c01".to_owned(),
        home_area: "330100".to_owned(),
        content: HashFunction::Sha256.hash(&[infno.as_bytes(), message_id.as_bytes()]),
        about: About { visit: "S1".to_owned(), batch: "1".to_owned(), ..About::default() },
        fields: BTreeSet::new(),
        fault: None,
        answer: Answer::Granted(Granted::default()),
        given: true,
    }
}

fn refused(infno: &str, message_id: &str, code: &str) -> Sent {
    Sent { answer: Answer::Refused(code.to_owned()), ..sent(infno, message_id) }
}

/// Booked, and the system does not know.
fn lost(message_id: &str) -> Sent {
    Sent { given: false, ..sent("2207", message_id) }
}

fn altered(message_id: &str) -> Sent {
    Sent { answer: Answer::Granted(Granted { altered: true, ..Granted::default() }), ..sent("2207", message_id) }
}

fn lists(message_id: &str, of: &[&str]) -> Sent {
    let listed = of.iter().map(|id| (*id).to_owned()).collect();
    Sent { answer: Answer::Granted(Granted { listed, ..Granted::default() }), ..sent("5203", message_id) }
}

fn of_visit(visit: &str, sent: Sent) -> Sent {
    Sent { about: About { visit: visit.to_owned(), ..sent.about.clone() }, ..sent }
}

fn reversal(message_id: &str, original: &str) -> Sent {
    let sent = sent("2601", message_id);
    Sent { about: About { original: original.to_owned(), ..About::default() }, ..sent }
}

fn totals(day: &str) -> Sent {
    let day = day.parse().expect("a day");
    Sent { about: About { days: Some((day, day)), ..About::default() }, ..sent("3201", "T") }
}

fn check(rule: &str, messages: &[Sent], verdict: Verdict) -> Finding {
    let found = judge(messages).into_iter().find(|finding| finding.rule == rule).expect("a rule of that name");
    assert_eq!(found.verdict, verdict, "{rule}: {found:?}");
    found
}

#[test]
fn nothing_sent_exercises_nothing() {
    assert!(judge(&[]).iter().all(|finding| finding.verdict == Verdict::NotExercised));
}

#[test]
fn messages_are_formed() {
    check("message_formed", &[sent("1101", "M1"), refused("1101", "M2", "MED-2001")], Verdict::Kept);
    let found = check("message_formed", &[sent("1101", "M1"), refused("2204", "M2", "MED-1004")], Verdict::Broken);
    let shown = &found.evidence[0];
    assert_eq!((shown.infno.as_str(), shown.msgid.as_str()), ("2204", "M2"));
    assert_eq!((shown.refused.as_deref(), shown.time.len()), (Some("MED-1004"), 19));
}

#[test]
fn a_message_id_stands_for_one_content() {
    check("message_id_unique", &[sent("2207", "M1"), sent("2207", "M1")], Verdict::Kept);
    let other = Sent { content: HashFunction::Sha256.hash(&[b"other"]), ..sent("2207", "M1") };
    check("message_id_unique", &[sent("2207", "M1"), other], Verdict::Broken);
    check("message_id_unique", &[refused("2207", "M1", "MED-1007")], Verdict::Broken);
}

#[test]
fn after_an_unknown_outcome_the_system_asks_before_it_settles_anew() {
    let rule = "unknown_outcome_asked";
    check(rule, &[sent("2207", "M1"), refused("2207", "M2", "MED-4004")], Verdict::NotExercised);
    for asked in [sent("2207", "M1"), reversal("M2", "M1"), lists("M2", &[])] {
        check(rule, &[lost("M1"), asked.clone(), sent("2207", "M3")], Verdict::Kept);
        let unheard = Sent { given: false, ..asked };
        check(rule, &[lost("M1"), unheard, sent("2207", "M3")], Verdict::Broken);
    }
    let found = check(rule, &[lost("M1"), refused("2207", "M2", "MED-4004")], Verdict::Broken);
    assert_eq!((found.evidence[0].msgid.as_str(), found.evidence[0].after_msgid.as_deref()), ("M2", Some("M1")));
    let missing = Sent { answer: Answer::Missing, given: false, ..sent("2304", "M1") };
    check(rule, &[missing, sent("2304", "M2")], Verdict::Broken);
    check(rule, &[lost("M1"), of_visit("S2", sent("2207", "M2"))], Verdict::Open);
    check(rule, &[lost("M1"), of_visit("S2", lists("M2", &[])), sent("2207", "M3")], Verdict::Broken);
}

#[test]
fn an_empty_list_says_nothing_while_the_call_is_under_way() {
    let (rule, pending) = ("unknown_outcome_asked", || refused("2207", "M1", "MED-4009"));
    check(rule, &[pending(), lists("M2", &[]), sent("2207", "M3")], Verdict::Broken);
    check(rule, &[pending(), lists("M2", &["M1"]), sent("2207", "M3")], Verdict::Kept);
    check(rule, &[pending(), pending(), sent("2207", "M1"), sent("2207", "M3")], Verdict::Kept);
    let twice = check(rule, &[pending(), pending(), sent("2207", "M3")], Verdict::Broken);
    assert_eq!((twice.occasions, twice.evidence.len()), (2, 1), "told once");
    // The reversal itself is under way.
    let silent = Sent { answer: Answer::Refused("MED-4011".to_owned()), ..reversal("M2", "M1") };
    check(rule, &[pending(), silent, sent("2207", "M3")], Verdict::Broken);
}

#[test]
fn a_reversed_id_is_never_used_again() {
    let rule = "reversed_id_unused";
    check(rule, &[sent("2207", "M1")], Verdict::NotExercised);
    check(rule, &[lost("M1"), reversal("M2", "M1"), sent("2207", "M3")], Verdict::Kept);
    check(rule, &[lost("M1"), reversal("M2", "M1"), refused("2207", "M1", "MED-4005")], Verdict::Broken);
    let unheard = Sent { given: false, ..reversal("M2", "M1") };
    check(rule, &[lost("M1"), unheard, sent("2207", "M1")], Verdict::Broken);
    let cleared = Sent { answer: Answer::Refused("MED-4006".to_owned()), ..reversal("M2", "M1") };
    check(rule, &[lost("M1"), cleared, sent("2207", "M1")], Verdict::NotExercised);
}

#[test]
fn wrong_sums_are_noticed_before_the_next_settlement_of_the_counter() {
    let (rule, next) = ("wrong_sums_noticed", || of_visit("S2", sent("2207", "M3")));
    check(rule, &[sent("2207", "M1"), next()], Verdict::NotExercised);
    for noticed in [sent("2208", "M2"), sent("5203", "M2"), reversal("M2", "M1"), sent("2207", "M1")] {
        check(rule, &[altered("M1"), noticed, next()], Verdict::Kept);
    }
    check(rule, &[altered("M1"), next(), sent("5203", "M4")], Verdict::Broken);
    let elsewhere = Sent { operator: "c02".to_owned(), ..next() };
    check(rule, &[altered("M1"), elsewhere.clone(), sent("2208", "M4")], Verdict::Kept);
    check(rule, &[altered("M1"), elsewhere], Verdict::Open);
}

#[test]
fn pending_is_not_taken_as_success() {
    let (rule, pending) = ("pending_not_success", || refused("2207", "M1", "MED-4009"));
    check(rule, &[sent("2207", "M1")], Verdict::NotExercised);
    check(rule, &[pending()], Verdict::Open);
    check(rule, &[pending(), sent("2207", "M1"), totals("2026-11-29")], Verdict::Kept);
    check(rule, &[pending(), totals("2026-11-28"), sent("2207", "M1")], Verdict::Kept);
    check(rule, &[pending(), totals("2026-11-29"), sent("2207", "M1")], Verdict::Broken);
    let further = Sent {
        about: About { visit: "S1".to_owned(), batch: "2".to_owned(), ..About::default() },
        ..sent("2207", "M2")
    };
    check(rule, &[pending(), further], Verdict::Broken);
    check(rule, &[pending(), of_visit("S2", sent("2207", "M2")), sent("2207", "M1")], Verdict::Kept);
}

#[test]
fn lines_returns_and_sums_are_right() {
    let returned = |sent: Sent| Sent { about: About { returns: true, ..sent.about.clone() }, ..sent };
    check("line_sums", &[sent("1101", "M1")], Verdict::NotExercised);
    check("line_sums", &[sent("2204", "M1")], Verdict::Kept);
    check("line_sums", &[refused("2204", "M1", "MED-3001")], Verdict::NotExercised);
    check("line_sums", &[refused("2301", "M1", "MED-3004")], Verdict::Broken);
    check("returns_named", &[sent("2301", "M1")], Verdict::NotExercised);
    check("returns_named", &[returned(sent("2301", "M1"))], Verdict::Kept);
    check("returns_named", &[returned(refused("2301", "M1", "MED-3005"))], Verdict::Broken);
    check("settled_sums", &[sent("2204", "M1")], Verdict::NotExercised);
    check("settled_sums", &[sent("2206", "M1"), sent("2207", "M2")], Verdict::Kept);
    check("settled_sums", &[refused("2207", "M1", "MED-4001")], Verdict::Broken);
}

#[test]
fn a_stay_has_its_order() {
    check("admitted_once", &[sent("2401", "M1")], Verdict::Kept);
    check("admitted_once", &[sent("2401", "M1"), refused("2401", "M2", "MED-3002")], Verdict::Broken);
    check("fees_within_stay", &[refused("2204", "M1", "MED-3006")], Verdict::NotExercised);
    check("fees_within_stay", &[sent("2301", "M1"), refused("2402", "M2", "MED-3006")], Verdict::Broken);
    check("discharged_first", &[refused("2303", "M1", "MED-4012")], Verdict::NotExercised);
    check("discharged_first", &[refused("2304", "M1", "MED-4012"), sent("2304", "M2")], Verdict::Broken);
    check("taken_back_in_order", &[sent("2305", "M1"), sent("2405", "M2")], Verdict::Kept);
    for (infno, code) in [("2305", "MED-4016"), ("2405", "MED-3011"), ("2404", "MED-3010")] {
        check("taken_back_in_order", &[sent("2305", "M1"), refused(infno, "M2", code)], Verdict::Broken);
    }
}

#[test]
fn a_stay_comes_to_its_end() {
    let rule = "stay_concluded";
    let admitted = || {
        let granted = Granted { admitted: Some("S1".to_owned()), ..Granted::default() };
        Sent { answer: Answer::Granted(granted), about: About::default(), ..sent("2401", "M0") }
    };
    let interim = |id: &str| {
        let sent = sent("2304", id);
        Sent { about: About { interim: true, ..sent.about.clone() }, ..sent }
    };
    let (fees, left) = (|id: &str| sent("2301", id), |id: &str| sent("2402", id));
    check(rule, &[fees("M1")], Verdict::NotExercised);
    let open = check(rule, &[admitted(), fees("M1")], Verdict::Open);
    assert_eq!((open.occasions, open.evidence[0].infno.as_str()), (1, "2301"));
    check(rule, &[admitted(), sent("2404", "M1")], Verdict::Kept);
    check(rule, &[admitted(), fees("M1"), left("M2")], Verdict::Open);
    let settled = [admitted(), fees("M1"), left("M2"), sent("2304", "M3")];
    check(rule, &settled, Verdict::Kept);
    let refused = Sent { answer: Answer::Refused("MED-4009".to_owned()), ..sent("2304", "M3") };
    check(rule, &[admitted(), fees("M1"), left("M2"), refused], Verdict::Open);
    // Taken back, and the settled message sent again, which settles nothing.
    for taken_back in [sent("2305", "M4"), reversal("M4", "M3")] {
        let after = [&settled[..], &[taken_back, sent("2304", "M3")]].concat();
        check(rule, &after, Verdict::Open);
        check(rule, &[&after[..], &[sent("2304", "M5")]].concat(), Verdict::Kept);
    }
    // Interim settlements of all there is.
    check(rule, &[admitted(), fees("M1"), interim("M2")], Verdict::Open);
    check(rule, &[admitted(), fees("M1"), interim("M2"), left("M3")], Verdict::Kept);
    check(rule, &[admitted(), fees("M1"), interim("M2"), fees("M3"), left("M4")], Verdict::Open);
}

#[test]
fn the_hospital_reconciles() {
    check("reconciled", &[sent("2207", "M1")], Verdict::NotExercised);
    let refused = || Sent { answer: Answer::Refused("MED-5002".to_owned()), ..sent("3202", "M2") };
    check("reconciled", &[refused()], Verdict::Broken);
    check("reconciled", &[refused(), totals("2026-11-29")], Verdict::Kept);
}

#[test]
fn evidence_has_a_limit() {
    let many: Vec<Sent> = (0..EVIDENCE_MAX + 5).map(|id| refused("2204", &format!("M{id}"), "MED-3004")).collect();
    let found = check("line_sums", &many, Verdict::Broken);
    assert_eq!((found.evidence.len(), found.evidence_left_out), (EVIDENCE_MAX, 5));
}
