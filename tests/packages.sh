# shellcheck shell=bash
# Debian and Ubuntu packages by name, and how quickstart and tests/run get them without changing more than that.
# Sourced.
#
# Nothing here starts or enables a service, removes a package, or leaves package lists and archives behind: they go to
# a folder of the caller's. What was installed is told by its name.

# shellcheck disable=SC2034 # used by those who source this
build_packages=(gcc libc6-dev pkg-config meson ninja-build libpam0g-dev libsodium-dev libconfig-dev libjansson-dev libqrencode-dev)
sandbox_packages=(iproute2 util-linux passwd)
show_packages=(curl python3)
dovecot_packages=(dovecot-imapd)
# What tests/bench measures beside pam_asp; and what draws the plots.
peer_packages=(
    libpam-google-authenticator libpam-pwdfile db-util nginx libnginx-mod-http-auth-pam apache2-utils
    postgresql
)
plot_packages=(gnuplot-nox)
test_packages=(
    clang clang-format clang-tidy cppcheck check valgrind strace python3-pytest python3-pytest-timeout
    python3-pytest-xdist libpam-wrapper mandoc groff-base shellcheck procps openssh-client sshpass
    zbar-tools openssl git libmicrohttpd-dev libpq-dev coccinelle
)
# What makes packages of other systems, in so far as Debian has it.
package_packages=(rpm rpmlint makepkg libarchive-tools fakeroot musl-tools)
# For the roots of tests/roots.sh.
root_packages=(debootstrap systemd-container)
# In the machines of tests/booted.
booted_packages=(
    systemd systemd-sysv dbus apparmor dovecot-imapd nginx libnginx-mod-http-auth-pam postgresql
    libpam-google-authenticator libpam-oath oathtool python3-pytest python3-pytest-timeout
)
# Never installed for the tests: where they are missing they are unpacked for the sandboxes, and for what is started from
# there as it lies, one set after the other, for packages of one set may conflict with those of another.
server_packages=(
    "${dovecot_packages[*]} dovecot-submissiond"
    "openssh-server slapd ldap-utils"
    "nginx libnginx-mod-http-auth-pam apache2 caddy haproxy libapache2-mod-authnz-pam radicale python3-pampy vdirsyncer openssl"
    "postfix swaks libnet-ssleay-perl msmtp fetchmail isync sasl2-bin libsasl2-modules cyrus-imapd adduser"
    "exim4-daemon-heavy"
    "vsftpd ejabberd erlang-p1-pam openssl"
    "proftpd-core proftpd-mod-crypto openssl"
    "pure-ftpd"
    "freeradius freeradius-utils eapoltest"
    "openvpn"
    "squid openssl"
    "cups-daemon cups-client cups-ipp-utils"
    "libpam-google-authenticator libpam-oath oathtool nslcd libnss-ldapd libpam-ldapd sudo fail2ban rsyslog python3-systemd"
    "sssd-ldap libnss-sss libpam-sss"
    "cockpit-ws cockpit-bridge cockpit-system chromium chromium-driver"
    "systemd"
    "apparmor checkpolicy semodule-utils selinux-policy-default"
    "zsh fish"
    "postgresql"
)

new_packages=()
upgraded_packages=()
holding=

readonly policy=/usr/sbin/policy-rc.d
readonly policy_saved=$policy.before-pam_asp
readonly policy_mark='# pam_asp: no service starts while packages are installed; this file is gone when they are.'

# become_root SCRIPT [ARGUMENT...]: returns when we are root; else runs the script as root through sudo, or ends.
become_root() {
    [[ $EUID -ne 0 ]] || return 0
    if command -v sudo >/dev/null; then
        exec sudo -- "$@"
    fi
    echo "${1##*/}: must be root, and there is no sudo: run it as root" >&2
    exit 1
}

# missing_packages NAME...: prints those that are not installed.
missing_packages() {
    local name
    for name in "$@"; do
        dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed || echo "$name"
    done
}

# apt FOLDER COMMAND [ARGUMENT...]: apt-get with its lists and archives in FOLDER; its words go to FOLDER/log. A file
# tells it of FOLDER, for the helpers that it calls have to know too.
apt() {
    local folder=$1
    shift
    printf 'Dir::State::lists "%s/lists";\nDir::Cache "%s/cache";\n' "$folder" "$folder" >"$folder/apt.conf"
    APT_CONFIG=$folder/apt.conf DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
        apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" </dev/null >>"$folder/log" 2>&1
}

apt_error() {
    grep -m1 '^E: ' "$1/log" || tail -n1 "$1/log"
}

# apt_update FOLDER: once for each folder. A source that does not answer is no matter if the packages come from
# another.
apt_update() {
    [[ ! -e $1/lists ]] || return 0
    mkdir -p "$1/lists/partial" "$1/cache/archives/partial"
    apt "$1" update || true
}

# download_packages FOLDER NAME...: what the packages and all they need but this machine lacks come as, into
# FOLDER/cache/archives. Nothing is installed or removed, so it does not matter what they conflict with.
download_packages() {
    local folder=$1
    shift
    apt_update "$folder"
    if ! apt "$folder" install --download-only "$@"; then
        echo "could not get $*: $(apt_error "$folder")" >&2
        return 1
    fi
}

# download_if_known FOLDER NAME...: the same, but where the distribution is not Debian it may lack one by that name, and
# then none of them is got: what asks for them is skipped, and says what is missing.
download_if_known() {
    download_packages "$@" || ! grep -qx 'ID=debian' /etc/os-release
}

