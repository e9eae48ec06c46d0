#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the release, optimised as a whole, and the Debian package of it.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ $# -eq 0 ] || usage_error "package: unknown option '$1'"
ensure_deps build package
scripts/build.sh release
cpack --config build/release/CPackConfig.cmake -B build/package >build/package.log 2>&1 || {
    tail -n 20 build/package.log >&2
    die 1 "package: cpack failed; whole log: build/package.log"
}
rm -rf build/package/_CPack_Packages
ls -1 build/package/*.deb
