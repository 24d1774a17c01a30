# What CI runs, on your machine.
check: fmt lint doc test self

fmt:
    cargo fmt --check

lint:
    cargo clippy --all-targets -- -D warnings

doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items

test:
    cargo test

# The built-in suite against the embedded mock.
self:
    cargo run -- run

# Licences, sources, bans.
deny:
    cargo deny check licenses bans sources

# Micro benches.
bench:
    cargo bench

# 1,000 cases against nginx, beside Hurl where it is installed.
race:
    benches/race.sh

# list and check over a documentation set, beside a bare pass of the Markdown library.
scan *FOLDER:
    benches/scan.sh {{FOLDER}}

# Fuzz one target (page, annotation, message, metadata) from its seeds; needs cargo-fuzz.
fuzz TARGET SECONDS="1200":
    mkdir -p fuzz/corpus/{{TARGET}}
    cargo fuzz run --sanitizer none {{TARGET}} fuzz/corpus/{{TARGET}} fuzz/seeds/{{TARGET}} -- -max_total_time={{SECONDS}} -timeout=10 -max_len=6000
