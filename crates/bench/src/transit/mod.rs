//! `huitong-bench transit`: the verifier against its raw signature operations, taps accepted, paired and priced on one core,
//! a period of ten million trips closed.

mod verifier;

pub fn run() -> anyhow::Result<()> {
    verifier::run()
}
