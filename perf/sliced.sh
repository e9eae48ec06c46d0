#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# avs-bench with headers and payloads apart: every packet is sliced, none is lost, and less crosses the ring.
set -euo pipefail

run() { "$AVS_BUILD_DIR/bin/avs-bench" --count 20000 --size 1000 "$@"; }
/usr/bin/env python3 - "$(run --slice off)" "$(run --slice on)" <<'PY'
import json, sys

whole, apart = (json.loads(text) for text in sys.argv[1:])
each = {name: r["bytes_to_fw"] / r["packets"] for name, r in (("whole", whole), ("apart", apart))}
print(f"bytes over the ring a packet: {each}; sliced {apart['sliced']} of {apart['packets']}")
assert whole["ok"] and whole["sliced"] == 0
assert apart["ok"] and apart["drops"] == 0 and apart["sliced"] >= 0.9 * apart["packets"]
assert each["apart"] < each["whole"] / 4
PY
