//! A patient shows a receipt to an employer, who trusts nobody: the region's manifest says whether it holds.

use huitong_medical::Medical;
use huitong_medical::command::{Command, Reply};
use huitong_medical::http::receipt::{html, qr, slip::Slip};
use huitong_medical::model::message::CallReference;
use huitong_medical::model::receipt::token::{Signed, Token, TokenError};
use huitong_medical::model::receipt::verify::{ReceiptFault, Verified, verify};
use huitong_medical::query::receipts::{Standing, standing};
use huitong_medical::query::settlements::{Role, of_call, settlement};
use huitong_service_kit::Stop;
use huitong_service_kit::http::escaped;
use proptest::prelude::*;

use super::calculation::fen;
use super::country::{Country, HOSPITAL, PERSON, bill};
use super::notary::{FUNCTION, key, lane, manifest, receipted, token, zhejiang};
use super::settlement::used_up_deductible;

/// A country with one settlement in which the pool pays, and a checkpoint of Zhejiang over it.
fn settled() -> (Country, String) {
    let mut country = Country::new();
    used_up_deductible(&mut country);
    let settled = country.settled("message-0001");
    receipted(&mut country, &zhejiang());
    (country, settled.settlement)
}

fn check(token: &Token) -> Result<Verified, ReceiptFault> {
    verify(token, &manifest())
}

/// Replaces a text in the message of a token by another of the same length.
fn altered(token: &Token, old: &str, new: &str) -> Token {
    let message = String::from_utf8(token.message.clone()).expect("UTF-8");
    assert!(message.contains(old), "{old} in {message}");
    Token { message: message.replace(old, new).into_bytes(), ..token.clone() }
}

#[test]
fn a_good_receipt_verifies_from_its_qr_code_and_from_its_text_and_names_nobody() {
    let (country, number) = settled();
    let token = token(&country, &number).expect("made");
    let verified = check(&token).expect("holds");
    assert_eq!((verified.receipt.settlement.as_str(), verified.receipt.total_fen), (number.as_str(), fen("249.00")));
    assert!(verified.receipt.fund_fen > fen("100.00"), "{verified:?}");
    assert_eq!(verified.feed, lane());
    assert_eq!(standing(country.region.view("310000"), &verified).expect("readable"), Standing::Stands);
    assert_eq!(standing(country.region.view("330000"), &verified).expect("readable"), Standing::Stands);
    for text in [token.qr_text(), token.text(), format!("{}\n", token.text())] {
        assert_eq!(Token::parse(&text), Ok(token.clone()));
    }
    assert!(token.qr_text().len() < 1_800, "{} characters", token.qr_text().len());
    assert!(!qr::modules(&token.qr_text()).runs.is_empty());
    let message = String::from_utf8(token.message).expect("UTF-8");
    for personal in [PERSON, HOSPITAL, "测试甲", "F003331"] {
        assert!(!message.contains(personal), "{message}");
    }
}

#[test]
fn an_altered_amount_is_found_out_offline_whatever_else_is_altered_with_it() {
    let (country, number) = settled();
    let token = token(&country, &number).expect("made");
    let more = altered(&token, "\"total_fen\":24900", "\"total_fen\":99900");
    assert_eq!(check(&more), Err(ReceiptFault::Altered));
    for forged in [Token { number: token.number + 1, ..token.clone() }, Token { path: Vec::new(), ..token.clone() }] {
        assert_eq!(check(&forged), Err(ReceiptFault::Altered));
    }
    // The forger computes the tree anew: then no signature fits.
    let leaf = huitong_kernel::merkle::leaf_hash(FUNCTION, &more.message);
    let forged = Token { number: 1, size: 1, root: leaf, path: Vec::new(), ..more };
    assert!(matches!(check(&forged), Err(ReceiptFault::WrongKey(_))), "{:?}", check(&forged));
}

