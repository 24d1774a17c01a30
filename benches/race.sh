#!/usr/bin/env bash
# 1,000 cases with all checks on against nginx, beside Hurl where it is installed.
# Needs: nginx; hurl is optional. Prints the median wall time of RUNS whole-process runs and the
# ratio to Hurl, measured in turns so that a noisy machine is noisy for both.
set -euo pipefail
cd "$(dirname "$0")/.."
RUNS=${RUNS:-7}
work=$(mktemp -d)
trap 'kill "$(cat "$work/nginx.pid" 2>/dev/null)" 2>/dev/null || true; rm -rf "$work"' EXIT

cargo build --release --quiet
graphspec=target/release/graphspec
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

# The documented answer of the case, from the page itself.
body=$("$graphspec" list --format json --filter 'follow-sites/follow-sites/200' \
    | python3 -c 'import json, sys; print(json.dumps(json.loads(sys.stdin.readline())["expect"][0]["body"]))')
request=$("$graphspec" list --format json --filter 'follow-sites/follow-sites/200' \
    | python3 -c 'import json, sys; print(json.dumps(json.loads(sys.stdin.readline())["body"]))')

cat > "$work/nginx.conf" <<NGINX
daemon on; pid $work/nginx.pid; error_log $work/error.log; worker_processes 1;
events { worker_connections 256; }
http {
  access_log off; default_type application/json; keepalive_requests 1000000;
  client_body_temp_path $work; proxy_temp_path $work; fastcgi_temp_path $work;
  uwsgi_temp_path $work; scgi_temp_path $work;
  server {
    listen 127.0.0.1:$port;
    location ~ ^/v1.0/users/[^/]+/followedSites/add$ { return 200 '$body'; }
  }
}
NGINX
nginx -c "$work/nginx.conf"

entry() {
    cat <<HURL
POST http://127.0.0.1:$port/v1.0/users/u1/followedSites/add
Content-Type: application/json
$request
HTTP 200
[Asserts]
header "Content-Type" contains "application/json"
jsonpath "\$.value" count == 2
jsonpath "\$.value[0].id" isString
jsonpath "\$.value[1].id" isString
jsonpath "\$.value[0].webUrl" isString
jsonpath "\$.value[1].webUrl" isString

HURL
}
for _ in $(seq 1000); do entry; done > "$work/all.hurl"
for part in 1 2 3 4 5 6 7 8; do for _ in $(seq 125); do entry; done > "$work/part$part.hurl"; done

once() { # prints seconds and peak MiB of one run
    python3 - "$@" <<'PY'
import resource, subprocess, sys, time
start = time.perf_counter()
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
wall = time.perf_counter() - start
print(wall, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, code)
PY
}
ours() { once "$graphspec" run --target "http://127.0.0.1:$port/v1.0" --filter 'follow-sites/follow-sites/200' --repeat 1000 -j "$1"; }
theirs() { if [ "$1" = 1 ]; then once hurl --test --jobs 1 "$work/all.hurl"; else once hurl --test --jobs "$1" "$work"/part*.hurl; fi; }

for jobs in 1 8; do
    : > "$work/ours"; : > "$work/theirs"
    for _ in $(seq "$RUNS"); do
        ours "$jobs" >> "$work/ours"
        if command -v hurl > /dev/null; then theirs "$jobs" >> "$work/theirs"; fi
    done
    python3 - "$jobs" "$work/ours" "$work/theirs" <<'PY'
import statistics, sys
def read(path):
    rows = [line.split() for line in open(path)]
    assert all(row[2] == "0" for row in rows), f"a run failed: {rows}"
    return [float(r[0]) for r in rows], [float(r[1]) for r in rows]
jobs, mine, other = sys.argv[1:]
wall, peak = read(mine)
print(f"-j {jobs}: graphspec {statistics.median(wall):.4f} s (min {min(wall):.4f}), peak {max(peak):.1f} MiB", end="")
their, their_peak = read(other)
if their:
    print(f"; hurl {statistics.median(their):.4f} s, peak {max(their_peak):.1f} MiB; "
          f"{statistics.median(their) / statistics.median(wall):.1f} times as fast", end="")
print()
PY
done
