//! Stories of clearing between three jurisdictions. The services beside it are played by `desk`.

mod absent;
mod bank;
mod contests;
mod cuts;
mod desk;
mod differences;
mod netting;
mod properties;
mod terms;
