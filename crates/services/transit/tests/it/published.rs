//! Maps and fares of the region's profile by which stories ride.

use huitong_service_kit::toml_data::json_text;

/// Networks with their maps and packs.
pub fn published() -> Vec<(&'static str, &'static str, &'static str)> {
    macro_rules! city {
        ($map:literal, $pack:literal) => {
            (
                include_str!(concat!("../../../../../regions/yangtze/transit/maps/", $map)),
                include_str!(concat!("../../../../../regions/yangtze/transit/fares/", $pack)),
            )
        };
    }
    let files = [
        ("310100", city!("310100-1.toml", "310100-2018.toml")),
        ("330100", city!("330100-1.toml", "330100-2018.toml")),
        ("320509", city!("320509-1.toml", "320509-2019.toml")),
    ];
    files.into_iter().map(|(network, (map, pack))| (network, map, pack)).collect()
}

/// Some station of a network.
pub fn first_station(network: &str) -> u32 {
    let (_, map, _) = published().into_iter().find(|(known, _, _)| *known == network).expect("a network of the story");
    let map: serde_json::Value = serde_json::from_str(&json_text(map).expect("TOML")).expect("JSON");
    map["stations"][0]["id"].as_u64().and_then(|id| u32::try_from(id).ok()).expect("a station")
}
