# Two commands: `make run` and `make test`. Everything else is for developers.
.PHONY: run test lint bench soak

# Four nodes, a morning at the cashiers, then they go on serving until Ctrl-C.
run:
	cargo build --release -p huitong-node
	target/release/huitong region run --data data

# Style, then every test. Needs Rust and a C compiler; installs `openssl` (apt) and `cargo-nextest` when missing.
test: test-needs lint
	cargo build -p huitong-node
	cargo nextest run --workspace --no-fail-fast

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

.PHONY: test-needs
test-needs:
	sh .ci/install-test-needs

# Settlements per second and latency of one process per node, beside the floors of fsync and signatures.
bench:
	cargo build --release -p huitong-node -p huitong-bench
	target/release/huitong-bench

# Crashes at random moments for as long as wanted: `make soak ROUNDS=200 SEED=1`.
ROUNDS ?= 50
SEED ?= 1
soak:
	cargo build -p huitong-node
	HUITONG_CRASH_ROUNDS=$(ROUNDS) HUITONG_SEED=$(SEED) cargo nextest run -p huitong-node crash --no-capture
