# Completions of asp-admin for fish: commands, options, users, ids and labels, apps and services, with what each is. What
# there is is asked of asp-admin itself; who is not root gets her own.

# What its help explains at the beginning of a line, options with their VALUE, and behind a tab what it is.
function __asp_admin_terms
    $argv[1] help $argv[2..-1] 2>/dev/null | string replace -rf '^  (-*[a-z][a-z-]*(?: [A-Z]+)?)(?:  +(.*))?$' '$1\t$2'
end

function __asp_admin_commands
    __asp_admin_terms $argv[1] | string match -v -- '-*'
end

# The value of an option. $argv: the option, the command, its first argument.
function __asp_admin_value -S
    switch $argv[1]
        case --app
            $tool $config apps 2>/dev/null | string replace -rf '^(\S+) .*' '$1' | tail -n +2
            printf '%s\n' any first-use
        case --label
            if test "$command" = revoke; and begin; test (id -u) -ne 0; or set -q arguments[1]; end
                $tool $config list --quiet $arguments[1] 2>/dev/null | string replace -rf '^.*\t' ''
            end
        case --service
            path basename -- /etc/pam.d/* /usr/lib/pam.d/* 2>/dev/null
        case --config --file --profile
            __fish_complete_path (commandline -ct | string replace -r '^--[a-z]+=' '')
    end
end

# A USER, and behind it ids where the command takes some. Who is not root leaves USER out.
function __asp_admin_argument -S
    set -l usage ($tool help $command 2>/dev/null)[1]
    set -l place (count $arguments)
    set -l is_root (test (id -u) -eq 0; and echo 1)
    if test "$command" = help
        test $place -gt 0; or __asp_admin_commands $tool
    else if test "$command" = store
        if test "$arguments[1]" = copy
            printf '%s\n' files database
        else if test $place -eq 0
            printf '%s\n' init join copy check tidy
        end
    else if not string match -q '*USER*' -- $usage
        return
    else if test -n "$is_root"; and begin; test $place -eq 0; or string match -q '*USER...*' -- $usage; end
        if test "$command" = create
            __fish_complete_users
        else
            $tool $config list --quiet 2>/dev/null
        end
    else if string match -qr '[ (]ID' -- $usage
        set -l most (test -n "$is_root"; and echo 1; or echo 0)
        if test $place -le $most; or string match -q '*ID...*' -- $usage
            if test -n "$is_root"
                $tool $config list --quiet $arguments[1] 2>/dev/null
            else
                $tool $config list --quiet 2>/dev/null | string match '*'\t'*'
            end
        end
    end
end

# The program of the line, if it may be asked: the one of PATH by its name alone, or a file of root's or of who asks. A link
# is whose both are.
function __asp_admin_trusted
    test "$argv[1]" = asp-admin; and return
    string match -q '/*' -- $argv[1]; or return
    set -l owners (stat -c %u -- $argv[1] 2>/dev/null; stat -Lc %u -- $argv[1] 2>/dev/null)
    test (count $owners) -eq 2; and contains -- $owners[1] 0 (id -u); and contains -- $owners[2] 0 (id -u)
end

function __asp_admin_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l tool $words[1]
    __asp_admin_trusted $tool; or return
    set -l command
    set -l option
    set -l ended
    set -l config
    set -l arguments
    set -l options '--config FILE'\t'another configuration' --json\t'print one JSON document' --help\thelp --version\tversion
    for word in $words[2..-1]
        if test -n "$option"
            test $option = --config; and set config --config $word
            set option
        else if test -z "$ended" -a "$word" = --
            set ended 1
        else if test -z "$ended"; and string match -q -- '-*' $word
            string match -qr -- "^$word [A-Z]" $options; and set option $word
        else if test -z "$command"
            set command $word
            set -a options (__asp_admin_terms $tool $command | string match -- '--*')
        else
            set -a arguments $word
        end
    end
    if test -n "$option"
        __asp_admin_value $option
    else if test -z "$ended"; and string match -qr -- '^--[a-z-]+=' $current
        set option (string replace -r '=.*' '' -- $current)
        __asp_admin_value $option | string replace -r -- '^' $option=
    else if test -z "$ended"; and string match -q -- '-*' $current
        string replace -r '^(--[a-z-]+)(?: [A-Z]+)?' '$1' -- $options
    else if test -z "$command"
        __asp_admin_commands $tool
    else
        __asp_admin_argument
    end
end

complete -c asp-admin -f -a '(__asp_admin_complete)'
