# SPDX-License-Identifier: Apache-2.0
"""One small file a peer: what it is, what work it can do, how it is measured once."""
