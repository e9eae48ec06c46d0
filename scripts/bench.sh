#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the release and hands over to perf/bench.py, with its arguments; what only asks or is wrong builds nothing.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

export AVS_SOURCE_DIR=$AVS_ROOT AVS_BUILD_DIR=$AVS_ROOT/build/release
case " $* " in
*" --help "* | *" -h "* | *" --list "*) exec "$PYTHON" perf/bench.py "$@" ;;
esac
read -ra groups <<<"$("$PYTHON" perf/bench.py --needs "$@" || echo wrong)"
[ "${groups[*]}" != wrong ] || exit 2
ensure_deps "${groups[@]}"
scripts/build.sh release
exec "$PYTHON" perf/bench.py "$@"
