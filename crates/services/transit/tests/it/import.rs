//! Records of Shenzhen cards as a clerk meets them: in any order, quoted by need, incomplete, damaged, twice.

use huitong_transit::model::import::Import;
use huitong_transit::model::import::counts::Counts;
use huitong_transit::model::import::fate::Fate;
use huitong_transit::model::import::flows::{FlowFault, Flows};
use huitong_transit::model::import::row::Kind;
use huitong_transit::model::import::table::FileFault;
use huitong_transit::model::parameters::Parameters;

const HEADER: &str =
    "deal_date,close_date,card_no,deal_value,deal_type,company_name,car_no,station,conn_mark,deal_money,equ_no\n";

fn import(text: &str) -> Import {
    Import::new(text.as_bytes(), &Parameters::default()).unwrap_or_else(|fault| panic!("{fault}"))
}

/// A record of 2018-09-01.
fn record(clock: &str, card: &str, kind: &str, station: &str, fare: i64, device: &str) -> String {
    format!(
        "2018-09-01 {clock},2018-09-01 00:00:00,{card},{fare},{kind},地铁一号线,AGM-1,{station},0,{fare},{device}\n"
    )
}

/// What became of each line: the bucket, and the reason if there is one.
#[track_caller]
fn check(lines: &[String], expected: &[&str]) {
    let import = import(&(HEADER.to_owned() + &lines.concat()));
    let _adds_up = Counts::of(&import);
    let told: Vec<String> = import.lines.iter().map(|line| told(line.fate)).collect();
    assert_eq!(told, expected);
}

fn told(fate: Fate) -> String {
    match fate {
        Fate::Paired { partner } => format!("paired {partner}"),
        Fate::Extra { of } => format!("extra {of}"),
        Fate::SingleSided(reason) => reason.name().to_owned(),
        Fate::SingleTap => "single_tap".to_owned(),
        Fate::Duplicate { of } => format!("duplicate {of}"),
        Fate::Quarantined(doubt) => doubt.name().to_owned(),
        Fate::Unreadable(fault) => fault.name().to_owned(),
    }
}

#[test]
fn a_ride_is_paired_whatever_the_order_of_its_lines() {
    let exit = record("06:20:00", "AAAAAAAAA", "地铁出站", "老街", 300, "268002101");
    let entry = record("06:00:00", "AAAAAAAAA", "地铁入站", "罗湖站", 0, "268001101");
    check(&[exit.clone(), entry.clone()], &["paired 3", "paired 2"]);
    let quick = record("06:00:50", "AAAAAAAAA", "地铁出站", "老街", 300, "268002101");
    check(&[entry.clone(), quick], &["no_exit", "too_quick"]);
    let strange = record("06:20:00", "AAAAAAAAA", "地铁出站", "老街", 310, "268002101");
    check(&[entry, strange, exit.replace("AAAAAAAAA", "B")], &["no_exit", "no_fare", "no_entry"]);
}

#[test]
fn the_same_station_with_the_fare_of_a_long_ride_is_two_missing_taps() {
    let entry = record("06:00:00", "AAAAAAAAA", "地铁入站", "罗湖站", 0, "268001101");
    let other = record("06:20:00", "BBBBBBBBB", "地铁出站", "老街", 200, "268002101");
    let exit = |fare| record("06:20:00", "AAAAAAAAA", "地铁出站", "罗湖", fare, "268001201");
    check(&[entry.clone(), exit(700), other.clone()], &["fare_mismatch", "fare_mismatch", "no_entry"]);
    check(&[entry, exit(200), other], &["paired 3", "paired 2", "no_entry"]);
}

#[test]
fn a_record_twice_counts_once_and_two_contents_count_never() {
    let entry = record("06:00:00", "AAAAAAAAA", "地铁入站", "罗湖站", 0, "268001101");
    let quoted = entry.replace("罗湖站", "\"罗湖站\"");
    check(&[entry.clone(), quoted, entry.clone()], &["no_exit", "duplicate 2", "duplicate 2"]);
    let other = entry.replace("地铁一号线", "地铁二号线");
    check(
        &[entry.clone(), other, entry],
        &["same_tap_other_content", "same_tap_other_content", "same_tap_other_content"],
    );
}

