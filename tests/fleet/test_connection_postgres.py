"""The connection to a real PostgreSQL: by which ways it comes, and what becomes of it when the server is stopped, read-only,
or without its standby."""

import contextlib
import os
import pwd
import random
import re
import shutil
import signal
import ssl
import struct
import threading
import time

import cluster as clusters
import pytest
import wire
from certificates import Authority
from support.run import execute
from support.wait import wait_until
from test_connection_hosts import BOUND, ENVIRONMENT

NAME = "db1.example"
ME = pwd.getpwuid(os.geteuid()).pw_name
ROLES = ("asp_node", "asp_scram", "asp_clear", "asp_md5", "asp_trusted", "asp_cert")
ACCESS = """
local all postgres trust
local all asp_scram scram-sha-256
local all all peer map=nodes
hostssl all asp_scram 127.0.0.0/8 scram-sha-256
hostssl all asp_clear 127.0.0.0/8 password
hostssl all asp_md5 127.0.0.0/8 md5
hostssl all asp_trusted 127.0.0.0/8 trust
hostssl all asp_cert 127.0.0.0/8 cert
hostnossl all asp_trusted 127.0.0.0/8 trust
"""


def put_files(server, paths, names):
    for path, name in zip(paths, names):
        shutil.copy(path, server.data / name)
        (server.data / name).chmod(0o600)
        if os.geteuid() == 0:
            shutil.chown(server.data / name, "nobody")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    return Authority(tmp_path_factory.mktemp("authority") / "one")


@pytest.fixture(scope="module")
def server(postgres, authority):
    """One that is reached by its socket, and by an address of its own with TLS."""
    address = f"127.{random.randint(1, 254)}.{random.randint(0, 254)}.{random.randint(1, 254)}"
    made = clusters.Cluster(ACCESS, listen_addresses=address, ssl="on", ssl_ca_file="ca.crt")
    with contextlib.closing(made):
        made.make()
        made.address = address
        (made.data / "pg_ident.conf").write_text(f"nodes {ME} asp_node\n")
        put_files(made, (*authority.certify(NAME), authority.ca), ("server.crt", "server.key", "ca.crt"))
        made.start()
        database = made.open()
        for role in ROLES:
            database.ask(f"CREATE ROLE {role} LOGIN")
        database.ask("ALTER ROLE asp_scram PASSWORD 'the-password'; ALTER ROLE asp_clear PASSWORD 'the-password'")
        database.ask("SET password_encryption = 'md5'")
        database.ask("ALTER ROLE asp_md5 PASSWORD 'the-password'")
        database.ask("CREATE DATABASE asp OWNER asp_node")
        database.close()
        yield made


@contextlib.contextmanager
def certified(server, authority, **how):
    """It has another certificate, to the end."""

    def take(*paths):
        put_files(server, paths, ("server.crt", "server.key"))
        read = server.connect().one("SELECT pg_conf_load_time()")
        server.server.send_signal(signal.SIGHUP)
        wait_until(lambda: server.connect().one("SELECT pg_conf_load_time()") > read)

    take(*authority.certify(NAME, **how))
    yield
    take(*authority.certify(NAME))


def look(answer, begin):
    """What is shown by the commands of the advice, as OpenSSL writes it from 3.2 on."""
    assert answer.advice.startswith(begin), answer
    commands = re.findall("openssl [^;]+", answer.advice)
    return "".join(execute("sh", "-c", command).done().out for command in commands).replace("CN = ", "CN=")


@pytest.fixture
def asp(server):
    """Its database, as its superuser."""
    return server.connect(database="asp")


def by_socket(server):
    return ("", server.folder, 5432)


def by_tls(server, name=NAME):
    return (name, server.address, 5432)


@pytest.fixture
def secure(server, driver, authority, tmp_path):
    """A driver that comes by TLS, and has passwords."""
    passfile = tmp_path / "pass"
    passfile.write_text("".join(f"{role}\tthe-password\n" for role in ROLES))
    passfile.chmod(0o600)
    driver.set(tls="verify-full", ca=authority.ca, passfile=passfile, role="asp_scram")
    driver.hosts(by_tls(server))
    return driver


@pytest.fixture
def local(server, driver):
    """A driver that comes by the socket."""
    driver.hosts(by_socket(server))
    return driver


def is_over(shown):
    """Whether a time until which a certificate was good is over, by what openssl shows."""
    ends = [ssl.cert_time_to_seconds(end) for end in re.findall("notAfter=(.*)", shown)]
    return min(ends) < time.time()


