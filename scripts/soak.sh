#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One simulated card after the other, each for 24 hours of its own time, as many as there is time for: ./run soak [SECONDS], 600 by default.
exec "$(dirname "${BASH_SOURCE[0]}")/sim.sh" --soak 24 --seconds "${1:-600}"
