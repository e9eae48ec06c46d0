#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds and runs the fuzzers (tests/fuzz). Arguments: [SECONDS] [NAME...], default 60 s each and all of them.
#   --keep   put what the runs found worth keeping into the corpora of the repository, as few and small files as reach as much
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

seconds=60 keep=() names=()
for word in "$@"; do
    case $word in
    --keep) keep=(--keep) ;;
    -*) usage_error "fuzz: unknown option '$word'" ;;
    *[!0-9]*) names+=("$word") ;;
    *) seconds=$word ;;
    esac
done

ensure_deps build test
scripts/build.sh fuzz
exec "$PYTHON" scripts/fuzz.py "${keep[@]}" "$seconds" "${names[@]}"
