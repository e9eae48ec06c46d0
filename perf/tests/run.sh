#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tests of the harness itself, with simulated devices.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec /usr/bin/env PYTHONDONTWRITEBYTECODE=1 python3 -m unittest discover -s tests -t .
