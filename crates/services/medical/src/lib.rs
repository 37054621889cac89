//! Service `medical`: direct settlement of medical bills across provinces (跨省异地就医直接结算).

pub mod model;
pub mod refusal;
