# shellcheck shell=bash
# Completions of asp-admin for bash: commands, options, users, ids (with their labels when they are listed), labels, apps
# and services. What there is is asked of asp-admin itself; who is not root gets her own.

# __asp_admin_terms [COMMAND]: what its help explains at the beginning of a line: options with their VALUE, or commands.
__asp_admin_terms() {
    "$tool" help "$@" 2>/dev/null | sed -n 's/^  \(-*[a-z][a-z-]*\( [A-Z][A-Z]*\)\{0,1\}\)\(  .*\)\{0,1\}$/\1/p'
}

__asp_admin_list() {
    "$tool" "${config[@]}" list --quiet "$@" 2>/dev/null
}

# Those of the words, one a line, that begin with what was typed. Others chose them, and the shell reads the line: they are
# quoted for it, and what is not sure to stay as it is there (in quotes, in backquotes) is not offered.
__asp_admin_offer() {
    local word typed quote=''
    case $cur in
        [\'\"]*) quote=${cur:0:1} typed=${cur:1} ;;
        *) typed=${cur//\\/} ;;
    esac
    # Readline replaces no more than what stands behind a quote within the word.
    [[ -n $quote || ${cur//\\?/} != *[\'\"]* ]] || return
    while IFS= read -r word; do
        [[ $word == "$typed"* && $word != *[[:cntrl:]\`\\]* ]] || continue
        # Readline may take what is quoted in another way ($'\'') for the beginning of a quote.
        if [[ -z $quote ]]; then
            printf -v word %q "$word"
        elif [[ $word == *[\$!\;\&\|\<\>"$quote"]* ]]; then
            continue
        fi
        COMPREPLY+=("$word")
    done
}

# The ids of a user, or of who asks. They stand beside their labels where several are listed.
__asp_admin_ids() {
    local id label
    local -a ids=() shown=()
    while IFS=$'\t' read -r id label; do
        [[ -n $label && $id == "$cur"* ]] || continue
        ids+=("$id")
        shown+=("$id  $label")
    done < <(__asp_admin_list "$@")
    if [[ ${#ids[@]} -gt 1 && $COMP_TYPE -eq 63 ]]; then
        COMPREPLY=("${shown[@]}")
    else
        COMPREPLY=("${ids[@]}")
    fi
}

__asp_admin_value() {
    local name
    case $1 in
        --app) __asp_admin_offer < <("$tool" "${config[@]}" apps 2>/dev/null | sed '1d; s/ .*//' && printf '%s\n' any first-use) ;;
        --label)
            if [[ $command == revoke && ($EUID -ne 0 || ${#arguments[@]} -gt 0) ]]; then
                __asp_admin_offer < <(__asp_admin_list "${arguments[@]:0:1}" | cut -f2)
            fi
            ;;
        --service)
            __asp_admin_offer < <(for name in /etc/pam.d/* /usr/lib/pam.d/*; do [[ ! -f $name ]] || echo "${name##*/}"; done | sort -u)
            ;;
        --config | --file | --profile)
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            ;;
    esac
}

# A USER, and behind it ids where the command takes some. Who is not root leaves USER out.
__asp_admin_argument() {
    local usage place=${#arguments[@]}
    usage=$("$tool" help "$command" 2>/dev/null | head -n1)
    usage=${usage#"usage: asp-admin $command"}
    if [[ $command == help ]]; then
        [[ $place -gt 0 ]] || __asp_admin_offer < <(__asp_admin_terms | grep -v '^-')
    elif [[ $command == store ]]; then
        if [[ ${arguments[0]-} == copy ]]; then
            __asp_admin_offer < <(printf '%s\n' files database)
        elif [[ $place -eq 0 ]]; then
            __asp_admin_offer < <(printf '%s\n' init join copy check tidy)
        fi
    elif [[ $usage != *USER* ]]; then
        return
    elif [[ $EUID -eq 0 && ($place -eq 0 || $usage == *USER...*) ]]; then
        if [[ $command == create ]]; then
            __asp_admin_offer < <(compgen -u)
        else
            __asp_admin_offer < <(__asp_admin_list)
        fi
    elif [[ $usage == *\ ID* || $usage == *\(ID* ]]; then
        if [[ $EUID -eq 0 ]]; then
            [[ $place -gt 1 && $usage != *ID...* ]] || __asp_admin_ids "${arguments[0]}"
        else
            [[ $place -gt 0 && $usage != *ID...* ]] || __asp_admin_ids
        fi
    fi
}

# The program of the line, if it may be asked: the one of PATH by its name alone, or a file of root's or of who asks. A link
# is whose both are.
__asp_admin_trusted() {
    [[ $tool != asp-admin ]] || return 0
    [[ $tool == /* && $(stat -c %u -- "$tool" 2>/dev/null) == @(0|"$EUID") && $(stat -Lc %u -- "$tool" 2>/dev/null) == @(0|"$EUID") ]]
}

_asp_admin() {
    local tool=${COMP_WORDS[0]/#\~/$HOME} cur=${COMP_WORDS[COMP_CWORD]} command='' option='' word options ended='' i
    local -a config=() arguments=()
    COMPREPLY=()
    __asp_admin_trusted || return 0
    options=$'--config FILE\n--json\n--help\n--version'
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ -n $option ]]; then
            [[ $word != = ]] || continue
            [[ $option != --config ]] || config=(--config "${word/#\~/$HOME}")
            option=
        elif [[ -z $ended && $word == -- ]]; then
            ended=1
        elif [[ -z $ended && $word == -* ]]; then
            [[ $'\n'$options != *$'\n'"$word "[A-Z]* ]] || option=$word
        elif [[ -z $command ]]; then
            command=$word
            options+=$'\n'$(__asp_admin_terms "$command")
        else
            arguments+=("$word")
        fi
    done
    [[ $cur != = ]] || cur=
    if [[ -n $option ]]; then
        __asp_admin_value "$option"
    elif [[ -z $ended && $cur == -* ]]; then
        __asp_admin_offer < <(sed -n 's/^\(--[^ ]*\).*/\1/p' <<<"$options" | sort -u)
    elif [[ -z $command ]]; then
        __asp_admin_offer < <(__asp_admin_terms | grep -v '^-')
    else
        __asp_admin_argument
    fi
}

complete -F _asp_admin asp-admin
