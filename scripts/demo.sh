#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the release and hands over to a demo, with its arguments: tests/demo/demo.sh, or the one named first (mtu, nat, noisy, vm).
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

name=demo
if [[ ${1:-} =~ ^[a-z]+$ ]]; then
    name=$1
    shift
fi
program=tests/demo/$name.sh
[[ $name != lib && -x $program ]] ||
    die 2 "demo: there is no '$name'; one of: $(find tests/demo -name '*.sh' -perm -u+x -printf '%f ' | sed 's/demo\.sh //; s/\.sh//g')"
is_root || die 3 "demo: network namespaces need root; as root: ./run demo"
ensure_deps build demo
scripts/build.sh release
export AVS_SOURCE_DIR=$AVS_ROOT AVS_BUILD_DIR=$AVS_ROOT/build/release
exec "$program" "$@"
