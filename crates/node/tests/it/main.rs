//! Real nodes: processes, TLS, files.

mod api_description;
mod backup;
mod bad_requests;
mod cashier;
mod command_line;
mod crash;
mod endpoints;
mod full_disk;
mod house;
mod morning;
mod offline;
mod postgres;
mod redelivery;
mod region;
mod security;
mod shared_journal;
mod spreading;
mod stage;
mod transit_batches;
mod transit_city;
mod transit_gate;
mod transit_memory;
mod transit_node;
mod transit_real;
mod transit_upload;
mod trust;
