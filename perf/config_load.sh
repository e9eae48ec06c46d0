#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# config_load.py in small: avsd takes the document, the same again with one more or less, and each change by itself; and what is no number
# or no kind is refused.
set -euo pipefail

load=$(dirname "${BASH_SOURCE[0]}")/config_load.py
for kind in mappings routes; do
    /usr/bin/env python3 - "$kind" "$("$load" "$kind" 50 500 5000)" <<'PY'
import json, sys

found = json.loads(sys.argv[2])
print(found)
assert found["kind"] == sys.argv[1] and [row["count"] for row in found["rows"]] == [50, 500, 5000]
for row in found["rows"]:
    assert row["document_bytes_each"] > 60 and row["change_bytes"] > 200, row
_, some, many = found["rows"]
assert some["bytes_each"] > 100, some
assert many["apply_s"] > 0, many  # the kernel counts hundredths of a second
PY
done
for words in "mappings some" "sessions 50"; do
    # shellcheck disable=SC2086 # two words
    if out=$("$load" $words 2>&1); then
        echo "taken: $words"
        exit 1
    fi
    [[ $out == *config_load.py* ]] || { echo "no usage for: $words"; exit 1; }
done
