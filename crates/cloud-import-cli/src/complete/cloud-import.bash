# Completes the words of cloud-import. Written by `cloud-import completions bash`.
_cloud_import() {
    # bash parts words at = : and @ too: what stands together in the line is one word here.
    local rest=${COMP_LINE:0:COMP_POINT} words=() count=0 i word blanks
    for ((i = 0; i <= COMP_CWORD; i++)); do
        blanks=${rest%%[![:space:]]*}
        rest=${rest#"$blanks"}
        word=${COMP_WORDS[i]}
        [[ $i -lt $COMP_CWORD ]] || word=$rest
        rest=${rest#"$word"}
        if [[ $i -eq 0 || -n $blanks ]]; then
            words[count++]=$word
        else
            words[count - 1]+=$word
        fi
    done
    # A quote that is open is not part of the word.
    words[count - 1]=${words[count - 1]#[\'\"]}
    local IFS=$'\013'
    # shellcheck disable=SC2207 # Older versions have no mapfile that parts at other signs.
    COMPREPLY=($(_CLAP_IFS=$IFS _CLAP_COMPLETE_INDEX=$((count - 1)) _CLOUD_IMPORT_COMPLETE=bash \
        cloud-import -- "${words[@]}" 2>/dev/null))
    # Of the word, bash replaces only what stands behind the last of those signs.
    local kept=${words[count - 1]%"$2"}
    COMPREPLY=("${COMPREPLY[@]#"$kept"}")
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=/:] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -o bashdefault -o default -F _cloud_import cloud-import
