# SPDX-License-Identifier: Apache-2.0
# wrk to nginx, 16 connections kept alive, or (http-close) one request each. The page has 128 bytes.
# shellcheck shell=bash disable=SC2154 # of run.sh

# Packets that the client has sent and received so far.
client_packets() {
    local fields
    read -ra fields < <(ip netns exec "$a" grep eth0: /proc/net/dev)
    echo "$((fields[2] + fields[10]))"
}

measure() {
    local before header='Connection: keep-alive'
    need nginx
    need wrk
    [ "$source" != http-close ] || header='Connection: close'
    ip netns exec "$a" sysctl -qw net.ipv4.ip_local_port_range="1024 65000" || true
    mkdir "$dir/www"
    head -c 128 /dev/zero | tr '\0' x >"$dir/www/index.html"
    chmod -R a+rX "$dir"
    cat >"$dir/nginx.conf" <<NGINX
worker_processes 1;
pid $dir/nginx.pid;
error_log $dir/error.log;
events { worker_connections 1024; }
http {
    access_log off;
    keepalive_requests 1000000;
    client_body_temp_path $dir/t1; proxy_temp_path $dir/t2; fastcgi_temp_path $dir/t3; uwsgi_temp_path $dir/t4; scgi_temp_path $dir/t5;
    server { listen 10.9.0.12:80; root $dir/www; }
}
NGINX
    start_b nginx -c "$dir/nginx.conf" -g 'daemon off;'
    wait_for listens 80
    before=$(client_packets)
    at_a wrk -t 1 -c 16 -d "$(awk -v s="$seconds" 'BEGIN {printf "%d", s < 1 ? 1 : s}')" --latency -H "$header" http://10.9.0.12/ >"$dir/result"
    report 'import json, re, sys
text = open(sys.argv[1]).read()
unit = {"us": 1, "ms": 1e3, "s": 1e6}
at = {int(p): float(n) * unit[u] for p, n, u in re.findall(r"(\d+)% +([0-9.]+)(us|ms|s)", text)}
rate = float(re.search(r"Requests/sec: +([0-9.]+)", text).group(1))
bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
failed = int(bad.group(1)) if bad else 0
failed += sum(int(n) for n in errors.groups()) if errors else 0
requests = int(re.search(r"(\d+) requests in", text).group(1))
print(json.dumps({"rps": rate, "packets_each": int(sys.argv[2]) / max(requests, 1), "p50_us": at[50], "p90_us": at[90], "p99_us": at[99], "failed": failed, "ok": rate > 0 and not bad}))' "$dir/result" "$(($(client_packets) - before))"
}
