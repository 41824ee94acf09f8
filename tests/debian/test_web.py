"""asp-web: nobody is listened to before somebody says so, and the page is there when somebody has."""

import pytest
from support.debian import ALL, PAM, install_version, repack, said

pytestmark = pytest.mark.timeout(300, func_only=True)

WEB = (*ALL, "asp-web")
STACK = "/etc/pam.d/asp-web"
SOCKETS = ("asp-web.socket", "asp-self-web.socket")
CONFIGURE = """
echo 'web: { origin = "https://passwords.example.org"; };' >>/etc/asp/asp.conf
echo 'self_service: { web_user = "asp-web"; };' >>/etc/asp/asp.conf
"""
# Which units of the page come up with the machine.
ENABLED = "find /etc/systemd/system -name '*web*' -printf '%f\\n' | sort"
# No systemd runs here: its links are made, and the socket is handed over by what it has for trying that.
ENABLE = f"systemctl --quiet enable {' '.join(SOCKETS)}; "
SERVE = """
mkdir -p /run/asp
unit() { cat /usr/lib/systemd/system/$1 /lib/systemd/system/$1 2>/dev/null | sed -n "s/^$2=//p" | head -n 1; }
systemd-socket-activate --listen="$(unit asp-web.socket ListenStream)" "$(unit asp-web.service ExecStart)" &
until [ -S /run/asp/web.sock ]; do sleep 0.1; done
say() { curl --silent --max-time 30 --unix-socket /run/asp/web.sock --header "Host: $1" "http://localhost$2" "${@:3}"; }
say passwords.example.org / | head -n 1
say passwords.example.org /api/session
say evil.example / --output /dev/null --write-out '%{http_code}\n'
ps -C asp-web -o user=
"""


def test_installing_it_makes_a_user_and_a_pam_file_and_nobody_listens(machine):
    machine.install(*ALL).done()
    before = machine.shell(PAM).done().out.splitlines()
    run = machine.install("asp-web").done()
    after = machine.shell(PAM).done().out.splitlines()
    changed = {line.split()[1] for line in set(before) ^ set(after)}
    assert changed == {"etc/passwd", "etc/shadow", STACK[1:]}, run
    assert machine.shell(ENABLED).done().out == ""
    assert machine.shell("ls /run/asp 2>/dev/null || true").done().out == ""
    assert machine.shell("id --name --groups asp-web; getent passwd asp-web | cut -d: -f6,7").done().out == (
        "asp-web\n/:/usr/sbin/nologin\n"
    )
    assert int(machine.shell("id --user asp-web").done().out) < 1000
    assert machine.shell("getent group asp").done().out.endswith(":asp-authorize\n")
    run = machine.shell("/usr/libexec/asp-web")
    assert (run.code, said(run).count("web.origin is not set")) == (6, 1), run


def test_enabled_by_the_commands_of_the_manual_it_serves_the_page(machine):
    machine.install(*WEB).done()
    machine.shell(CONFIGURE + ENABLE).done()
    assert machine.shell(ENABLED).done().out.split() == sorted(SOCKETS)
    run = machine.shell(SERVE).done()
    head, session, refused, user = run.out.splitlines()
    assert head.lower() == "<!doctype html>", run
    assert session.startswith('{"user":null'), run
    assert (refused, user.strip()) == ("421", "asp-web")


def test_removed_it_names_what_stays_open_and_its_pam_file_stays_until_it_is_purged(machine):
    machine.install(*WEB).done()
    machine.shell(CONFIGURE + ENABLE).done()
    machine.shell(f"echo '# ours' >>{STACK}").done()
    run = machine.shell("apt-get -q -y remove asp-web").done()
    assert "asp-broker goes on listening for it; to end that: systemctl disable --now asp-self-web.socket," in said(run)
    assert machine.shell(f"tail -n 1 {STACK}; test ! -e /usr/libexec/asp-web; test ! -e /usr/share/asp").done().out == "# ours\n"
    machine.install("asp-web").done()
    assert machine.shell(f"tail -n 1 {STACK}; {ENABLED}").done().out.split() == ["#", "ours", *sorted(SOCKETS)]
    machine.shell("systemctl --quiet disable asp-self-web.socket").done()
    run = machine.shell("apt-get -q -y purge asp-web").done()
    assert "goes on listening" not in said(run)
    assert machine.shell(ENABLED).done().out == ""
    assert machine.shell(f"test -e {STACK}").code == 1
    # A user whose number somebody else could get is not taken away.
    machine.shell("id asp-web").done()


def test_the_broker_does_not_go_without_it(machine):
    machine.install(*WEB).done()
    run = machine.shell("dpkg -r asp-broker")
    assert run.code != 0 and "asp-web depends on asp-broker" in said(run)
    machine.shell("apt-get -q -y remove asp-broker").done()
    assert machine.shell("test -e /usr/libexec/asp-web").code == 1


def test_an_upgrade_keeps_the_pam_file_the_configuration_and_what_is_enabled(machine):
    repack(machine, "0.1.0+a", packages=WEB)
    install_version(machine, "0.1.0+a").done()
    machine.shell(CONFIGURE + ENABLE + f"echo '# ours' >>{STACK}").done()
    kept = f"sha256sum /etc/asp/asp.conf {STACK}; {ENABLED}"
    before = machine.shell(kept).done().out
    machine.install(*WEB).done()
    assert machine.shell(kept).done().out == before
    assert machine.shell("dpkg-query --show --showformat '${db:Status-Status}' asp-web").out == "installed"


def test_a_machine_without_it_gets_it_with_a_broker_that_knows_of_it(machine):
    """One that is older would ask nobody for a browser."""
    repack(machine, "0.1.0+a")
    install_version(machine, "0.1.0+a").done()
    assert machine.shell("apt-get -q -y --simulate install /packages/asp-web_*.deb").code != 0
    machine.install("asp-web", "asp-broker").done()
    versions = machine.shell("dpkg-query --show --showformat '${Version}\\n' asp-web asp-broker").done().out.split()
    assert versions[0] == versions[1]
