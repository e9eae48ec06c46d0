#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# docs/reference/cli.md is what avs-ctl prints.
set -eu
page=$AVS_SOURCE_DIR/docs/reference/cli.md
"$AVS_BUILD_DIR/bin/avs-ctl" help --markdown | diff -u "$page" - || {
    echo "write it anew: avs-ctl help --markdown > docs/reference/cli.md"
    exit 1
}
