#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The completion loads in bash and in zsh and offers commands, options, keys, values and the daemon's names.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
start_server
source "$AVS_SOURCE_DIR/ops/ctl/avs-ctl.bash"
coproc ZSH { exec zsh -f "$AVS_SOURCE_DIR/ops/ctl/tests/completion.zsh" 9>&-; }

# offers LINE WANTED...: completing the end of LINE gives exactly the words wanted.
offers() {
    local line=$1 got words=() key
    shift
    COMP_LINE=$line COMP_POINT=${#line} COMPREPLY=()
    _avs_ctl 9>&-
    got=${COMPREPLY[*]}
    [ "$got" = "$*" ] || bad "bash: '$line' completes to '$got', not '$*'"
    # There a word is whole, with the key that stands before its '='.
    { echo "$line" >&"${ZSH[1]}" && read -ra words <&"${ZSH[0]}"; } || bad "zsh ended at '$line'"
    key=''
    [[ ${line##* } != *=* ]] || key=${line##* } key=${key%%=*}=
    got=${words[*]#"$key"}
    [ "$got" = "$*" ] || bad "zsh: '$line' completes to '$got', not '$*'"
}

complete -p avs-ctl | grep -q _avs_ctl || bad "nothing is registered for avs-ctl"
offers "avs-ctl ve" version
offers "avs-ctl sg " list show add del rule
offers "avs-ctl sg rule " add del
offers "avs-ctl get -o " yaml json
offers "avs-ctl apply --dr" --dry-run
offers "avs-ctl apply --co" --confirm
offers "avs-ctl conf" confirm
offers "avs-ctl confirm --re" --revert
offers "avs-ctl port add ro" role=
offers "avs-ctl port add role=" vnic uplink host
offers "avs-ctl -s $AVS_SOCKET port add name=x anti_spoof=f" false
offers "avs-ctl vpc show "
ctl 0 vpc add blue vni=100
ctl 0 vpc add brown vni=101
offers "avs-ctl vpc show " blue brown
offers "avs-ctl vpc del br" brown
offers "avs-ctl subnet add front vpc=" blue brown
offers "avs-ctl session list vpc=bl" blue
offers "avs-ctl session list proto=t" tcp
offers "avs-ctl log level " audit= control=
offers "avs-ctl log level control=d" debug
offers "avs-ctl help log" log
offers "avs-ctl latency o" on off
offers "avs-ctl flow " validate create query destroy list flush
ctl 0 port add idle role=uplink type=tap device=t0 address=192.0.2.1/24
ctl 0 flow create idle ingress pattern end actions count / end
ctl 0 flow create idle ingress pattern end actions count / end
offers "avs-ctl flow create i" idle
offers "avs-ctl flow create idle " ingress priority group pattern
offers "avs-ctl flow create idle ingress priority "
offers "avs-ctl flow create idle ingress pattern eth / ip" ipv4 ipv6
offers "avs-ctl flow validate idle ingress pattern eth / ipv4 s" src
offers "avs-ctl flow create idle ingress pattern udp dst " is spec last mask prefix
offers "avs-ctl flow create idle ingress pattern end actions m" mark meter mirror
offers "avs-ctl flow create idle ingress pattern end actions mirror port " idle
offers "avs-ctl flow create idle ingress pattern end actions drop / end "
offers "avs-ctl flow list " idle
offers "avs-ctl flow flush i" idle
offers "avs-ctl flow query idle " 0 1
offers "avs-ctl flow query idle 1 " count
offers "avs-ctl flow destroy idle " rule
offers "avs-ctl flow destroy idle rule " 0 1
offers "avs-ctl flow destroy idle rule 0 rule 1" 1
offers "avs-ctl meter create 1 " pps bps
offers "avs-ctl meter create 1 pps 5 " burst
offers "avs-ctl meter delete "
offers "avs-ctl nothing here "
offers "avs-ctl -s $work/none vpc show "
zsh_input=${ZSH[1]} zsh=$ZSH_PID
exec {zsh_input}>&-
wait "$zsh" || bad "zsh ended with $?"
finish
