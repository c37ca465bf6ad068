#!/usr/bin/env bash
# Fuzzes every reader, each for so many seconds (300 if not said), on the corpus that is checked in. Needs nightly Rust and cargo-fuzz.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-300}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for target in fuzz/fuzz_targets/*.rs; do
  name=$(basename "$target" .rs)
  mkdir -p "$scratch/$name"
  # New finds go to the first folder; the corpus stays as it is.
  cargo +nightly fuzz run "$name" "$scratch/$name" "fuzz/corpus/$name" -- -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=20
done
