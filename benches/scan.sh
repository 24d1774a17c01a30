#!/usr/bin/env bash
# `list` and `check` over a documentation set, beside a bare pass of the Markdown library over the
# same files: wall time as a ratio, measured in turns so that a noisy machine is noisy for all, and
# peak memory. Then over 4 and 16 copies, to see that time grows with the pages and memory does not.
# With metadata at hand (METADATA=FILE), `check --metadata` too.
# Usage: benches/scan.sh [FOLDER]; without one, ../shared/corpus/graph-v1.0 where it is there.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-../shared/corpus/graph-v1.0}
[ -d "$folder" ] || { echo "no folder $folder: name one that holds pages"; exit 2; }
runs=${RUNS:-9}
metadata=${METADATA:-../shared/corpus/metadata/v1.0-Prod.csdl}
[ -f "$metadata" ] || metadata=
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cargo build --release --quiet
bare=$(cargo bench --bench bare_pass --no-run --message-format json 2> /dev/null \
    | python3 -c 'import json, sys
for line in sys.stdin:
    made = json.loads(line)
    if made.get("executable") and made["target"]["name"] == "bare_pass": print(made["executable"])')
for copies in 1 4 16; do
    for copy in $(seq "$copies"); do
        mkdir -p "$work/$copies"
        cp -r "$folder" "$work/$copies/set$copy"
    done
done
python3 - "$runs" "$work" "$bare" target/release/graphspec "$metadata" << 'PY'
import os, resource, statistics, subprocess, sys, time
runs, work, bare, graphspec, metadata = int(sys.argv[1]), *sys.argv[2:]
def once(command):
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    return time.perf_counter() - start, used.ru_maxrss / 1024
for copies in ("1", "4", "16"):
    folder = f"{work}/{copies}"
    programs = {"bare pass": [bare, folder], "list": [graphspec, "list", folder, "--format", "json"], "check": [graphspec, "check", folder]}
    if metadata:
        programs["metadata"] = [graphspec, "check", "--metadata", metadata, folder]
    seen = {name: [] for name in programs}
    for _ in range(runs if copies == "1" else max(3, runs // 3)):
        for name, command in programs.items():
            seen[name].append(once(command))
    base = statistics.median(wall for wall, _ in seen["bare pass"])
    for name, measured in seen.items():
        wall = statistics.median(wall for wall, _ in measured)
        print(f"{copies:>2} x  {name:9}  {wall:7.3f} s  {wall / base:5.2f} x bare  {max(peak for _, peak in measured):6.1f} MiB")
PY
