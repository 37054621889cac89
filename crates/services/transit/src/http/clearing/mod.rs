//! Endpoints of clearing: totals and differences, contests, evidence, flows, ages.

mod ages;
mod contest_answer;
mod contest_reply;
mod contests;
mod days;
mod differences;
mod evidence;
mod flows;
mod wire;

use huitong_service_kit::endpoint;
use huitong_service_kit::http::Endpoint;

use super::TransitEdge;

pub fn endpoints() -> Vec<Endpoint<TransitEdge>> {
    vec![
        endpoint!("transit.totals.read", days::list_days),
        endpoint!("transit.totals.read", differences::list_differences),
        endpoint!("transit.totals.read", ages::get_ages),
        endpoint!("transit.contest.read", contests::list_contests),
        endpoint!("transit.contest.write", contests::open_contest),
        endpoint!("transit.contest.write", contest_answer::answer_contest),
        endpoint!("transit.contest.write", contest_reply::reply_contest),
        endpoint!("transit.contest.read", evidence::list_evidence),
        endpoint!("transit.contest.write", evidence::ask_evidence),
        endpoint!("transit.flow.read", flows::get_flow),
    ]
}
