"""A real nginx asks pam_asp as www-data, with Radicale behind it: the shipped recipes, curl and vdirsyncer."""

import base64
import re
import statistics
import subprocess
import time

import pytest
from support.caldav import HOST, RADICALE_SOCKET, SHOW, Caldav, event, open_door, start_radicale
from support.passwords import PRIMARY, wrong
from support.recipes import recipe
from support.run import MORTAL
from support.web import CLIENT, open_web

PLAIN_PORT, PROXIED_PORT, SHOWN_PORT = 8080, 8443, 9443
SHOWN = "/run/show.sock"

# What Debian's packages do when they are installed, where they were only unpacked. One worker, so that one that is held
# holds everybody.
USERS = """
mkdir -p /var/log/nginx /var/lib/nginx
rm -f /etc/nginx/modules-enabled/*mod-http-auth-pam.conf
ln -s /usr/share/nginx/modules-available/mod-http-auth-pam.conf /etc/nginx/modules-enabled/
rm -f /etc/nginx/sites-enabled/default
sed -i 's/^worker_processes .*/worker_processes 1;/' /etc/nginx/nginx.conf
"""

# For the measurement alone: the same file with and without a login.
MORE_SITES = f"""
server {{
    listen 127.0.0.1:{PLAIN_PORT};
    root /srv/plain;
    location /open {{ }}
    location /shut {{ auth_pam "Shut"; auth_pam_service_name "nginx"; }}
}}
"""


class Nginx(Caldav):
    service = "nginx"

    def site(self, name, *changes):
        self.recipe("nginx/caldav.conf", f"/etc/nginx/sites-enabled/{name}", *changes)

    def restart(self):
        """nginx anew, as `service nginx restart` does it."""
        self.sandbox.shell(
            "[[ ! -s /run/nginx.pid ]] || { kill -QUIT $(cat /run/nginx.pid);"
            "while [[ -e /run/nginx.pid ]]; do sleep 0.02; done; }; nginx"
        ).done()

    def requests(self):
        """How many nginx has served."""
        return int(self.sandbox.shell("wc -l </var/log/nginx/access.log").done().out)


@pytest.fixture(scope="module")
def caldav_box(sandboxes, layer, build):
    programs = ("nginx", "/usr/lib/nginx/modules/ngx_http_auth_pam_module.so", "radicale", "vdirsyncer")
    box = open_web(layer, build, HOST, *programs, "systemd-socket-activate")
    box.shell(USERS).done()
    start_radicale(box)
    open_door(box)
    service = Nginx(box, build)
    service.stack()
    service.site("caldav")
    service.site(
        "proxied",
        ("listen (.*)443 ssl;", rf"listen \g<1>{PROXIED_PORT} ssl;"),
        ("#set_real_ip_from 192.0.2.1;", "set_real_ip_from 127.0.0.1;"),
        ("#real_ip_header", "real_ip_header"),
    )
    shown = ("listen (.*)443 ssl;", rf"listen \g<1>{SHOWN_PORT} ssl;")
    service.site("shown", shown, (RADICALE_SOCKET, SHOWN))
    box.write("/etc/nginx/conf.d/more.conf", MORE_SITES)
    box.write("/srv/plain/open", "plain\n")
    box.write("/srv/plain/shut", "plain\n")
    box.start(*MORTAL, "/usr/bin/python3", "-c", SHOW, SHOWN, stdin=subprocess.DEVNULL)
    service.start_broker()
    service.restart()
    yield service
    box.close()


@pytest.fixture
def caldav(caldav_box):
    """nginx and Radicale with the recipes, before anybody has an app password or a calendar."""
    caldav_box.reset()
    return caldav_box


@pytest.fixture
def phone(caldav):
    """alice's name and an app password of hers for the calendar."""
    return "alice:" + caldav.create("alice", "Phone", "--app", "calendar")


def test_vdirsyncer_carries_events_and_contacts_both_ways(caldav, phone):
    box = caldav.sandbox
    laptop = caldav.sync_a_laptop(phone)
    assert caldav.put(phone, "/alice/diary/one.ics") == 201
    assert caldav.curl(phone, "/alice/diary/near.ics", "--request", "DELETE")[0] == 200
    caldav.vdirsyncer("sync").done()
    assert "SUMMARY:one" in box.read("/run/vdirsyncer/calendar/diary/one.ics")
    assert box.run("test", "-e", "/run/vdirsyncer/calendar/diary/near.ics").code == 1
    caldav.revoke_the_laptop(laptop, "nginx")


