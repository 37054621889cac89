//! A pack that nothing was priced with is withdrawn, and what held before it holds again.

use huitong_kernel::time::Date;
use huitong_medical::Medical;
use huitong_medical::command::{Command, Reply};
use huitong_medical::model::person::Scheme;
use huitong_medical::query::{dated, recompute};
use huitong_service_kit::harness::Called;
use huitong_service_kit::toml_data::json_text;

use super::country::{Country, division};
use super::settlement::{quoted, used_up_deductible};
use super::stays::{HANGZHOU, date};

const FIRST: &str = "2025.2";

/// Hangzhou's pack under another version and other dates; its examples are of days before.
fn version(name: &str, from: &str, to: Option<&str>, supersedes: Option<&str>) -> String {
    let to = to.map(|to| format!("valid_to = \"{to}\"\n")).unwrap_or_default();
    let supersedes = supersedes.map(|version| format!("supersedes = \"{version}\"\n")).unwrap_or_default();
    let head = format!("examples = []\nversion = \"{name}\"\nvalid_from = \"{from}\"\n{to}{supersedes}");
    let (rules, _) = HANGZHOU.split_once("[[examples]]").expect("the pack has examples");
    let first = format!("version = \"{FIRST}\"\nvalid_from = \"2025-01-01\"\n");
    assert!(rules.contains(&first), "the story knows the pack's dates");
    rules.replace(&first, &head)
}

impl Country {
    fn try_publish(&mut self, text: &str) -> Called<Reply> {
        let text = json_text(text).expect("TOML");
        self.region.call("330000", "office", None, Command::PublishPolicy { text })
    }

    fn withdraw(&mut self, version: &str) -> Called<Reply> {
        let (area, version) = (division("330100"), version.to_owned());
        let command = Command::WithdrawPolicy { area, scheme: Scheme::Employee, version };
        self.region.call("330000", "office", None, command)
    }

    /// The version in force on a day.
    fn in_force(&self, day: Date) -> Option<String> {
        let view = self.region.view("330000");
        let found = dated::pack(&Medical::default(), view, division("330100"), Scheme::Employee, day);
        found.expect("readable").map(|(version, _)| version.version)
    }

    #[track_caller]
    fn check_recomputed(&self, settlements: u64) {
        let found = recompute::all(self.region.journal("330000"), None).expect("readable");
        assert_eq!((found.computed, found.differing.len()), (settlements, 0));
    }
}

#[test]
fn a_version_that_nothing_was_priced_with_is_withdrawn_and_the_one_before_it_holds_again() {
    let mut country = Country::new();
    used_up_deductible(&mut country);
    let mistaken = version("2027.1", "2027-01-01", None, Some(FIRST));
    country.try_publish(&mistaken).reply();
    let next_year = date("2027-03-01");
    assert_eq!(country.in_force(next_year).as_deref(), Some("2027.1"));
    country.withdraw("2027.1").reply();
    assert_eq!(country.in_force(next_year).as_deref(), Some(FIRST));
    country.withdraw("2027.1").reply();
    let listed = dated::pack_list(country.region.view("330000"), None, 10).expect("readable");
    let told: Vec<_> =
        listed.iter().map(|pack| (pack.version.as_str(), pack.valid_to.as_deref(), pack.withdrawn)).collect();
    assert_eq!(told, [(FIRST, None, false), ("2027.1", None, true)]);
    assert_eq!(country.try_publish(&mistaken).code(), "MED-6006", "its name is used up, whatever the content");
    let after = version("2027.3", "2027-02-01", None, Some("2027.1"));
    assert_eq!(country.try_publish(&after).code(), "MED-6001", "nothing is there to be superseded");
    country.try_publish(&version("2027.2", "2027-01-01", None, Some(FIRST))).reply();
    assert_eq!(country.in_force(next_year).as_deref(), Some("2027.2"));
    country.settled("after-0001");
    country.check_recomputed(4);
    country.check_books(4, 0);
}

#[test]
fn what_priced_a_bill_or_an_offer_stays_also_when_the_offer_was_not_taken() {
    let mut country = Country::new();
    let today = version("2026.9", "2026-11-24", None, Some(FIRST));
    country.try_publish(&today).reply();
    country.withdraw("2026.9").reply();
    // A bill in one call has no offer: it is the pack of its day that has priced it.
    country.settled("bill-0001");
    assert_eq!(country.withdraw(FIRST).code(), "MED-6009");
    country.try_publish(&version("2026.10", "2026-11-24", None, Some(FIRST))).reply();
    quoted(&mut country, false);
    assert_eq!(country.withdraw("2026.10").code(), "MED-6009");
    country.settled("bill-0002");
    assert_eq!(country.withdraw("2026.10").code(), "MED-6009");
    country.check_recomputed(2);
    country.check_books(2, 0);
}

#[test]
fn a_version_between_others_stays_until_those_after_it_are_gone() {
    let mut country = Country::new();
    country.try_publish(&version("2027.1", "2027-01-01", Some("2028-01-01"), Some(FIRST))).reply();
    country.try_publish(&version("2028.1", "2028-01-01", None, None)).reply();
    let refused = country.withdraw("2027.1");
    assert_eq!(refused.code(), "MED-6001", "the first would hold for ever, over the third");
    country.withdraw("2028.1").reply();
    country.withdraw("2027.1").reply();
    assert_eq!(country.in_force(date("2028-06-01")).as_deref(), Some(FIRST));
    // With an end of its own, the first leaves a gap.
    let mut country =
        Country::with_pack(&HANGZHOU.replace("2025-01-01\"\n", "2025-01-01\"\nvalid_to = \"2027-01-01\"\n"));
    country.try_publish(&version("2027.1", "2027-01-01", Some("2028-01-01"), None)).reply();
    country.try_publish(&version("2028.1", "2028-01-01", None, None)).reply();
    assert_eq!(country.withdraw("2027.1").code(), "MED-6001", "2027 would have no rules");
    assert_eq!(country.in_force(date("2027-06-01")).as_deref(), Some("2027.1"), "nothing is changed");
}

#[test]
fn an_unknown_version_and_another_jurisdictions_pack_are_not_withdrawn() {
    let mut country = Country::new();
    assert_eq!(country.withdraw("1999.1").code(), "MED-6010");
    let command =
        Command::WithdrawPolicy { area: division("330100"), scheme: Scheme::Employee, version: FIRST.to_owned() };
    assert_eq!(country.region.call("310000", "office", None, command).code(), "MED-1010");
    assert_eq!(country.in_force(date("2026-11-24")).as_deref(), Some(FIRST));
}
