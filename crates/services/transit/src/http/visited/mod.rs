//! Endpoints of the visited side: dated data, gates, taps, trips.

mod adjustments;
mod fare_packs;
mod fares;
mod gate_tables;
mod gates;
mod key_sets;
mod maps;
mod open_taps;
mod scope;
mod service_order_ending;
mod service_order_trips;
mod service_orders;
mod split_rules;
mod tap_batches;
mod tap_release;
mod taps;
mod trip;
mod trips;
pub(super) mod wire;

use huitong_service_kit::endpoint;
use huitong_service_kit::http::Endpoint;

use super::TransitEdge;

pub fn endpoints() -> Vec<Endpoint<TransitEdge>> {
    vec![
        endpoint!("transit.key_set.publish", key_sets::publish_key_set),
        endpoint!("transit.key_set.read", key_sets::get_key_set),
        endpoint!("transit.map.publish", maps::publish_map),
        endpoint!("transit.fare.read", maps::list_maps),
        endpoint!("transit.fare.read", maps::get_map),
        endpoint!("transit.fare.publish", fare_packs::publish_fare_pack),
        endpoint!("transit.fare.read", fare_packs::list_fare_packs),
        endpoint!("transit.fare.read", fare_packs::get_fare_pack),
        endpoint!("transit.fare.publish", split_rules::publish_split_rule),
        endpoint!("transit.fare.read", split_rules::list_split_rules),
        endpoint!("transit.fare.read", fares::get_fare),
        endpoint!("transit.gate.write", gates::put_gates),
        endpoint!("transit.gate.read", gates::list_gates),
        endpoint!("transit.table.read", gate_tables::get_gate_tables),
        endpoint!("transit.tap.write", tap_batches::take_tap_batch).body_bytes_max(tap_batches::BODY_BYTES_MAX),
        endpoint!("transit.tap.read", taps::list_taps),
        endpoint!("transit.tap.read", open_taps::list_open_taps),
        endpoint!("transit.trip.adjust", tap_release::release_tap),
        endpoint!("transit.trip.read", trips::list_trips),
        endpoint!("transit.trip.read", trip::get_trip),
        endpoint!("transit.trip.adjust", adjustments::adjust_trip),
        endpoint!("transit.order.write", service_orders::give_order),
        endpoint!("transit.gate.read", service_orders::list_orders),
        endpoint!("transit.order.write", service_order_ending::end_order),
        endpoint!("transit.trip.read", service_order_trips::list_order_trips),
    ]
}
