# SPDX-License-Identifier: Apache-2.0
# usage: zsh -f completion.zsh    What zsh's completion offers at the end of each line of stdin, as one line each. By a shell at a
# terminal, as people have it: it finds _avs-ctl in its path of functions by itself.

if [[ -n $inside ]]; then
    PROMPT='' RPROMPT=''
    fpath=($AVS_SOURCE_DIR/ops/ctl $fpath)
    autoload -Uz compinit && compinit -u -D
    _files() { }
    # Keeps what fits, in the order in which it came.
    compadd() {
        local -a fits
        builtin compadd -O fits "$@"
        offered+=($fits)
        builtin compadd "$@"
    }
    offer() {
        local -a offered
        _main_complete
        print -r -- $offered >$answers
    }
    zle -C offer complete-word offer
    bindkey -e
    bindkey '^T' offer
    zle-line-init() { print ready >$answers }
    zle -N zle-line-init
    return
fi

zmodload zsh/zpty
folder=$(mktemp -d)
answers=$folder/answers
mkfifo $answers
exec {heard}<>$answers # for good: who opens it for each line may meet the end of the line before
zpty shell zsh -f -i
zpty -w shell " inside=1 answers=$answers; source ${0:A}"
read -r words <&$heard
while IFS= read -r line; do
    zpty -w -n shell $'\C-u'$line$'\C-t'
    IFS= read -r words <&$heard
    while zpty -r -t shell screen; do :; done
    print -r -- $words
done
zpty -d shell
rm -r $folder
