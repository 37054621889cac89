//! What must be refused after a pass: the same code to the end of its window, the same ticket to the end of pass-back, and
//! whatever a list, a time or a limit says of an authorisation that was good a minute ago. In both layouts.

use super::Step;
use super::bench::{ACCOUNT, Bench, ISSUER, NOW, PLATFORM};
use super::catalogue::{List, enter, leave};
use super::table_catalogue::super_hash;
use super::uic_bench::{UIC_ACCOUNT, UIC_PLATFORM};
use crate::deny::{DenyKind, entry};
use crate::gate::Direction;
use crate::reason::Reason;
use crate::state::ServiceState;

/// Somebody with a ticket in one of the layouts.
struct Rider<'b> {
    layout: &'static str,
    bench: &'b Bench,
    is_uic: bool,
}

impl Rider<'_> {
    /// A code made at this time.
    fn code(&self, made: i64) -> Vec<u8> {
        if self.is_uic {
            self.bench.uic_code_at(&self.bench.uic_fields(), made)
        } else {
            self.bench.code_at(&self.bench.fields(), made)
        }
    }

    /// A code of an authorisation that ends at `NOW`.
    fn code_of_last_second(&self, made: i64) -> Vec<u8> {
        if self.is_uic {
            let mut fields = self.bench.uic_fields();
            (fields.end_year, fields.end_day, fields.end_minute) = (Some(2_026), Some(1), Some(0));
            self.bench.uic_code_at(&fields, made)
        } else {
            let mut fields = self.bench.fields();
            fields.expiry = NOW as u32;
            self.bench.code_at(&fields, made)
        }
    }

    fn denied(&self) -> [(&'static str, DenyKind, Vec<u8>); 4] {
        let (account, platform, serial) = if self.is_uic {
            (UIC_ACCOUNT, UIC_PLATFORM, self.bench.uic_key_record().serial())
        } else {
            (ACCOUNT, PLATFORM, [0, 0, 1])
        };
        [
            ("account", DenyKind::Account, [&ISSUER[..], &account].concat()),
            ("platform", DenyKind::Platform, platform.to_vec()),
            ("issuer", DenyKind::Issuer, ISSUER.to_vec()),
            ("certificate", DenyKind::Certificate, [&ISSUER[..], &serial].concat()),
        ]
    }
}

fn next_door(code: Vec<u8>, now: i64) -> Step {
    Step::PresentNextDoor { code, now, direction: Direction::In }
}

