#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the release and runs the simulator (tests/sim) with its arguments.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

ensure_deps build
scripts/build.sh release >&2
exec build/release/bin/sim "$@"
