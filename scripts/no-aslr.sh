#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a command without address space randomisation. The sanitizers of gcc 12 abort at start on kernels that
# randomise 32 bits of a mapping's address; where the personality may not be changed, run it as it is.
if setarch -R true 2>/dev/null; then
    exec setarch -R "$@"
fi
exec "$@"
