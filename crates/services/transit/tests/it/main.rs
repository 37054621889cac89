//! Stories of the service transit.

mod city;
mod clearing_days;
mod completion;
mod cross_border;
mod desk;
mod fares;
mod home_accounts;
mod home_debts;
mod home_deny;
mod home_grants;
mod import;
mod orders;
mod properties;
mod region;
mod rejections;
mod rides;
mod split;
mod stage;
mod trips;
