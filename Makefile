# Two commands: `make run` and `make test`. Everything else is for developers.
.PHONY: run test lint bench soak simulate

COMMA := ,
# OpenSSL's headers (Debian: libssl-dev), for its SM2 beside the default backend; not needed otherwise.
OPENSSL := $(wildcard /usr/include/openssl/ec.h)

# Four nodes, a morning at the cashiers, then they go on serving until Ctrl-C.
run:
	cargo build --release -p huitong-node
	target/release/huitong region run --data data

# Style, then every test. Needs Rust and a C compiler; installs `openssl` (apt) and `cargo-nextest` when missing.
# One build with every feature: a run for each would build most of the workspace anew.
TESTED := huitong-simulator/sabotage,huitong-node/pdf$(if $(OPENSSL),$(COMMA)huitong-transit-code/openssl)
test: test-needs lint
	cargo nextest run --workspace --no-fail-fast --features $(TESTED)

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

.PHONY: test-needs
test-needs:
	sh .ci/install-test-needs

# Settlements per second and latency of one process per node, beside the floors of fsync and signatures; ride codes and
# taps; policies. The month of a million settlements takes some 8 GB where TMPDIR lies.
bench:
	cargo build --release -p huitong-node -p huitong-bench $(if $(OPENSSL),--features huitong-bench/openssl)
	target/release/huitong-bench
	target/release/huitong-bench streams
	target/release/huitong-bench transit
	target/release/huitong-bench clearing
	target/release/huitong-bench medical

# A region in one process under faults: `make simulate SEED=7`; `COUNT=100` plays more seeds, `STEPS=1` prints every step,
# `KEEP=3,11` plays only those items of the plan, as a failed run names them.
SEED ?= 1
COUNT ?= 1
simulate:
	cargo run --release -q -p huitong-simulator -- --seed $(SEED) --count $(COUNT) $(if $(KEEP),--keep $(KEEP)) $(if $(STEPS),--steps)

# As many simulated seeds as MINUTES allow, then crashes of real processes: `make soak MINUTES=60 ROUNDS=200 SEED=1`.
ROUNDS ?= 50
MINUTES ?= 10
soak:
	cargo run --release -q -p huitong-simulator -- --seed $(SEED) --seconds $$(($(MINUTES) * 60)) --demand-coverage
	cargo build -p huitong-node
	HUITONG_CRASH_ROUNDS=$(ROUNDS) HUITONG_SEED=$(SEED) cargo nextest run -p huitong-node crash --no-capture
