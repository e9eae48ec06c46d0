# SPDX-License-Identifier: Apache-2.0
"""The method of the benchmarks: each module one part of it. What is measured stands in perf/benchmarks."""
