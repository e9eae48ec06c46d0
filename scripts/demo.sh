#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the release and hands over to tests/demo/demo.sh, with its arguments.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

program=tests/demo/demo.sh
[ -x "$program" ] || die 1 "demo: not there yet ($program is missing)"
is_root || die 3 "demo: network namespaces need root; type: sudo ./run demo"
ensure_deps build demo
scripts/build.sh release
export AVS_SOURCE_DIR=$AVS_ROOT AVS_BUILD_DIR=$AVS_ROOT/build/release
exec "$program" "$@"
