# SPDX-License-Identifier: Apache-2.0
# bash completion of avs-ctl; the program knows its own words and, from the daemon, the names of objects.
# Source it, or install it as /usr/share/bash-completion/completions/avs-ctl.

_avs_ctl() {
    local line=${COMP_LINE:0:COMP_POINT} current
    local -a words
    read -ra words <<<"$line"
    if [[ $line == *[[:space:]] ]]; then
        words+=("")
    fi
    current=${words[-1]}
    mapfile -t COMPREPLY < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
    # readline takes '=' for the end of a word and replaces only what follows it.
    if [[ $current == *=* && $COMP_WORDBREAKS == *=* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"${current%"${current##*=}"}"}")
    fi
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then
        compopt -o nospace 2>/dev/null
    fi
}

# File names where the program has nothing to say: -f FILE, -s SOCKET.
complete -o default -F _avs_ctl avs-ctl