#[test]
fn what_cannot_be_is_quarantined_and_what_cannot_be_read_is_told() {
    let entry = record("06:00:00", "AAAAAAAAA", "地铁入站", "罗湖站", 0, "268001101");
    let over = record("06:20:00", "BBBBBBBBB", "巴士", "M1", 200, "227000001").replace(",0,200,", ",0,201,");
    check(
        &[
            record("06:00:00", "BBBBBBBBB", "地铁入站", "罗湖站", 200, "268001101"),
            over,
            entry.replace("2018-09-01 00:00:00", "2018-08-31 00:00:00").replace("AAAAAAAAA", "CCCCCCCCC"),
            entry.replace("2018-09-01 06", "2018-09-31 06"),
            entry.replace("罗湖站", "\"罗湖站"),
            entry.replace("罗湖站", "罗湖站,"),
            entry.replace("地铁入站", "地铁"),
            entry.replace("AAAAAAAAA", ""),
            "\n".to_owned(),
            entry.replace("AAAAAAAAA,0", "AAAAAAAAA,-1"),
            entry,
        ],
        &[
            "entry_with_amount",
            "charge_over_fare",
            "booked_before_travel",
            "time",
            "quote_not_closed",
            "number_of_columns",
            "kind",
            "card",
            "amount",
            "no_exit",
        ],
    );
}

#[test]
fn a_station_is_restored_from_its_device_unless_two_names_stand_there() {
    let named = record("05:00:00", "AAAAAAAAA", "地铁入站", "罗湖站", 0, "268001101");
    let bare = |device| record("06:00:00", "BBBBBBBBB", "地铁入站", "-", 0, device);
    let text = HEADER.to_owned() + &named + &bare("268001999") + &bare("268002101");
    let restored = import(&text);
    let station = |index: usize| restored.lines[index].row.as_ref().and_then(|row| row.station.clone());
    assert_eq!((station(1).as_deref(), station(2)), (Some("罗湖"), None));
    assert_eq!(told(restored.lines[2].fate), "station_unknown");
    let ambiguous = import(&(text + &record("05:00:00", "CCCCCCCCC", "地铁入站", "国贸", 0, "268001102")));
    assert_eq!(ambiguous.registry.size(), (0, 1));
    assert_eq!(Counts::of(&ambiguous).places.restored, 0);
}

#[test]
fn an_entry_at_an_unknown_place_is_not_skipped_to_make_a_pair() {
    let entry = record("05:00:00", "AAAAAAAAA", "地铁入站", "罗湖站", 0, "268001101");
    let between = record("05:30:00", "AAAAAAAAA", "地铁入站", "-", 0, "268009101");
    let exit = record("06:00:00", "AAAAAAAAA", "地铁出站", "老街", 200, "268002101");
    check(&[entry, between, exit], &["next_entry", "station_unknown", "no_fare"]);
}

#[test]
fn columns_are_found_by_name_and_optional_ones_may_be_missing() {
    let text = "\u{feff}equ_no,deal_type,ignored,card_no,deal_date,station,deal_value\r\n\
        268001101,地铁入站,x,AAAAAAAAA,2018-09-01 06:00:00,罗湖站,0\r\n\
        268002101,地铁出站,,AAAAAAAAA,2018-09-01 06:20:00,老街,\r\n\
        268002101,地铁出站,,BBBBBBBBB,2018-09-01 06:21:00,老街,200\r\n\
        ,地铁入站,,BBBBBBBBB,2018-09-01 06:00:00,,0\r\n";
    let found = import(text);
    let fates: Vec<String> = found.lines.iter().map(|line| told(line.fate)).collect();
    // Without its fare an exit is not believed to be the end of any ride in particular.
    assert_eq!(fates, ["no_exit", "no_fare", "no_fare", "station_unknown"]);
}

#[test]
fn names_lose_their_suffix_and_full_width_brackets_and_nothing_else() {
    let name = |written, kind| huitong_transit::model::import::stations::unified(written, kind);
    assert_eq!(name("机场站 ", Kind::Entry), "机场");
    assert_eq!(name("机场北站", Kind::Exit), "机场北");
    assert_eq!(name("站", Kind::Exit), "站");
    assert_eq!(name("M433(皇岗）", Kind::Bus), "M433(皇岗)");
    assert_eq!(name("火车站", Kind::Bus), "火车站");
    assert_eq!(name("?I岭", Kind::Entry), "?I岭");
}

#[test]
fn another_file_is_refused_in_two_languages() {
    let fault = |bytes: &[u8]| Import::new(bytes, &Parameters::default()).expect_err("no such file").to_string();
    let other = fault(b"stationID,hour,per_ten_minute,outNums,inNums,day\n0,0,0,0.0,0.0,1\n");
    assert!(
        other.contains("缺少列：deal_date, card_no, deal_type, equ_no") && other.contains("not a file of"),
        "{other}"
    );
    assert!(fault(b"").contains("the file is empty"));
    assert!(fault(b"\xb5\xd8,\xcc\xfa\n").contains("UTF-8"));
    assert!(fault(b"deal_date,deal_date,card_no,deal_type,equ_no\n").contains("stands twice"));
}

