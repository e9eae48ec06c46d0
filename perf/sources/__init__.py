# SPDX-License-Identifier: Apache-2.0
"""Traffic of others' generators, over memif: a file for each generator, and one for what stands between its two ports."""
