#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the release and hands over to perf/bench.py, with its arguments.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

program=perf/bench.py
ensure_deps build bench
scripts/build.sh release
export AVS_SOURCE_DIR=$AVS_ROOT AVS_BUILD_DIR=$AVS_ROOT/build/release
exec "$PYTHON" "$program" "$@"