# What libpq says, from version 16 on, of each way to be let in that is not the one that was asked for.
OTHER_WAY = "authentication method requirement"
NO_PASSWORD = "it asks for a password, and this machine has none for it: "


def refused(answer, *words):
    """Each word, or one of them where it is a tuple."""
    assert (answer.status, answer.what) == ("ASP_IO", {"down"}), answer
    for word in words:
        assert any(one in answer.text for one in (word if isinstance(word, tuple) else (word,))), answer
    assert "the-password" not in answer.text


def test_by_the_socket_the_system_says_who_it_is(local, server):
    answer = local.read("SELECT current_user::text, current_setting('application_name')")
    assert answer.rows == ((b"asp_node", b"driver"),)
    assert answer.host == str(server.folder)
    local.forget()
    local.set(role="asp_trusted")
    refused(local.read("SELECT 1"), "does not let this node in (SQLSTATE 28000)")


def test_by_the_socket_no_password_is_given(secure, server):
    secure.hosts(by_socket(server))
    answer = secure.read("SELECT 1")
    refused(answer, NO_PASSWORD, ("no password supplied", OTHER_WAY))
    assert answer.advice == "let the role in by peer in pg_hba.conf: asp-store(7)"
    secure.set(role="asp_node")
    assert secure.read("SELECT current_user::text").value == b"asp_node"


def test_who_is_asked_for_a_password_and_has_none_is_told_where_it_is_named(secure):
    secure.set(passfile="")
    answer = secure.read("SELECT 1")
    refused(answer, NO_PASSWORD, ("no password supplied", OTHER_WAY))
    assert answer.advice == (
        "name the file of passwords in database.passfile; or have pg_hba.conf take the certificate of database.cert: "
        "asp-store(7)"
    )


