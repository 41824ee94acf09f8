# shellcheck shell=bash
# Roots of Debian for tests: made in a folder, kept for the next run, and entered in namespaces. Sourced.
#
# What debootstrap made is kept where nobody else can write: /var/cache/pam_asp/NAME.tar. The machine gets nothing else:
# mounts and processes are in namespaces of their own, and end with them. Needs root and debootstrap.

readonly tree=/home/pam_asp # where the tree is in a root: a sandbox of the tests sees it there too

root_fail() {
    echo "${0##*/}: $1" >&2
    exit "${2:-1}"
}

# other_debian: prints the code name of the one that this machine is not, 12 on 13 and 13 on 12; ends with 77 elsewhere.
other_debian() {
    case $(this_debian) in
    bookworm) echo trixie ;;
    trixie) echo bookworm ;;
    *) root_fail "this is neither Debian 12 nor 13, so there is no other one" 77 ;;
    esac
}

this_debian() {
    # shellcheck source=/dev/null
    (. /etc/os-release && echo "${VERSION_CODENAME:-}")
}

# From where this machine has its own packages.
root_mirror() {
    # shellcheck disable=SC2016 # apt's variables
    apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
        sed -En "/ ($(this_debian)|stable|oldstable)\$/{s/ .*//p;q}"
}

# into_namespaces SCRIPT [ARGUMENT...]: once more from the beginning, as the first process of namespaces of its own for mounts
# and processes, with --inside before its arguments. What it leaves running ends with it.
into_namespaces() {
    exec unshare --mount --pid --fork --kill-child --mount-proc --propagation private -- \
        "$BASH" "$1" --inside "${@:2}"
}

# make_root FOLDER NAME [ARCHITECTURE]: a minimal root of Debian NAME (bookworm, trixie), of this machine's architecture or
# another one whose programs it runs, as FOLDER/root. FOLDER is made here: nobody but root comes in, for there are setuid
# programs, which grow old in the archive, and folders that all can write to.
make_root() {
    local root=$1/root kept=/var/cache/pam_asp/$2${3:+-$3}.tar from new
    mkdir -m 700 "$1"
    mkdir "$root"
    install -d -m 700 "${kept%/*}"
    if [[ -f $kept ]]; then
        tar -C "$root" -xf "$kept"
    else
        from=$(root_mirror)
        [[ -n $from ]] || root_fail "apt does not say from where this machine has its packages"
        debootstrap --variant=minbase ${3:+"--arch=$3"} "$2" "$root" "$from" >"$1/debootstrap.log" 2>&1 ||
            root_fail "debootstrap: $(tail -n 1 "$1/debootstrap.log")"
        # Others may make the same one at the same time.
        new=$(mktemp "$kept.XXXXXX")
        tar -C "$root" -cf "$new" .
        mv -T -- "$new" "$kept"
    fi
    write_hosts "$root"
}

# As the installer of Debian writes it. debootstrap writes none and netbase one without the machine's own name, and there are
# servers that do not start where that has no address.
write_hosts() {
    cat >"$1/etc/hosts" <<END
127.0.0.1	localhost
127.0.1.1	$(uname -n)
::1		localhost ip6-localhost ip6-loopback
END
}

# enter_root ROOT SOURCE: this process and its children see ROOT as / from now on, with SOURCE, which they cannot write to, at
# $tree. Only behind into_namespaces.
enter_root() {
    mount --bind "$1" "$1"
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    mount --rbind /sys "$1/sys"
    mount -t tmpfs -o mode=755 tmpfs "$1/run"
    mkdir -p "$1$tree"
    mount --bind -o ro "$2" "$1$tree"
    cd "$1" || return
    pivot_root . mnt
    umount --lazy /mnt
}

# afresh COMMAND [ARGUMENT...]: with the environment of a login in a root that knows nothing of where we came from. Not in place
# of this process: it is the first one in there, and what a command leaves behind is its to take.
afresh() {
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 TERM=dumb "$@"
}

# get_in_root WORD...: apt-get install of these, packages and options, in the root that was entered.
get_in_root() {
    # shellcheck disable=SC2016 # that shell's
    afresh DEBIAN_FRONTEND=noninteractive sh -c '
        apt-get -qq update && apt-get -qq install "$@" >/var/log/get_in_root 2>&1 ||
            { tail -n 5 /var/log/get_in_root >&2; exit 1; }' sh "$@"
}
