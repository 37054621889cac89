//! Endpoints of the home side: riders' accounts, what they pay and are authorised to, the deny list, their trips, bills and invoices.

mod account_list;
mod accounts;
mod authorisations;
mod bill;
mod completions;
mod deny_causes;
mod deny_list;
mod grants;
mod invoices;
mod payments;
mod rides;
mod wire;

use huitong_service_kit::endpoint;
use huitong_service_kit::http::Endpoint;

use super::TransitEdge;

pub fn endpoints() -> Vec<Endpoint<TransitEdge>> {
    vec![
        endpoint!("transit.account.write", accounts::put_account),
        endpoint!("transit.account.write", accounts::close_account),
        endpoint!("transit.account.read", account_list::list_accounts),
        endpoint!("transit.account.read", account_list::get_account),
        endpoint!("transit.payment.write", payments::take_payment),
        endpoint!("transit.payment.write", invoices::issue_invoice),
        endpoint!("transit.ride.read", invoices::list_invoices),
        endpoint!("transit.authorise", authorisations::authorise),
        endpoint!("transit.grant.ask", grants::ask_grant),
        endpoint!("transit.grant.ask", grants::get_grant),
        endpoint!("transit.deny.write", deny_causes::add_deny_cause),
        endpoint!("transit.deny.write", deny_causes::lift_deny_cause),
        endpoint!("transit.deny.read", deny_list::list_denied),
        endpoint!("transit.completion.ask", completions::complete_trip),
        endpoint!("transit.ride.read", rides::list_rides),
        endpoint!("transit.ride.read", bill::get_bill),
    ]
}
