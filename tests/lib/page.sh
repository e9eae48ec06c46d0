#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: page.sh PAGE PROGRAM [ARGUMENT...]    The committed page is what the program of the build prints.
set -euo pipefail

page=$1 program=$2
shift 2
if ! diff -u "$AVS_SOURCE_DIR/$page" <("$AVS_BUILD_DIR/bin/$program" "$@"); then
    echo "$page is stale; write it anew: build/release/bin/$program $* >$page"
    exit 1
fi
