# SPDX-License-Identifier: Apache-2.0
"""What the paper's baselines would do at the paper's scale, computed: deterministic, without a clock, nothing measured here."""
