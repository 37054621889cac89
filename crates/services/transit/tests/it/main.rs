//! Stories of the service transit.

mod city;
mod fares;
mod import;
mod properties;
mod region;
mod rejections;
mod rides;
mod split;
mod stage;
mod trips;
