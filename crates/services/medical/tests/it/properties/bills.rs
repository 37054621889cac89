//! I1 and I2: whatever lines a hospital sends and takes back, each is split into parts that add up, by its class, its limit and its
//! approval; and it makes no difference whether a return comes with its original or later.

use std::collections::BTreeMap;

use huitong_kernel::decimal::{Price, Quantity};
use huitong_kernel::money::Fen;
use huitong_medical::model::amounts::LineSums;
use huitong_medical::model::catalogue::{Catalogue, FeeClass, IndexedCatalogue, validate};
use huitong_medical::model::exact::price_times_quantity;
use huitong_medical::model::invariants::check_line;
use huitong_medical::model::lines::{Approval, Line, SplitLine, split_lines};
use huitong_medical::model::person::HospitalLevel;
use proptest::prelude::*;
use serde_json::json;

/// Class, first self-pay in hundredths, limit price in fen, limited use.
type Item = (u8, i64, Option<i64>, bool);
/// Item, price in 10⁻⁶ yuan, quantity in 10⁻⁴, approval, how much of it is taken back in hundredths.
type Sent = (usize, i64, i64, u8, i64);

fn catalogue(items: &[Item]) -> IndexedCatalogue {
    let item = |(place, (class, share, limit, limited)): (usize, &Item)| {
        let class = ["A", "B", "C"][usize::from(*class)];
        let mut item = json!({ "code": format!("X{place:06}"), "kind": "drug", "name": "药", "class": class, "valid_from": "2020-01-01" });
        if class == "B" {
            item["self_pay_ratio"] = json!(format!("0.{share:02}"));
        }
        if let Some(limit) = limit {
            item["price_limits"] = json!([{ "price": Fen(*limit).yuan() }]);
        }
        if *limited {
            item["limited_use"] = json!("二线用药");
        }
        item
    };
    let items: Vec<_> = items.iter().enumerate().map(item).collect();
    let catalogue =
        json!({ "area": "310000", "version": "1", "valid_from": "2020-01-01", "source": "drawn", "items": items });
    let catalogue: Catalogue = serde_json::from_value(catalogue).expect("a catalogue");
    validate(&catalogue).expect("a regular one");
    IndexedCatalogue::new(catalogue)
}

fn line(number: String, sent: &Sent, quantity: i64, original: Option<String>) -> Line {
    let (item, price, _, approval, _) = *sent;
    let (price, quantity) = (Price::from_units(price), Quantity::from_units(quantity));
    Line {
        number,
        day: "2026-11-24".parse().expect("a date"),
        code: Some(format!("X{item:06}")),
        local_code: None,
        quantity,
        price,
        amount: price_times_quantity(price, quantity),
        approval: [Approval::NotStated, Approval::Approved, Approval::SelfPaid][usize::from(approval)],
        original,
    }
}

fn originals(sent: &[Sent]) -> Vec<Line> {
    sent.iter().enumerate().map(|(place, sent)| line(place.to_string(), sent, sent.2, None)).collect()
}

/// What is taken back, rounded down to a quantity that can be told.
fn returns(sent: &[Sent]) -> Vec<Line> {
    let back = sent.iter().enumerate().map(|(place, sent)| (place, sent, sent.2 * sent.4 / 100));
    let some = back.filter(|(_, _, quantity)| *quantity > 0);
    some.map(|(place, sent, quantity)| line(format!("r{place}"), sent, -quantity, Some(place.to_string()))).collect()
}

fn split(
    items: &IndexedCatalogue,
    lines: &[Line],
    held: &BTreeMap<String, SplitLine>,
) -> Result<Vec<SplitLine>, String> {
    let split =
        split_lines(items, "H31010100001", HospitalLevel::Three, lines, held).map_err(|refusal| refusal.code)?;
    let mut all: BTreeMap<String, SplitLine> = held.clone();
    all.extend(split.lines.into_iter().chain(split.changed).map(|line| (line.number.clone(), line)));
    Ok(all.into_values().collect())
}

fn check(line: &SplitLine, (class, _, limit, limited): &Item, approval: u8) {
    assert!(check_line(line), "I1: {line:?}");
    assert_eq!(line.total_fen, price_times_quantity(line.price, line.quantity), "rounded once");
    let wholly_own = *class == 2 || approval == 2 || (*limited && approval == 0);
    assert_eq!(
        wholly_own,
        line.own_fen == line.total_fen && line.eligible_fen + line.pre_fen + line.over_fen == Fen::ZERO && wholly_own
    );
    if !wholly_own {
        assert_eq!(line.own_fen, Fen::ZERO);
        assert!(line.class == FeeClass::B || line.pre_fen == Fen::ZERO, "nothing of 甲 is paid first");
        let is_above = limit.is_some_and(|limit| line.price > Price::from_units(limit * 10_000));
        assert!(is_above || line.over_fen == Fen::ZERO, "only what is above the limit price is over it");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn lines_with_returns_limits_and_limited_use_always_add_up(
        items in prop::collection::vec((0..3_u8, 1..100_i64, prop::option::of(1..50_000_i64), any::<bool>()), 1..5),
        drawn in prop::collection::vec((any::<prop::sample::Index>(), 0..500_000_000_i64, 1..500_000_i64, 0..3_u8, 0..104_i64), 1..30),
    ) {
        let catalogue = catalogue(&items);
        let sent: Vec<Sent> = drawn.into_iter()
            .map(|(item, price, quantity, approval, back)| (item.index(items.len()), price, quantity, approval, back)).collect();
        let together: Vec<Line> = originals(&sent).into_iter().chain(returns(&sent)).collect();
        let split_together = split(&catalogue, &together, &BTreeMap::new());
        let first = split(&catalogue, &originals(&sent), &BTreeMap::new()).expect("lines without returns are taken");
        let held = first.into_iter().map(|line| (line.number.clone(), line)).collect();
        let split_later = split(&catalogue, &returns(&sent), &held);
        prop_assert_eq!(&split_together, &split_later, "a return may come later");
        let too_much = sent.iter().any(|sent| sent.2 * sent.4 / 100 > sent.2);
        match split_together {
            Err(code) => prop_assert!(too_much && code == "MED-3005", "{code}"),
            Ok(lines) => {
                prop_assert!(!too_much);
                for line in &lines {
                    let (item, _, _, approval, _) = sent[line.number.parse::<usize>().expect("a number")];
                    check(line, &items[item], approval);
                }
                let sums = LineSums::of(&lines);
                prop_assert_eq!(sums.total_fen, lines.iter().map(|line| line.total_fen).sum::<Fen>(), "I2");
                prop_assert_eq!(sums.total_fen, sums.own_fen + sums.over_fen + sums.pre_fen + sums.eligible_fen, "I2");
            }
        }
    }
}
