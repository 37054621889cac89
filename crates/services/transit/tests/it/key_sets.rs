//! What the keeper publishes as a key set, and what it does not.

use huitong_service_kit::harness::Called;
use huitong_transit::command::Command;
use huitong_transit::model::key_set::{KeySetText, PlatformText};
use huitong_transit::model::message::Message;
use huitong_transit::query::dated;
use huitong_transit_code::profile::Profile;

use super::stage::Stage;

fn with_platform(stage: &Stage, version: u32, profile: &str) -> KeySetText {
    let mut set = stage.key_set(version);
    for (platform, profile) in [("00000001", "jtt1179"), ("00000002", profile)] {
        let (platform, profile) = (platform.to_owned(), profile.to_owned());
        set.platforms.push(PlatformText { platform, profile, gen_offset_s: 0 });
    }
    set
}

fn version(stage: &Stage, node: &str) -> Option<u32> {
    dated::key_set(stage.region.view(node)).expect("readable").map(|set| set.version)
}

#[test]
fn a_set_with_a_profile_that_no_gate_verifies_is_not_published() {
    let mut stage = Stage::new();
    let mut published = 1;
    for profile in Profile::ALL {
        let set = with_platform(&stage, published + 1, profile.name());
        match stage.region.call("310000", "keeper", None, Command::PublishKeySet(set)) {
            Called::Replied(_) => {
                published += 1;
                assert!(profile.is_verified(), "{}", profile.name());
            }
            Called::Refused(refusal) => {
                assert!(!profile.is_verified(), "{}", profile.name());
                let argument = refusal.arguments.iter().any(|(_, value)| value == profile.name());
                assert_eq!((refusal.code.as_str(), argument), ("TRN-1018", true));
                assert_eq!(refusal.field.as_deref(), Some("platforms[1].profile"));
            }
            Called::Waiting(_) => panic!("nobody is waited for"),
        }
        assert_eq!(version(&stage, "310000"), Some(published));
    }
    assert_eq!(published, 3, "jtt1179 and uic-918-9");
    let unknown = with_platform(&stage, 4, "no-such-profile");
    assert_eq!(stage.region.call("310000", "keeper", None, Command::PublishKeySet(unknown)).code(), "TRN-1003");
    // What a keeper did publish, before it refused such sets, is followed by its next ones.
    stage.pass(1);
    let old = with_platform(&stage, 4, "metro-2018");
    stage.forge("310000", "330000", Message::KeySet(old));
    assert_eq!((version(&stage, "330000"), stage.unread("330000")), (Some(4), Vec::new()));
    stage.check();
}