# unpack_packages FOLDER LAYER: what download_packages got, unpacked below LAYER for a sandbox. /bin, /lib and /sbin
# are in /usr, as they are on the machine.
unpack_packages() {
    local archive sub
    mkdir -p "$2/usr"
    for archive in "$1"/cache/archives/*.deb; do
        dpkg-deb --extract "$archive" "$2"
    done
    for sub in bin lib lib64 sbin; do
        if [[ -d $2/$sub ]]; then
            cp -a "$2/$sub" "$2/usr/"
            rm -r "${2:?}/$sub"
        fi
    done
}

package_versions() {
    dpkg-query -W -f '${db:Status-Status} ${binary:Package} ${Version}\n' |
        sed -n "s/:$(dpkg --print-architecture) / /; s/^installed //p" | LC_ALL=C sort
}

# The links by which services come up at boot.
boot_links() {
    find /etc/systemd/system /etc/systemd/user /etc/rc?.d /etc/runlevels -type l 2>/dev/null | LC_ALL=C sort || true
}

# hold_services FOLDER: from now on nothing that a package does starts a service; what is there now is noted in
# FOLDER. What is on disk at any moment tells a later run how to put things right, should this one be killed. The lock
# is on a file that dpkg has, and nobody but root can open: it leaves none, and nobody else can hold it.
hold_services() {
    package_versions >"$1/packages.before"
    boot_links >"$1/links.before"
    (umask 027 && : >>/var/lib/dpkg/lock)
    exec {policy_lock}</var/lib/dpkg/lock
    flock "$policy_lock"
    restore_policy
    holding=$1
    if [[ -e $policy || -L $policy ]]; then
        mv "$policy" "$policy_saved"
    fi
    printf '#!/bin/sh\n%s\nexit 101\n' "$policy_mark" >"$policy"
    chmod 755 "$policy"
}

restore_policy() {
    if [[ -f $policy ]] && grep -qxF "$policy_mark" "$policy"; then
        rm "$policy"
    fi
    if [[ -e $policy_saved || -L $policy_saved ]]; then
        mv "$policy_saved" "$policy"
    fi
}

# remove_boot_links FOLDER NAME...: those that have come since FOLDER was written, of units and scripts of these packages:
# others may be somebody else's.
remove_boot_links() {
    local folder=$1 link
    shift
    [[ $# -gt 0 ]] || return 0
    dpkg-query -L "$@" | sed 's|.*/||' >"$folder/names"
    while IFS= read -r link; do
        if grep -qxF -- "$(basename -- "$(readlink -- "$link")")" "$folder/names"; then
            rm -- "$link"
        fi
    done < <(boot_links | LC_ALL=C comm -13 "$folder/links.before" -)
}

# Puts back what hold_services took and takes away what would start at the next boot: installing enables what it
# brings, held or not. Tells new packages from upgraded ones. Does nothing when services are not held.
release_services() {
    local name
    [[ -n $holding ]] || return 0
    restore_policy
    exec {policy_lock}<&-
    while read -r name _; do
        if grep -q "^$name " "$holding/packages.before"; then
            upgraded_packages+=("$name")
        else
            new_packages+=("$name")
        fi
    done < <(package_versions | LC_ALL=C comm -13 "$holding/packages.before" -)
    remove_boot_links "$holding" "${new_packages[@]}" "${upgraded_packages[@]}"
    holding=
}

# tell_upgrades FOLDER NAME...: says which packages that are there will be upgraded with these, before any is.
tell_upgrades() {
    local upgrades
    upgrades=$(
        APT_CONFIG=$1/apt.conf apt-get -q -y --no-install-recommends --simulate --no-remove install "${@:2}" 2>/dev/null |
            sed -n 's/^Inst \([^ ]*\) \[\([^]]*\)\] (\([^ ]*\) .*/\1 (\2 to \3)/p'
    ) || true
    [[ -z $upgrades ]] || echo "Packages that are there will be upgraded with them: ${upgrades//$'\n'/, }"
}

# install_packages FOLDER NAME...: installs those that are missing, and adds to new_packages what was not there
# before, and to upgraded_packages what had to change. The caller's exit trap must call release_services.
install_packages() {
    local folder=$1 status=0
    local -a missing
    shift
    mapfile -t missing < <(missing_packages "$@")
    [[ ${#missing[@]} -gt 0 ]] || return 0
    download_packages "$folder" "${missing[@]}"
    tell_upgrades "$folder" "${missing[@]}"
    hold_services "$folder"
    # In a session of its own, so that an interrupt from the keyboard does not leave packages half installed.
    export -f apt
    setsid --wait "$BASH" -c 'apt "$@"' apt "$folder" install --no-remove "${missing[@]}" || status=$?
    release_services
    apt "$folder" clean
    if [[ $status -ne 0 ]]; then
        echo "could not install ${missing[*]}: $(apt_error "$folder")" >&2
    fi
    return "$status"
}

# Prints what install_packages did, and how to undo it.
name_packages() {
    if [[ ${#upgraded_packages[@]} -gt 0 ]]; then
        echo "Packages were upgraded: ${upgraded_packages[*]}"
    fi
    if [[ ${#new_packages[@]} -gt 0 ]]; then
        echo "Packages were installed, and no service started or enabled. This removes them:"
        echo "  apt-get purge ${new_packages[*]}"
    fi
}
