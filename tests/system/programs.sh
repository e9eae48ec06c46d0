#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Real programs between guests of two hosts: redis, nginx under wrk and curl, DNS over UDP and TCP.
source "$(dirname "$0")/lib.sh"
needs redis-server redis-cli redis-benchmark nginx wrk curl dnsmasq dig

hosts h1 h2
guests client server
underlay h1 h2
groups='  - name: client
    rules: [{direction: egress, action: allow}]
  - name: server
    rules:
      - {direction: ingress, action: allow, protocol: tcp, ports: 80}
      - {direction: ingress, action: allow, protocol: tcp, ports: 6379}
      - {direction: ingress, action: allow, protocol: udp, ports: 53}
      - {direction: ingress, action: allow, protocol: tcp, ports: 53}'
{ host_of_two 1 11 && vnic client 10 "security_groups: [client]"; } >"$TMP/h1.yaml"
{ host_of_two 2 10 && vnic server 11 "security_groups: [server]"; } >"$TMP/h2.yaml"
start h1
start h2
guest_up client 10.0.0.10/24 fd00::10/64
guest_up server 10.0.0.11/24 fd00::11/64

say "redis"
mkdir "$TMP/redis"
background server redis-server --dir "$TMP/redis" --bind 10.0.0.11 fd00::11 --protected-mode no --save "" --appendonly no
wait_for "redis" listens server 6379
wait_for "the underlay answers" on client timeout 1 redis-cli -h 10.0.0.11 ping
head -c 300000 /dev/urandom | base64 -w0 >"$TMP/value"
works on client redis-cli -h 10.0.0.11 -x set key <"$TMP/value"
on client redis-cli -h fd00::11 get key >"$TMP/back"
cmp <(cat "$TMP/value" && echo) "$TMP/back" || fail "redis gave back something else"
on client redis-benchmark -h 10.0.0.11 -q -n 10000 -c 20 -P 4 -t set,get | tr '\r' '\n' | grep 'per second'

say "nginx under curl and wrk"
mkdir "$TMP/www"
chmod 755 "$TMP" "$TMP/www"
head -c 3000000 /dev/urandom >"$TMP/www/big"
echo hello >"$TMP/www/index.html"
cat >"$TMP/nginx.conf" <<CONF
daemon off;
worker_processes 1;
pid $TMP/nginx.pid;
error_log $TMP/nginx.log;
events { worker_connections 512; }
http {
    access_log off;
    client_body_temp_path $TMP/www/body;
    proxy_temp_path $TMP/www/proxy;
    fastcgi_temp_path $TMP/www/fastcgi;
    uwsgi_temp_path $TMP/www/uwsgi;
    scgi_temp_path $TMP/www/scgi;
    server { listen 80; listen [::]:80; root $TMP/www; }
}
CONF
background server nginx -c "$TMP/nginx.conf" -e "$TMP/nginx.log"
wait_for "nginx" listens server 80
[ "$(on client curl -sS --max-time 5 http://10.0.0.11/)" = hello ] || fail "curl over IPv4"
on client curl -sS --max-time 5 -g 'http://[fd00::11]/big' -o "$TMP/big" || fail "curl over IPv6"
cmp "$TMP/big" "$TMP/www/big" || fail "the file is not the same on the other side"
on client wrk -t 1 -c 20 -d 2s http://10.0.0.11/ >"$TMP/wrk"
grep 'Requests/sec' "$TMP/wrk"
! grep -qE 'Socket errors|Non-2xx' "$TMP/wrk" || fail "wrk: $(grep -E 'errors|Non' "$TMP/wrk")"

say "DNS over UDP and TCP"
background server dnsmasq -k -C /dev/null -R -h -p 53 -u root --listen-address=10.0.0.11 --listen-address=fd00::11 --bind-interfaces \
    --pid-file= --host-record=db.example,10.9.9.9,fd00:9::9 --txt-record=long.example,"$(printf 'x%.0s' {1..250})"
wait_for "dnsmasq" listens server 53
[ "$(on client dig +short +tries=1 @10.0.0.11 db.example A)" = 10.9.9.9 ] || fail "dig over UDP"
[ "$(on client dig +short +tries=1 @fd00::11 db.example AAAA)" = fd00:9::9 ] || fail "dig over UDP and IPv6"
[ "$(on client dig +short +tcp +tries=1 @10.0.0.11 db.example A)" = 10.9.9.9 ] || fail "dig over TCP"
says xxxxx on client dig +short @10.0.0.11 long.example TXT

say "a port that no program should have"
dropped h2 up sg_ingress on client timeout 0.5 bash -c 'echo >/dev/tcp/10.0.0.11/22'

finish
