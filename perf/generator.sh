#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# avs-bench's generator: frames of an IMIX as often as its genome says, all of them through the path and through the generator alone;
# sizes that there are not are refused.
set -euo pipefail

run() { "$AVS_BUILD_DIR/bin/avs-bench" "$@"; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

run --size imix --flows 1200 --capture "$dir/imix.pcap"
run --size aaAi --flows 8 --capture "$dir/own.pcap"
/usr/bin/env python3 - "$dir" <<'PY'
import collections, struct, sys

def sizes(name):
    data, at, found = open(f"{sys.argv[1]}/{name}", "rb").read(), 24, []
    while at < len(data):
        found.append(struct.unpack_from("=IIII", data, at)[2])
        at += 16 + found[-1]
    return found

# Without their FCS.
assert collections.Counter(sizes("imix.pcap")) == {60: 700, 590: 400, 1514: 100}
assert sizes("own.pcap") == [60, 60, 590, 8996] * 2
PY
run --size imix --flows 1200 --count 4000 >"$dir/path"
run --size 1514 --flows 3 --segments 44 --count 4400 >"$dir/cut"
run --size imix --flows 1200 --generator --seconds 0.01 --warmup 0 >"$dir/alone"
/usr/bin/env python3 - "$dir" <<'PY'
import json, sys

path, alone, cut = (json.load(open(f"{sys.argv[1]}/{name}")) for name in ("path", "alone", "cut"))
# 44 packets leave for each frame, whose metadata and bytes are on the ring once; the last turn may bring more than were asked for.
frames = cut["packets"] / 44
assert cut["ok"] and frames >= 100 and frames == cut["match"]["flow_index_hits"], cut
assert cut["bytes_to_fw"] == frames * (128 + 42 + 44 * 1472), cut
assert path["ok"] and path["drops"] == 0 and abs(path["size"] - (7 * 60 + 4 * 590 + 1514) / 12) < 0.001
assert alone["ok"] and alone["packets"] > 0
PY
rc=0
run --size 9018 --segments 8 2>/dev/null || rc=$?
[ "$rc" -eq 2 ] || {
    echo "a frame of more than 64 KiB ended with $rc"
    exit 1
}
for wrong in abz 59 9019 '' aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; do
    rc=0
    run --size "$wrong" 2>/dev/null || rc=$?
    [ "$rc" -eq 2 ] || {
        echo "--size '$wrong' ended with $rc"
        exit 1
    }
done