impl List<'_> {
    pub fn after_pass(&mut self) {
        let bench = self.bench;
        for rider in [Rider { layout: "", bench, is_uic: false }, Rider { layout: "UIC: ", bench, is_uic: true }] {
            self.used_up(&rider);
            self.used_up_next_door(&rider);
            self.entered_already(&rider);
            self.denied_since(&rider);
            self.ended_since(&rider);
        }
    }

    fn story(
        &mut self,
        id: &'static str,
        rider: &Rider<'_>,
        title: &str,
        before: Vec<Step>,
        judged: Step,
        expected: Reason,
    ) {
        self.add(id, &format!("{}{title}", rider.layout), before, judged, expected);
    }

    fn used_up(&mut self, rider: &Rider<'_>) {
        let code = || rider.code(NOW);
        let early = || vec![enter(code(), NOW - 30)];
        for (title, now) in [
            ("the same code in the last second of its window", NOW + 60),
            ("the same code after pass-back, in its window", NOW + 31),
        ] {
            self.story("A13", rider, title, early(), enter(code(), now), Reason::Replay);
        }
        let both = vec![enter(code(), NOW - 30), leave(code(), NOW)];
        let third = leave(code(), NOW + 60);
        self.story("A13", rider, "the same code at exit, after entry and exit", both, third, Reason::Replay);
        let refused_late = vec![enter(code(), NOW), enter(rider.code(NOW + 61), NOW + 61)];
        let again = enter(code(), NOW + 60);
        self.story(
            "A13",
            rider,
            "the same code, by a clock that was set back a second",
            refused_late,
            again,
            Reason::Replay,
        );
    }

    /// The neighbour's clock and tables are its own: what it let pass is used up here, whatever this gate would have said.
    fn used_up_next_door(&mut self, rider: &Rider<'_>) {
        let code = || rider.code(NOW);
        for (title, heard) in [
            ("passed next door when it was from the future here", NOW - 31),
            ("passed next door a minute ahead of this clock", NOW - 90),
            ("passed next door in the first second", NOW - 30),
        ] {
            for now in [NOW - 26, NOW + 60] {
                let title = format!("{title}; shown here at {:+} s", now - NOW);
                self.story("A13", rider, &title, vec![next_door(code(), heard)], enter(code(), now), Reason::Replay);
            }
        }
        let fresh = || rider.code(NOW + 10);
        let before = vec![enter(code(), NOW), next_door(fresh(), NOW + 36)];
        let title = "passed next door when its ticket had just entered here";
        self.story("A13", rider, title, before, enter(fresh(), NOW + 61), Reason::Replay);
        let title = "a fresh code of a ticket that entered next door";
        self.story("A13", rider, title, vec![next_door(code(), NOW)], enter(fresh(), NOW + 10), Reason::Passback);
        let title = "the same code at exit, after entry next door";
        self.story("G", rider, title, vec![next_door(code(), NOW)], leave(code(), NOW + 10), Reason::Ok);
    }

    fn entered_already(&mut self, rider: &Rider<'_>) {
        for (id, after_s, expected) in
            [("A13", 59, Reason::Passback), ("A13", 60, Reason::Passback), ("G", 61, Reason::Ok)]
        {
            let second = enter(rider.code(NOW + after_s), NOW + after_s);
            let title = format!("a fresh code of the same ticket enters again after {after_s} s");
            self.story(id, rider, &title, vec![enter(rider.code(NOW), NOW)], second, expected);
        }
        let in_and_out = || vec![enter(rider.code(NOW), NOW), leave(rider.code(NOW + 5), NOW + 5)];
        let again = |after_s| enter(rider.code(NOW + after_s), NOW + after_s);
        self.story("G", rider, "in, out and in again", in_and_out(), again(10), Reason::Ok);
        let before = [in_and_out(), vec![again(10)]].concat();
        self.story("A13", rider, "in, out, in, and in again after 59 s", before, again(69), Reason::Passback);
    }

    fn denied_since(&mut self, rider: &Rider<'_>) {
        let bench = self.bench;
        for (title, kind, key) in rider.denied() {
            let delta = bench.deny(2, super_hash(bench), NOW + 30, vec![(entry(kind, &key), NOW + 20)]);
            let before = vec![enter(rider.code(NOW), NOW), delta];
            let title = format!("{title} on the deny list since it passed");
            self.story("A14", rider, &title, before, enter(rider.code(NOW + 70), NOW + 70), Reason::Denied);
        }
        let passed = || vec![enter(rider.code(NOW), NOW)];
        let full_age = NOW - 60 + 24 * 3_600;
        for (id, title, now, expected) in [
            ("G", "deny list of 24 hours since it passed", full_age, Reason::Ok),
            ("A14", "deny list of 24 hours and a second since it passed", full_age + 1, Reason::DenyStale),
        ] {
            self.story(id, rider, title, passed(), enter(rider.code(now), now), expected);
        }
    }

    fn ended_since(&mut self, rider: &Rider<'_>) {
        let bench = self.bench;
        let last = vec![enter(rider.code_of_last_second(NOW), NOW)];
        let later = enter(rider.code_of_last_second(NOW + 70), NOW + 70);
        self.story("A14", rider, "authorisation expired since it passed", last, later, Reason::AuthorisationExpired);
        let later = || enter(rider.code(NOW + 70), NOW + 70);
        let passed_and = |step: Step| vec![enter(rider.code(NOW), NOW), step];
        let dearer = bench.state(ServiceState { sequence: 2, provisional_fen: 1_501, ..bench.station() });
        let title = "highest fare above the limit since it passed";
        self.story("A15", rider, title, passed_and(dearer), later(), Reason::Limit);
        let closed = bench.state(ServiceState { sequence: 2, is_closed: true, ..bench.station() });
        self.story("A17", rider, "station closed since it passed", passed_and(closed), later(), Reason::Closed);
        let mut content = bench.key_set_content();
        content.version = 3;
        content.issuers.iter_mut().for_each(|issuer| issuer.account_types = vec![0]);
        let title = "account type not allowed any more since it passed";
        self.story("A6", rider, title, passed_and(bench.key_set(&content)), later(), Reason::AccountType);
        let now = NOW + 6 * 86_400;
        let week = passed_and(bench.deny(2, super_hash(bench), now, Vec::new()));
        let late = enter(rider.code(now + 1), now + 1);
        self.story("A17", rider, "key set older than its age limit since it passed", week, late, Reason::KeySet);
    }
}
