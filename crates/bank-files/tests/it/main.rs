//! Bank files as a clerk, a bank and an attacker meet them.

mod hostile;
mod orders;
mod properties;
mod reports;
mod sample;
mod sample_bank;