# Lesson: nginx's auth_pam.
def test_an_app_password_opens_and_the_log_names_the_client(caldav, phone):
    assert caldav.propfind(phone) == (207, "alice")
    (line,) = caldav.log(1)
    assert line.text == (
        f'verdict=accepted rhost={CLIENT} user="alice" service="nginx" app="calendar" id={phone[6:8]} label="Phone" '
        'via="www-data"'
    )
    assert (line.severity, line.by) == (6, "asp-broker")
    assert caldav.propfind(phone, "/", "--interface", "::1", "--resolve", f"{HOST}:443:[::1]")[0] == 207
    assert caldav.log(1)[0].word("rhost") == "::1"


def test_other_passwords_are_refused(caldav, phone):
    mail = caldav.create("alice", "Mail", "--app", "mail")
    bobs = caldav.create("bob", "Phone", "--app", "calendar")
    for login in (f"alice:{mail}", wrong(phone), f"alice:{bobs}", f"carol:{bobs}", "alice:", ":"):
        assert caldav.propfind(login)[0] == 401, login
    lines = caldav.log(4)
    verdicts = [line.word("verdict") for line in lines]
    # bob's may by chance have the id of one of alice's.
    assert verdicts.pop(2) in ("not-an-app-password", "wrong-secret")
    assert verdicts == ["wrong-app", "wrong-secret", "no-account"]
    assert all(line.text.endswith(' via="www-data"') for line in lines)
    assert caldav.propfind(f"bob:{bobs}") == (207, "bob")


def test_a_revoked_password_is_refused_at_the_very_next_request(caldav, phone):
    """Also over the connection that it had opened."""
    other = "alice:" + caldav.create("alice", "Laptop", "--app", "calendar")
    with caldav.connection() as request:
        assert request(phone, "/alice/", "PROPFIND")[0] == 207
        caldav.asp_admin("revoke", "alice", phone[6:8]).done()
        assert request(phone, "/alice/", "PROPFIND")[0] == 401
        assert request(other, "/alice/", "PROPFIND")[0] == 207
    lines = caldav.log(3)
    assert [line.word("verdict") for line in lines] == ["accepted", "revoked", "accepted"]
    assert lines[1].word("label") == "Phone"


@pytest.mark.parametrize("stack", ["asp-only", "asp-either", "asp-enrolled"])
def test_primary_passwords_are_refused_whatever_the_stack(caldav, phone, stack):
    """As the recipe says: for www-data pam_unix can't check them."""
    changes = [] if stack == "asp-only" else [("(?m)^auth .*pam_unix.so", r"\g<0> nodelay")]
    caldav.recipe(f"pam.d/{stack}", "/etc/pam.d/nginx", *changes)
    for user, password in PRIMARY.items():
        assert caldav.propfind(f"{user}:{password}")[0] == 401
    assert caldav.verdicts(2) == ["not-an-app-password", "no-account"]
    assert caldav.propfind(phone)[0] == 207


def test_without_a_login_nothing_is_asked_and_nothing_is_shown(caldav):
    status, body = caldav.curl(None, "/alice/", "--include")
    assert status == 401
    assert 'WWW-Authenticate: Basic realm="Calendar"' in body
    caldav.log(0)


def test_devices_find_their_way_and_nobody_listens_without_tls(caldav, phone):
    for name in ("caldav", "carddav"):
        status, body = caldav.curl(None, f"/.well-known/{name}", "--include")
        assert (status, "Location: https://dav.example.org/" in body) == (301, True)
    assert caldav.sandbox.run("bash", "-c", ": </dev/tcp/127.0.0.1/80").code == 1


def test_an_event_can_be_moved(caldav, phone):
    caldav.make(phone, "/alice/diary/")
    move = ("--request", "MOVE", "--header", f"Destination: https://{HOST}/alice/diary/two.ics")
    assert caldav.curl(phone, "/alice/diary/one.ics", *move)[0] == 201
    assert caldav.curl(phone, "/alice/diary/two.ics")[0] == 200


def test_a_user_has_her_own_collections_alone(caldav, phone):
    bob = "bob:" + caldav.create("bob", "Phone", "--app", "calendar")
    caldav.make(bob, "/bob/diary/")
    caldav.make(phone, "/alice/diary/")
    for method in ("GET", "PUT", "DELETE", "PROPFIND", "REPORT", "PROPPATCH"):
        assert caldav.curl(phone, "/bob/diary/one.ics", "--request", method)[0] == 403, method
    assert caldav.curl(phone, "/alice/../bob/diary/one.ics")[0] == 403
    assert caldav.curl(phone, "/bob/new/", "--request", "MKCALENDAR")[0] == 403
    move = ("--request", "MOVE", "--header", f"Destination: https://{HOST}/bob/diary/two.ics")
    assert caldav.curl(phone, "/alice/diary/one.ics", *move)[0] == 403
    assert caldav.curl(bob, "/bob/diary/one.ics")[0] == 200


