#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`./run bench`: measures what perf/benchmarks describes, beside the peers of perf/peers. See perf/README.md."""
import sys

from harness.cli import main

if __name__ == "__main__":
    sys.exit(main())