#[test]
fn a_receipt_under_a_key_that_the_manifest_does_not_list_or_of_another_time_or_home_does_not_hold() {
    let mut country = Country::new();
    let settled = country.settled("message-0001");
    let stranger = key(7);
    receipted(&mut country, &stranger);
    let token = token(&country, &settled.settlement).expect("made");
    assert!(matches!(check(&token), Err(ReceiptFault::WrongKey(reason)) if reason.contains("does not belong")));
    let good = self::settled();
    let good = self::token(&good.0, &good.1).expect("made");
    let mut revoked = manifest();
    revoked.nodes[1].keys[0].revoked_at = Some(revoked.valid_from);
    assert!(matches!(verify(&good, &revoked), Err(ReceiptFault::WrongKey(reason)) if reason.contains("revoked")));
    let mut elsewhere = manifest();
    elsewhere.region = "other".to_owned();
    assert!(matches!(verify(&good, &elsewhere), Err(ReceiptFault::WrongKey(_))));
    let unreceipted = Token { receipt: Signed { key_id: 0, ..good.receipt }, ..good.clone() };
    assert!(matches!(check(&unreceipted), Err(ReceiptFault::WrongKey(_))));
    // Jiaxing has got a node of its own: what Zhejiang signs of its insured is not believed any more.
    let mut split = manifest();
    split.jurisdictions[1].division = "330400".parse().expect("a code");
    assert!(matches!(verify(&good, &split), Err(ReceiptFault::WrongKey(_))));
}

#[test]
fn a_cancelled_settlement_still_verifies_offline_and_the_node_says_cancelled() {
    let (mut country, number) = settled();
    let token = token(&country, &number).expect("made");
    let cancel = Command::Cancel { settlement: number.clone() };
    let Reply::Cancelled(contra) = country.region.ask("310000", HOSPITAL, None, cancel).reply() else { panic!() };
    let verified = check(&token).expect("valid when it was issued");
    let cancelled = Standing::Cancelled { contra: Some(contra.settlement.clone()) };
    assert_eq!(standing(country.region.view("310000"), &verified).expect("readable"), cancelled);
    // The contra has a receipt of its own, with negative amounts, as soon as a checkpoint covers it.
    let pending = self::token(&country, &contra.settlement);
    assert!(matches!(pending, Err(Stop::Refused(refusal)) if refusal.code == "MED-4017"));
    receipted(&mut country, &zhejiang());
    let contra_token = self::token(&country, &contra.settlement).expect("made");
    let contra = check(&contra_token).expect("holds").receipt;
    assert_eq!((contra.contra_of, contra.total_fen), (Some(number), -fen("249.00")));
    assert_eq!(country.region.replay_differences(), [], "views equal replay");
}

#[test]
fn a_receipt_that_says_otherwise_than_its_document_is_told_to_the_duty_officer_and_never_printed() {
    let mut country = Country::new();
    let command = Command::SettleBill(Box::new(bill("message-0001")));
    country.region.call("310000", HOSPITAL, Some("message-0001"), command);
    country.region.carry("310000", "330000");
    let sent = |country: &Country, number| {
        let bytes = huitong_store::feeds::message(country.region.view("330000"), &lane(), number).expect("readable");
        String::from_utf8(bytes.expect("sent")).expect("UTF-8")
    };
    let first = huitong_store::feeds::next_number(country.region.view("310000"), &lane()).expect("readable");
    let (document, honest) = (sent(&country, first), sent(&country, first + 1));
    let more = honest.replace("24900", "99900");
    assert_ne!(honest, more);
    country.region.deliver(&lane(), first, vec![document.into_bytes(), more.into_bytes()]);
    receipted(&mut country, &zhejiang());
    let sql = "SELECT code FROM unread_message ORDER BY sequence";
    let codes = country.region.view("310000").all(sql, [], |row| row.get::<_, String>(0)).expect("readable");
    assert_eq!(codes, ["MED-8002"]);
    let call = CallReference { institution: HOSPITAL.to_owned(), message_id: "message-0001".to_owned() };
    let booked = of_call(country.region.view("310000"), Role::Visited, &call).expect("readable").expect("booked");
    let refused = token(&country, &booked.settlement);
    assert!(matches!(refused, Err(Stop::Refused(refusal)) if refusal.code == "MED-4018"));
}

