//! Stories of the service transit.

mod city;
mod clearing_days;
mod clearing_periods;
mod completion;
mod contests;
mod cross_border;
mod desk;
mod fares;
mod flows;
mod foreign_bytes;
mod foreign_claims;
mod home_accounts;
mod home_debts;
mod home_deny;
mod home_grants;
mod import;
mod invariants;
mod orders;
mod properties;
mod region;
mod rejections;
mod rides;
mod split;
mod stage;
mod trips;
