//! What a pack says more than once, of which only the first would count (MED-6011), and cells of classes and levels that it does not
//! have, which would never count (MED-1012).

use std::collections::BTreeSet;

use huitong_service_kit::Refusal;

use crate::model::policy::Pack;
use crate::refusal;

/// A table's place, and its cells by class and level.
type Table<'p> = (String, Vec<(&'p str, &'p str)>);

fn tables(pack: &Pack) -> Vec<Table<'_>> {
    let mut tables: Vec<Table<'_>> = Vec::new();
    for table in &pack.deductibles {
        tables.push((format!("deductibles.{}", table.id), table.amounts.iter().map(|cell| cell.key()).collect()));
    }
    for fund in &pack.funds {
        for (index, band) in fund.bands.iter().enumerate() {
            let place = format!("funds.{}.bands[{index}]", fund.id);
            tables.push((place, band.ratios.iter().map(|cell| cell.key()).collect()));
        }
    }
    for cap in &pack.caps {
        tables.push((format!("caps.{}", cap.id), cap.amounts.iter().map(|cell| cell.key()).collect()));
    }
    for chronic in &pack.chronic {
        let place = format!("chronic.{}", chronic.id);
        tables.push((format!("{place}.ratios"), chronic.ratios.iter().map(|cell| cell.key()).collect()));
        tables.push((format!("{place}.cap"), chronic.cap.iter().map(|cell| cell.key()).collect()));
    }
    tables
}

pub fn repeated(pack: &Pack) -> Vec<Refusal> {
    let mut places: Vec<String> = Vec::new();
    for (place, cells) in tables(pack) {
        let cells = cells.iter().map(|(class, level)| format!("{class}/{level}"));
        places.extend(twice(cells).map(|cell| format!("{place}, {cell}")));
    }
    places.extend(twice(pack.levels.iter().map(|level| level.name().to_owned())).map(|id| format!("levels.{id}")));
    let classes = pack.person_classes.iter().map(|class| class.id.clone());
    places.extend(twice(classes).map(|id| format!("person_classes.{id}")));
    places.extend(twice(pack.deductibles.iter().map(|table| table.id.clone())).map(|id| format!("deductibles.{id}")));
    places.extend(twice(pack.funds.iter().map(|fund| fund.id.clone())).map(|id| format!("funds.{id}")));
    // The name under which the year's use is counted: of two alike both would take from one room.
    let caps = pack.caps.iter().map(|cap| cap.key()).chain(pack.chronic.iter().map(|chronic| chronic.key()));
    places.extend(twice(caps).map(|key| format!("caps, {key}")));
    places.extend(twice(pack.chronic.iter().map(|chronic| chronic.id.clone())).map(|id| format!("chronic.{id}")));
    let codes = pack.chronic.iter().flat_map(|chronic| chronic.codes.iter().cloned());
    places.extend(twice(codes).map(|code| format!("chronic, {code}")));
    // A person pays one deductible for one care.
    let care = pack.deductibles.iter().flat_map(|table| table.care_types.iter().map(|care| care.code().to_owned()));
    places.extend(twice(care).map(|code| format!("deductibles, care type {code}")));
    places.into_iter().map(|place| refusal::PACK_REPEATS.with("where", &place).at_field(place)).collect()
}

fn twice(names: impl Iterator<Item = String>) -> impl Iterator<Item = String> {
    let mut seen = BTreeSet::new();
    names.filter(move |name| !seen.insert(name.clone()))
}

pub fn astray(pack: &Pack) -> Vec<Refusal> {
    let has_class = |name: &str| name == "*" || pack.person_classes.iter().any(|class| class.id == name);
    let has_level = |name: &str| name == "*" || pack.levels.iter().any(|level| level.name() == name);
    let mut found = Vec::new();
    for (place, cells) in tables(pack) {
        for (class, level) in cells.into_iter().filter(|(class, level)| !has_class(class) || !has_level(level)) {
            found.push(unknown(&place, format!("{class}/{level}")));
        }
    }
    for source in &pack.sources {
        for quote in source.quotes.iter().filter(|quote| quote.cell(pack).is_none()) {
            let cell = format!("{}, {}/{}", quote.table, quote.class, quote.level.name());
            found.push(unknown(&format!("sources.{}", source.title), cell));
        }
    }
    found
}

fn unknown(place: &str, value: String) -> Refusal {
    refusal::CODE_UNKNOWN.with("field", place).with("value", value).at_field(place)
}