def test_the_client_cannot_say_who_it_is(caldav, phone):
    bob = "bob:" + caldav.create("bob", "Phone", "--app", "calendar")
    caldav.make(bob, "/bob/diary/")
    said = ("--header", "X-Remote-User: bob", "--header", "x_remote_user: bob", "--header", "Remote-User: bob")
    assert caldav.propfind(phone, "/", *said) == (207, "alice")
    assert caldav.propfind(None, "/", *said)[0] == 401
    assert caldav.curl(phone, "/bob/diary/one.ics", *said)[0] == 403
    _, headers = caldav.curl(phone, "/", *said, port=SHOWN_PORT)
    assert re.findall("(?m)^x.remote.user: .*$", headers) == ["x-remote-user: alice"]


def test_the_password_goes_no_further_than_nginx(caldav, phone):
    _, headers = caldav.curl(phone, "/", port=SHOWN_PORT)
    assert "x-remote-user: alice\n" in headers
    assert "authorization" not in headers
    assert phone[6:] not in headers
    assert base64.b64encode(phone.encode()).decode()[:20] not in headers


@pytest.mark.parametrize(
    "name", ["alice\0", "alice\0\r\n", "alice\0bob", "alice\n", "alice\r\nX-Remote-User", "\0alice"]
)
def test_a_name_with_control_bytes_reaches_nobody(caldav, phone, name):
    """To PAM a zero byte is the end of the name; what is handed on would be longer."""
    said = base64.b64encode(f"{name}:{phone[6:]}".encode()).decode()
    for port in (443, SHOWN_PORT):
        assert caldav.curl(None, "/", "--header", f"Authorization: Basic {said}", port=port)[0] == 400
    caldav.log(0)


def test_nobody_but_nginx_gets_to_radicale(caldav, phone):
    probe = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"

    def reaches(user):
        run = caldav.sandbox.shell(
            'exec setpriv --reuid "$1" --regid "$(id -g "$1")" --init-groups /usr/bin/python3 -c "$2" "$3"',
            user,
            probe,
            RADICALE_SOCKET,
        )
        assert run.code == 0 or "PermissionError" in run.err, run
        return run.code == 0

    assert [user for user in ("alice", "nobody", "radicale", "www-data") if reaches(user)] == ["www-data"]
    assert caldav.sandbox.run("bash", "-c", ": </dev/tcp/127.0.0.1/5232").code == 1
    assert caldav.propfind(phone) == (207, "alice")


def test_systemd_finds_nothing_to_say_about_the_units(caldav):
    box = caldav.sandbox
    box.need("systemd-analyze")
    units = ("radicale-door.socket", "radicale-door.service")
    for name in units:
        caldav.install(f"radicale/{name}", f"/etc/systemd/system/{name}")
    caldav.install("radicale/private.conf", "/etc/systemd/system/radicale.service.d/private.conf")
    run = box.run("systemd-analyze", "verify", "--man=no", "radicale.service", *units)
    assert (run.code, run.out, run.err) == (0, "", "")


def test_networks_hold_for_the_address_of_the_connection(caldav):
    near = "alice:" + caldav.create("alice", "Near", "--app", "calendar", "--from", CLIENT)
    far = "alice:" + caldav.create("alice", "Far", "--app", "calendar", "--from", "203.0.113.0/24")
    forwarded = ("--header", "X-Forwarded-For: 203.0.113.7")
    assert caldav.propfind(near, "/", *forwarded)[0] == 207
    assert caldav.propfind(far, "/", *forwarded)[0] == 401
    lines = caldav.log(2)
    assert [line.word("verdict") for line in lines] == ["accepted", "wrong-network"]
    assert {line.word("rhost") for line in lines} == {CLIENT}


def test_behind_a_proxy_that_is_named_the_address_is_the_clients(caldav):
    far = "alice:" + caldav.create("alice", "Far", "--app", "calendar", "--from", "203.0.113.0/24")
    forwarded = ("--header", "X-Forwarded-For: 198.51.100.9, 203.0.113.7")
    proxy = ("--interface", "127.0.0.1")
    assert caldav.propfind(far, "/", *forwarded, *proxy, port=PROXIED_PORT)[0] == 207
    assert caldav.propfind(far, "/", *proxy, port=PROXIED_PORT)[0] == 401
    # Who is not the proxy may say what she likes.
    assert caldav.propfind(far, "/", *forwarded, port=PROXIED_PORT)[0] == 401
    assert [line.word("rhost") for line in caldav.log(3)] == ["203.0.113.7", "127.0.0.1", CLIENT]


def test_without_the_broker_requests_are_refused_at_once_and_the_log_says_what_to_start(caldav, phone):
    with caldav.without_broker(), caldav.connection() as request:
        for _ in range(3):
            status, seconds = request(phone, "/alice/", "PROPFIND")
            assert status == 401
            assert seconds < 0.9
        for line in caldav.log(3):
            assert (line.severity, line.by, line.word("verdict")) == (3, "nginx:auth", "unavailable")
            assert line.word("rhost") == "127.0.0.1"
            assert "start asp-broker.socket" in line.word("cause")
        assert caldav.curl(None, "/.well-known/caldav")[0] == 301
    assert caldav.propfind(phone) == (207, "alice")


