# shellcheck shell=bash
# shellcheck disable=SC2034 # variables used by the scripts that source this
# SPDX-License-Identifier: Apache-2.0
# Shared by the scripts beside it: source it first. Leaves the shell in the root of the repository.
set -euo pipefail

AVS_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export AVS_ROOT
cd "$AVS_ROOT"

# Debian's interpreter: the distribution's modules (Scapy) are installed for this one only.
PYTHON=/usr/bin/python3
[ -x "$PYTHON" ] || PYTHON=python3
JOBS=${AVS_JOBS:-$(nproc)}
PRESETS="release debug tsan clang coverage fuzz arm64"

warn() { printf '%s\n' "$*" >&2; }
die() {
    local code=$1
    shift
    warn "$*"
    exit "$code"
}
usage_error() { die 2 "$1; './run help' shows the usage"; }
is_root() { [ "$(id -u)" -eq 0 ]; }

# Prints the packages of the named groups (all without arguments), each once.
packages_of() {
    awk -v want=" $* " '/^[^#]/ && NF == 2 && (want == "  " || index(want, " " $1 " ")) && !seen[$2]++ { print $2 }' \
        scripts/packages.txt
}

# Prints the packages of the named groups that are not installed.
missing_packages() {
    local wanted
    mapfile -t wanted < <(packages_of "$@")
    # shellcheck disable=SC2016 # dpkg-query's own variables
    dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${wanted[@]}" 2>/dev/null |
        awk -v wanted="${wanted[*]}" '
            $2 == "installed" { installed[$1] = 1 }
            END {
                n = split(wanted, name, " ")
                for (i = 1; i <= n; i++) if (!(name[i] in installed)) print name[i]
            }' || true
}

# Installs what the groups lack, or stops with the command that does.
ensure_deps() {
    command -v dpkg-query >/dev/null || return 0
    [ -z "$(missing_packages "$@")" ] || scripts/deps.sh "$@"
}

# The repository's text files: tracked, and new ones that are not ignored.
git_here() { git -c safe.directory='*' "$@"; }
source_files() {
    local file
    git_here ls-files -co --exclude-standard --deduplicate -- "$@" | while read -r file; do
        if [ -f "$file" ]; then
            echo "$file"
        fi
    done
}