const FLOW_HEADER: &str = "stationID,hour,per_ten_minute,outNums,inNums,day\n";

/// A station's day with one passenger more each slot.
fn flow_lines(station: u32) -> String {
    let line = |slot: u32| format!("{station},{},{},{slot}.0,{}.0,5\n", slot / 6, slot % 6, slot * 2);
    (0..144).map(line).collect()
}

#[test]
fn a_day_of_counts_is_read_whole_or_not_at_all() {
    let read = |text: String| Flows::read(text.as_bytes());
    let flows = read(FLOW_HEADER.to_owned() + &flow_lines(0) + &flow_lines(54)).expect("a day");
    assert_eq!((flows.day, flows.stations.len()), (5, 2));
    let flow = &flows.stations[&54];
    assert_eq!((flow.exits[143], flow.entries[143], flow.is_unknown()), (143, 286, false));
    let fault = |text: String| read(text).expect_err("a fault");
    assert_eq!(fault(FLOW_HEADER.to_owned()), FlowFault::Empty);
    assert_eq!(fault(FLOW_HEADER.to_owned() + &flow_lines(0).replace("\n0,23,5,", "\n0,23,4,")), FlowFault::Twice(145));
    assert_eq!(fault(FLOW_HEADER.to_owned() + &flow_lines(0).replace("143.0", "143.5")), FlowFault::Line(145));
    assert_eq!(
        fault(FLOW_HEADER.to_owned() + &flow_lines(0) + &flow_lines(1).replace(",5\n", ",6\n")),
        FlowFault::Day(146)
    );
    let cut = flow_lines(0).lines().take(100).collect::<Vec<_>>().join("\n");
    assert_eq!(fault(FLOW_HEADER.to_owned() + &cut), FlowFault::Incomplete(0));
    assert_eq!(fault(HEADER.to_owned()), FlowFault::ColumnMissing("stationID"));
}

#[test]
fn a_fraction_of_a_day_keeps_its_shape_and_its_sum() {
    let flows = Flows::read((FLOW_HEADER.to_owned() + &flow_lines(3)).as_bytes()).expect("a day");
    let thin = flows.stations[&3].fraction(100);
    let sum = |counts: &[u32; 144]| counts.iter().sum::<u32>();
    assert_eq!((sum(&flows.stations[&3].exits), sum(&thin.exits), sum(&thin.entries)), (10_296, 102, 205));
    assert_eq!((thin.exits[143] + thin.exits[142], thin.exits[0]), (2, 0));
}

#[test]
fn a_carriage_return_within_a_line_spoils_its_line_and_hides_nothing() {
    let good = record("06:00:00", "AAAAAAAAA", "地铁入站", "罗湖站", 0, "268001101");
    let tail = good.trim_end().to_owned() + "\r,garbage\n";
    check(&[good.clone(), tail], &["no_exit", "carriage_return"]);
    let two_in_one = good.trim_end().to_owned() + "\r" + &good;
    check(&[two_in_one, good.trim_end().to_owned() + "\r\n"], &["carriage_return", "no_exit"]);
}

#[test]
fn a_file_without_a_record_is_no_file_of_records() {
    let fault = |text: &str| Import::new(text.as_bytes(), &Parameters::default()).expect_err("nothing to read");
    assert_eq!(fault(HEADER), FileFault::NoRows);
    assert_eq!(fault(&(HEADER.to_owned() + "\n  \n")), FileFault::NoRows);
    let good = record("06:00:00", "AAAAAAAAA", "地铁入站", "罗湖站", 0, "268001101");
    let old = (HEADER.to_owned() + &good).replace('\n', "\r");
    assert_eq!(fault(&old), FileFault::LineEnds, "ended by carriage returns alone");
}

#[test]
fn a_report_says_how_many_records_count_and_when_they_were_by_the_clock_of_the_city() {
    let entry = record("06:00:00", "AAAAAAAAA", "地铁入站", "罗湖站", 0, "268001101");
    let import = import(&(HEADER.to_owned() + &entry + &entry));
    let counts = Counts::of(&import);
    assert_eq!((counts.rows, counts.accepted, counts.buckets.duplicate), (2, 1, 1));
    assert_eq!(counts.examples["single_sided.no_exit"][0].at, "2018-09-01 06:00:00");
}
