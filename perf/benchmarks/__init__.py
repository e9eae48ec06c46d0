# SPDX-License-Identifier: Apache-2.0
"""One small file a benchmark, or a family of them: traffic, devices under test, figures, aims."""