def test_by_tls_with_a_password(secure):
    answer = secure.read("SELECT current_user::text, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    assert answer.rows == ((b"asp_scram", b"\1"),)
    assert answer.host == NAME


@pytest.mark.parametrize("role", ["asp_clear", "asp_md5", "asp_trusted"])
def test_a_password_is_given_to_who_binds_the_channel_alone(secure, role):
    """A server that knows it proves that: one that asks for it otherwise, or for nothing, may not."""
    secure.set(role=role)
    refused(secure.read("SELECT 1"), ("channel binding", OTHER_WAY))


def test_another_password_is_refused(secure, tmp_path):
    (tmp_path / "pass").write_text("asp_scram\tanother\n")
    refused(secure.read("SELECT 1"), "does not let this node in (SQLSTATE 28P01)")
    # Taken at the next connection, and no program begun again.
    (tmp_path / "pass").write_text("asp_scram\tthe-password\n")
    assert secure.read("SELECT 1").status == "ASP_OK"


def test_a_file_of_passwords_that_others_can_read_is_refused(secure, tmp_path):
    (tmp_path / "pass").chmod(0o644)
    answer = secure.read("SELECT 1")
    assert (answer.status, answer.what) == ("ASP_UNSAFE", {"down"})
    assert "the-password" not in answer.text


def test_a_certificate_for_another_name_is_refused(secure, server):
    secure.hosts(by_tls(server, "db2.example"))
    answer = secure.read("SELECT 1")
    refused(answer, "database db2.example: its certificate is for another name", NAME)
    assert look(answer, "give the host in asp.conf a name that is in it: ").endswith(f"DNS:{NAME}\n")
    # That of its address neither, which is not in it.
    secure.hosts(by_tls(server, server.address))
    refused(secure.read("SELECT 1"))
    secure.hosts(by_tls(server))
    assert secure.read("SELECT 1").status == "ASP_OK"


def test_a_certificate_of_another_authority_is_refused(secure, authority, tmp_path):
    secure.set(ca=Authority(tmp_path / "other", "another authority").ca)
    answer = secure.read("SELECT 1")
    refused(answer, "its certificate is not to be trusted", "certificate verify failed")
    theirs, ours = look(answer, "look who has signed it and until when it is good: ").split("notAfter=", 1)
    assert "issuer=CN=the authority" in theirs and "subject=CN=another authority" in ours


def test_a_certificate_that_has_expired_is_refused(secure, server, authority):
    """The server's, which comes with the time until which it was good."""
    with certified(server, authority, days=0):
        answer = secure.read("SELECT 1")
        refused(answer, "its certificate is not to be trusted", "certificate verify failed")
        assert is_over(look(answer, "look who has signed it and until when it is good: "))
    assert secure.read("SELECT 1").status == "ASP_OK"


def test_an_authority_that_others_can_change_is_none(secure, authority, tmp_path):
    path = tmp_path / "ca.crt"
    secure.set(ca=path)
    refused(secure.read("SELECT 1"), str(path))
    shutil.copy(authority.ca, path)
    path.chmod(0o666)
    answer = secure.read("SELECT 1")
    assert (answer.status, answer.what) == ("ASP_UNSAFE", {"down"})


def test_who_has_no_tls_is_not_asked_without_it(secure, make_server):
    """A server that does not speak it, and would let everybody in."""
    plain = make_server(NAME)
    secure.hosts(plain)
    refused(secure.read("SELECT 1", seconds=1))
    assert (plain.asked_for_tls, plain.started, plain.passwords) == (1, [], [])


def test_with_a_certificate_of_its_own(secure, authority):
    cert, key = authority.certify("asp_cert")
    secure.set(role="asp_cert", passfile="")
    refused(secure.read("SELECT 1"), "does not let this node in (SQLSTATE 28000)")
    secure.set(cert=cert, key=key)
    assert secure.read("SELECT current_user::text").value == b"asp_cert"


def test_a_certificate_of_its_own_that_the_server_does_not_take(secure, authority, tmp_path):
    secure.set(role="asp_cert", passfile="")
    shown = []
    for who, days in ((authority, 0), (Authority(tmp_path / "other", "another authority"), 2)):
        cert, key = who.certify("asp_cert", days)
        secure.set(cert=cert, key=key)
        answer = secure.read("SELECT 1")
        refused(answer, "database db1.example: it refuses this machine's certificate")
        shown.append(look(answer, "look who has signed it and until when it is good: "))
    assert is_over(shown[0]) and "issuer=CN=another authority" in shown[1]


def test_a_key_that_is_of_another_certificate_or_for_all_to_read(secure, authority):
    cert, _ = authority.certify("asp_cert")
    _, key = authority.certify("another")
    secure.set(role="asp_cert", passfile="", cert=cert, key=key)
    answer = secure.read("SELECT 1")
    refused(answer, "this machine's key is not to be used: ")
    first, second = look(answer, "these have to show the same: ").split("-----BEGIN PUBLIC KEY-----")[1:]
    assert first != second
    key.chmod(0o644)
    answer = secure.read("SELECT 1")
    assert (answer.status, answer.what) == ("ASP_UNSAFE", {"down"})
    assert answer.text == f"database.key: {key} can be read by others than its owner (mode 0644)"
    assert answer.advice == f"chmod 600 {key}, and have another key certified: others may have read it"


def test_what_does_not_fit_into_a_record_of_tls_is_read_whole(secure):
    text = "SELECT repeat('x', $1::int)"
    for length in (*range(7000, 18000, 499), *range(30000, 36000, 499), 100_000, 1_000_000):
        assert secure.read(text, str(length)).value == b"x" * length


def test_the_rest_of_a_record_that_libpq_has_no_room_for_is_read_too(secure, make_server, authority):
    """One of 16 KiB, as PostgreSQL sends them from 17 on: what is left of the last one is in OpenSSL, and nothing comes after it."""
    record = 16384
    end = wire.COMPLETE + wire.READY
    rows = wire.row("x" * 500) + wire.further_row("x" * 500) * 100
    missing = -len(rows + wire.further_row("") + end) % record
    other = make_server(NAME)
    other.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    other.tls.load_cert_chain(*authority.certify(NAME))
    other.answers = [[rows + wire.further_row("x" * missing) + end]]
    secure.set(passfile="")
    secure.hosts(other)
    begin = time.monotonic()
    assert len(secure.read("SELECT 1", seconds=4 * BOUND).rows) == 102
    assert time.monotonic() - begin < 2 * BOUND  # and not when the time was over


def test_nothing_of_the_environment_leads_elsewhere(make_driver, server):
    for env in (ENVIRONMENT, {"PGHOSTADDR": "192.0.2.1"}, {"PGREQUIREPEER": "mallory"}, {"PGSERVICE": "nowhere"}):
        driver = make_driver(**env)
        driver.hosts(by_socket(server))
        answer = driver.read("SELECT current_user::text, current_setting('DateStyle'), current_setting('geqo')")
        assert answer.rows == ((b"asp_node", b"ISO, MDY", b"on"),)


def test_values_come_back_as_they_went(local):
    values = ("text", None, b"\x00\xff", "")
    answer = local.read("SELECT $1::text, $2::text, $3::bytea, $4::text, 7::bigint, -1::int", *values)
    assert answer.rows == ((b"text", None, b"\x00\xff", b"", struct.pack("!q", 7), struct.pack("!i", -1)),)
    assert local.read("SELECT 1 WHERE false").rows == ()
    assert local.write("SET search_path = pg_catalog").status == "ASP_OK"


def test_what_is_not_there_and_what_is_not_allowed(local, asp):
    asp.ask("CREATE SCHEMA shut; CREATE FUNCTION shut.f() RETURNS int LANGUAGE sql RETURN 1; CREATE SCHEMA open")
    asp.ask("GRANT USAGE ON SCHEMA open TO asp_node")
    asp.ask("CREATE FUNCTION open.no_row() RETURNS int LANGUAGE plpgsql AS $$ DECLARE i int; BEGIN"
            " SELECT 1 INTO STRICT i WHERE false; RETURN i; END $$")
    other = "name in asp.conf the database that the store is in; one that was lost is restored as asp-store(7) has it"
    for statement, sqlstate, advice in (
        ("SELECT nowhere.f()", "3F000", other),
        ("SELECT open.f()", "42883", "run asp-admin store init"),
        ("SELECT * FROM open.t", "42P01", other),
    ):
        answer = local.read(statement)
        assert (answer.status, answer.advice) == ("ASP_IO", advice)
        assert f"(SQLSTATE {sqlstate})" in answer.text
    answer = local.read("SELECT shut.f()")
    assert (answer.status, answer.what) == ("ASP_IO", set())
    assert "does not let this node in (SQLSTATE 42501): permission denied" in answer.text
    answer = local.read("SELECT open.no_row()")
    assert answer.status == "ASP_UNSAFE"
    assert answer.text.endswith(": this is no store of ours (SQLSTATE P0002)")


def test_what_another_schema_has_changed_beneath_a_statement_is_seen(local, asp):
    asp.ask("CREATE TABLE public.grows (a int); INSERT INTO public.grows VALUES (1); GRANT SELECT ON public.grows TO asp_node")
    assert len(local.read("SELECT * FROM public.grows").rows[0]) == 1
    asp.ask("ALTER TABLE public.grows ADD b int")
    assert len(local.read("SELECT * FROM public.grows").rows[0]) == 2


def test_one_who_holds_it_is_waited_for_by_the_time_out_of_the_role(local, asp):
    asp.ask("CREATE TABLE public.held (a int); GRANT ALL ON public.held TO asp_node; INSERT INTO public.held VALUES (1)")
    asp.ask("BEGIN; LOCK public.held")
    local.write("SET lock_timeout = '100ms'")
    answer = local.write("UPDATE public.held SET a = 2")
    assert (answer.status, answer.what) == ("ASP_BUSY", set())
    local.write("SET lock_timeout = 0")
    local.write("SET statement_timeout = '100ms'")
    answer = local.write("UPDATE public.held SET a = 2")
    assert (answer.status, answer.what) == ("ASP_BUSY", set())
    asp.ask("ROLLBACK")
    assert local.write("UPDATE public.held SET a = 2").status == "ASP_OK"


def test_a_role_that_may_only_read_is_told_from_a_primary(local, asp):
    asp.ask("ALTER ROLE asp_node SET default_transaction_read_only = on")
    answer = local.read("SELECT 1")
    refused(answer, "it is read-only")
    assert answer.advice.startswith("it is no standby: RESET default_transaction_read_only ")
    asp.ask("ALTER ROLE asp_node RESET default_transaction_read_only")
    asp.ask("ALTER ROLE asp_node SET client_min_messages = error")
    refused(local.read("SELECT 1"), "client_min_messages is error")
    asp.ask("ALTER ROLE asp_node RESET client_min_messages")
    assert local.read("SELECT 1").status == "ASP_OK"


def test_a_standby_is_passed_over_until_it_is_promoted(driver, server, postgres):
    standby = clusters.Cluster(max_connections="100")  # it may not be less than what initdb has written
    with contextlib.closing(standby):
        standby.make()
        (standby.data / "standby.signal").touch()
        standby.start()
        driver.set(name="postgres", role="postgres")
        driver.hosts(by_socket(standby))
        answer = driver.read("SELECT 1")
        refused(answer, "it is read-only")
        assert answer.advice == "it is a standby: name the primary in hosts of asp.conf, too"
        driver.hosts(by_socket(standby), by_socket(server))
        assert driver.read("SELECT 1").host == str(server.folder)
        driver.hosts(by_socket(standby))
        driver.forget()
        standby.connect().ask("SELECT pg_promote()")
        standby.hang_up()
        assert driver.read("SELECT 1").host == str(standby.folder)


@pytest.fixture
def alone(asp):
    """The server waits for a standby that there is not, at each commit."""

    def names(value):
        asp.ask(f"ALTER SYSTEM SET synchronous_standby_names = '{value}'")
        asp.ask("SELECT pg_reload_conf()")
        wait_until(lambda: asp.one("SELECT current_setting('synchronous_standby_names')") == value)

    asp.ask("CREATE TABLE IF NOT EXISTS public.kept (a int); GRANT ALL ON public.kept TO asp_node")
    asp.ask("TRUNCATE public.kept")
    names("nowhere")
    yield asp
    asp.ask(f"SELECT pg_terminate_backend(pid) FROM ({WAITING}) waiting")
    names("")


WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


@pytest.mark.parametrize("how", ["pg_cancel_backend", "pg_terminate_backend"])
def test_a_commit_that_does_not_wait_for_its_standby_any_more_is_not_told_as_done(local, alone, how):
    answers = []
    writer = threading.Thread(target=lambda: answers.append(local.write("INSERT INTO public.kept VALUES (1)")))
    writer.start()
    wait_until(lambda: alone.ask(WAITING))
    alone.ask(f"SELECT {how}(pid) FROM ({WAITING}) waiting")
    writer.join(BOUND)
    (answer,) = answers
    assert answer.status == "ASP_IO" and "unknown" in answer.what
    assert ("standby" in answer.text) == (how == "pg_cancel_backend")
    assert alone.one("SELECT count(*) FROM public.kept") == 1


def test_one_that_is_left_at_the_deadline_is_not_cancelled(local, alone):
    assert local.read("SELECT 1").status == "ASP_OK"
    answer = local.write("INSERT INTO public.kept VALUES (1)", seconds=3)
    assert (answer.status, "unknown" in answer.what) == ("ASP_IO", True)
    # It waits on, and nobody sees what it has written.
    assert local.read("SELECT 1").status == "ASP_OK"
    assert len(alone.ask(WAITING)) == 1
    assert alone.one("SELECT count(*) FROM public.kept") == 0


def test_a_server_that_is_stopped_and_goes_on(secure, server):
    assert secure.read("SELECT 1").status == "ASP_OK"
    server.send(signal.SIGSTOP)
    try:
        for _ in range(3):  # the connection that was there, and new ones
            begin = time.monotonic()
            answer = secure.read("SELECT 1", seconds=0.5)
            assert time.monotonic() - begin < BOUND
            assert answer.status == "ASP_IO" and "down" in answer.what
            assert "nothing in time" in answer.text
    finally:
        server.send(signal.SIGCONT)
    assert secure.read("SELECT 1").status == "ASP_OK"


@pytest.mark.parametrize("way", ["local", "secure"])
def test_in_a_process_that_is_forked_there_is_another(request, way):
    driver = request.getfixturevalue(way)
    mine = "SELECT pg_backend_pid()"
    before = driver.read(mine).value
    other = driver.read_forked(mine)
    assert other.status == "ASP_OK" and other.value != before
    assert driver.read(mine).value == before
    driver.close_forked()
    assert driver.read(mine).value == before


@pytest.mark.parametrize("way", ["local", "secure"])
def test_what_a_connection_was_ended_with_is_told(request, way):
    driver = request.getfixturevalue(way)
    answer = driver.read("SELECT pg_terminate_backend(pg_backend_pid())")
    assert (answer.status, answer.what) == ("ASP_IO", {"closes", "anew", "down"})
    assert "it serves nobody now (SQLSTATE 57P01): terminating connection" in answer.text
    answer = driver.write("SELECT pg_terminate_backend(pg_backend_pid())")
    assert (answer.status, answer.what) == ("ASP_IO", {"closes", "anew", "down", "unknown"})
    assert driver.write("SELECT 1").status == "ASP_OK"


def test_a_server_that_has_died_and_is_begun_again(local, server):
    assert local.read("SELECT 1").status == "ASP_OK"
    server.crash()
    refused(local.read("SELECT 1"), "no answer")
    server.start()
    assert local.write("SELECT 1").status == "ASP_OK"