# Lesson: nginx's auth_pam.
def test_while_the_broker_hangs_a_request_is_refused_in_about_a_second_and_nginx_serves_on(caldav, phone):
    with caldav.connection() as request:
        with caldav.broker.hung():
            status, seconds = request(phone, "/alice/", "PROPFIND")
            assert status == 401
            assert 0.9 < seconds < 2.5
            (line,) = caldav.log(1)
            assert (line.severity, line.by, line.word("verdict")) == (3, "nginx:auth", "unavailable")
            assert "restart asp-broker.service" in line.word("cause")
            assert request("", "/.well-known/caldav")[0] == 301
        assert request(phone, "/alice/", "PROPFIND")[0] == 207


def test_nginx_is_let_to_the_broker_by_its_group_after_a_restart(caldav, phone):
    box = caldav.sandbox
    try:
        box.run("gpasswd", "--delete", "www-data", "asp").done()
        caldav.restart()
        assert caldav.propfind(phone)[0] == 401
        (line,) = caldav.log(1)
        assert "put its user into the group asp and restart the service" in line.word("cause")
        box.run("usermod", "--append", "--groups", "asp", "www-data").done()
        assert caldav.propfind(phone)[0] == 401, "groups are read when a worker starts"
    finally:
        box.run("usermod", "--append", "--groups", "asp", "www-data").done()
        caldav.restart()
    assert caldav.propfind(phone)[0] == 207


def test_www_data_can_be_held_to_the_service_of_the_recipe(caldav):
    (held,) = re.findall("(?m)^# +(broker: .*)$", recipe("nginx/caldav.conf"))
    caldav.reset(held)
    phone = "alice:" + caldav.create("alice", "Phone", "--app", "calendar")
    assert caldav.propfind(phone)[0] == 207
    caldav.reset(held.replace('"nginx"', '"webdav"'))
    phone = "alice:" + caldav.create("alice", "Phone", "--app", "calendar")
    assert caldav.propfind(phone)[0] == 401
    (line,) = caldav.log(1)
    assert "broker.clients" in line.word("cause")


def test_no_log_holds_a_password(caldav, phone):
    assert caldav.propfind(phone)[0] == 207
    assert caldav.propfind(wrong(phone))[0] == 401
    assert caldav.propfind("alice:" + PRIMARY["alice"])[0] == 401
    caldav.log(3)
    password = phone[6:]
    for log in ("/run/messages", "/var/log/nginx/access.log", "/var/log/nginx/error.log", "/var/log/radicale"):
        text = caldav.sandbox.read(log)
        assert "alice" in text, "the log is the one written to"
        for secret in (password, password.replace("-", ""), password[6:11], PRIMARY["alice"]):
            assert secret not in text


def cost_of_a_login(caldav, login, rounds=200):
    """Seconds that nginx takes longer for a file when it asks PAM before."""
    times = {"/open": [], "/shut": []}
    with caldav.connection(tls=False, port=PLAIN_PORT) as request:
        for _ in range(rounds):
            for path, found in times.items():
                status, seconds = request(login, path)
                assert status == 200
                found.append(seconds)
    return statistics.median(times["/shut"]) - statistics.median(times["/open"])


def logins_of(caldav, *words, **options):
    """How many logins a run of vdirsyncer makes, one for each request, and how many seconds it takes."""
    before = caldav.requests()
    begin = time.monotonic()
    caldav.vdirsyncer(*words, **options).done()
    seconds = time.monotonic() - begin
    count = caldav.requests() - before
    assert set(caldav.verdicts(count)) == {"accepted"}
    return count, seconds


def test_logins_take_less_than_a_twentieth_of_a_synchronisation(caldav):
    laptop = caldav.create("alice", "Laptop", "--app", "calendar")
    caldav.configure_vdirsyncer("alice", laptop)
    caldav.sandbox.write("/run/vdirsyncer/calendar/diary/near.ics", event("near"))
    caldav.sandbox.shell("mkdir -p /run/vdirsyncer/contacts/friends").done()
    discovery, _ = logins_of(caldav, "discover", input="y\n" * 10)
    count, seconds = logins_of(caldav, "sync")
    assert discovery > 2
    assert count > 2
    login = cost_of_a_login(caldav, f"alice:{laptop}")
    print(f"{discovery} logins to discover; to synchronise {count} of {login * 1e6:.0f} us in {seconds:.2f} s:")
    print(f"{count * login / seconds:.2%} of it")
    assert 0 < login * count < seconds / 20
