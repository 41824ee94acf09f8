"""What the tests of the packages do with a machine."""

ALL = ("libpam-asp", "asp-admin", "asp-broker")
ONLY = "/usr/share/doc/pam_asp/pam.d/asp-only"

# Dovecot asks pam_asp, and alice has an app password, which is in /root/phone.
ENROLL = f"""
cp -p /etc/pam.d/dovecot /etc/pam.d/dovecot.before-asp
install -m 644 {ONLY} /etc/pam.d/dovecot
id alice >/dev/null 2>&1 || useradd alice
echo 'alice:her own password' | chpasswd
asp-admin create alice --label Phone --app mail --quiet >/root/phone
"""
# What Dovecot says to that password, and to a wrong one.
SIGN_IN = """
dovecot
said=0
doveadm auth test -x service=imap alice "$(cat /root/phone)" >/dev/null 2>&1 || said=$?
other=0
doveadm auth test -x service=imap alice wrong >/dev/null 2>&1 || other=$?
doveadm stop
echo "$said $other"
"""
LET_IN = "0 77\n"
STATE = "dpkg-query --show --showformat '${db:Status-Status}' libpam-asp"
# Everything that a PAM file says, and who is there.
PAM = "cd / && sha256sum etc/pam.d/* etc/passwd etc/shadow"


def said(run):
    """By apt, dpkg and the packages, each to where it will."""
    return run.out + run.err


def state(machine):
    return machine.shell(STATE).out


def enrolled(machine):
    machine.install(*ALL).done()
    machine.shell(ENROLL).done()
    return machine


def signs_in(machine):
    return machine.shell(SIGN_IN).done().out


def repack(machine, version, change=":", packages=ALL):
    """These packages once more, with another version and what else the command changes of libpam-asp, in /root/VERSION."""
    script = """
    mkdir -p "/root/$1"
    cd "/root/$1"
    for name in $3; do
        dpkg-deb -R /packages/"$name"_*.deb "$name"
        sed -i "s/^Version: .*/Version: $1/; /^Depends:/s/asp-broker (>= [^)]*)/asp-broker (>= $1)/" "$name/DEBIAN/control"
        [ "$name" != libpam-asp ] || eval "$2"
        dpkg-deb -b "$name" >/dev/null
        rm -r "$name"
    done
    """
    machine.shell(script, version, change, " ".join(packages)).done()


def install_version(machine, version, options=""):
    return machine.shell(f'{options} apt-get -q -y --allow-downgrades install "/root/$1"/*.deb', version)
