#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The committed reference page is what the schema says.
set -euo pipefail

page=docs/reference/configuration.md
if ! diff -u "$AVS_SOURCE_DIR/$page" <("$AVS_BUILD_DIR/bin/cfg-doc"); then
    echo "$page is stale; write it anew: build/release/bin/cfg-doc >$page"
    exit 1
fi