#[test]
fn the_page_explains_every_step_masks_the_person_and_loads_nothing() {
    let (country, number) = settled();
    let token = token(&country, &number).expect("made");
    let view = country.region.view("310000");
    let found = settlement(view, Role::Visited, &number).expect("readable").expect("booked");
    let slip = Slip::of(&Medical::default(), view, &found, &token).expect("made");
    let page = html::page(&slip);
    for step in &slip.steps {
        assert!(page.contains(&escaped(&step.text_zh)) && page.contains(&escaped(&step.text)), "{step:?}");
    }
    assert!(slip.steps.len() > 4 && page.contains("data-sum=\"total\">249.00<") && page.contains(&token.text()));
    let eligible = slip.lines.iter().map(|line| line.eligible.0).sum::<huitong_kernel::money::Fen>();
    assert_eq!(
        (slip.lines.len(), eligible),
        (3, slip.amounts.iter().find(|row| row.key == "eligible").unwrap().amount.0)
    );
    assert!(slip.lines.iter().all(|line| page.contains(&line.code)), "every line is on the page");
    assert!(page.contains("测试医院") && page.contains("<svg"));
    for absent in [PERSON, "测试甲", "http://", "https://", "<script", "url("] {
        let page = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!page.contains(absent), "{absent}");
    }
}

#[test]
fn a_cut_or_foreign_token_is_unreadable() {
    let (country, number) = settled();
    let bytes = token(&country, &number).expect("made").to_bytes();
    for length in 0..bytes.len() {
        // Within the message a cut token still reads; then it is altered.
        if let Ok(cut) = Token::from_bytes(&bytes[..length]) {
            assert_eq!(check(&cut), Err(ReceiptFault::Altered), "cut to {length}");
        }
    }
    for text in ["", "htr1:", "HTR1:", "htr1:AQ", "HTR1:Ü", "HT1:ABC", "data:,"] {
        assert_eq!(Token::parse(text), Err(TokenError), "{text}");
    }
}

proptest! {
    #[test]
    fn foreign_texts_and_bytes_never_panic(text in ".{0,300}", bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        for text in [text.clone(), format!("HTR1:{text}"), format!("htr1:{text}")] {
            prop_assert_eq!(Token::parse(&text).map(|token| check(&token).is_ok()), Err(TokenError));
        }
        let mut versioned = bytes;
        versioned.insert(0, 1);
        if let Ok(token) = Token::from_bytes(&versioned) {
            prop_assert!(check(&token).is_err());
            prop_assert_eq!(Token::parse(&token.qr_text()), Ok(token));
        }
    }
}

/// One receipt for many damages: a country takes a moment to set up.
#[test]
fn whatever_byte_of_a_receipt_is_damaged_it_does_not_verify() {
    let (country, number) = settled();
    let bytes = token(&country, &number).expect("made").to_bytes();
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1 << (place % 8);
        let outcome = Token::from_bytes(&damaged).map(|token| check(&token));
        assert!(!matches!(outcome, Ok(Ok(_))), "byte {place}");
    }
}

#[test]
fn a_path_made_from_kept_roots_is_the_path_over_all_leaves() {
    let mut country = Country::new();
    let held = huitong_store::feeds::next_number(country.region.view("310000"), &lane()).expect("readable");
    // What cannot be read is kept all the same: it is a leaf like any other.
    country.region.deliver(&lane(), held, (0_u32..2_500).map(|number| number.to_be_bytes().to_vec()).collect());
    let view = country.region.view("310000");
    let all = huitong_store::feeds::leaves_of(view, &lane(), 1, 2_500).expect("readable");
    let trees = huitong_medical::query::trees::FeedTrees::default();
    for size in [1, 2, 1_023, 1_024, 1_025, 2_047, 2_048, 2_049, 2_500, 1_500] {
        for number in [1, 2, 1_000, 1_024, 1_025, 2_048, 2_049, size].into_iter().filter(|number| *number <= size) {
            let path = trees.path(view, FUNCTION, &lane(), number, size).expect("readable");
            let leaves = &all[..usize::try_from(size).expect("small")];
            let expected = huitong_kernel::merkle::inclusion_path(FUNCTION, leaves, (number - 1) as usize);
            assert_eq!(path, expected, "message {number} of {size}");
        }
    }
}
