"""The configuration: each key's default, type and range, and that what is wrong is told with file and line, code 6."""

import os
import pathlib
import re
import shutil
import socket

import pytest
from support.wait import LONG

TREE = pathlib.Path(__file__).resolve().parents[2]
SHIPPED = TREE / "conf" / "asp.conf"

# The defaults, as they are documented.
DEFAULTS = """
store = "/var/lib/asp";
limit = 25;
history = 100;
usage_interval = 60;
user_name = "exact";
user_domains = ();
virtual_users = false;
default_app = "first-use";
expires = "never";
unused = "never";
log = "all";
hash: { scheme = "blake2b"; memory = 19456; passes = 2; };
apps: (
  { name = "mail"; services = [ "dovecot", "imap", "pop3", "lmtp", "smtp", "submission", "sieve", "managesieve" ]; },
  { name = "calendar"; services = [ "caldav", "carddav", "radicale", "nginx", "apache2", "httpd" ]; },
  { name = "ssh"; services = [ "sshd" ]; }
);
guarded = [ "login", "su", "su-l", "sudo", "sudo-i", "runuser", "runuser-l", "polkit-1", "passwd", "chsh", "chfn",
            "cron", "gdm-password", "lightdm", "sddm", "cockpit", "asp-admin", "asp-web", "sshd" ];
primary: { source = "shadow"; command = ""; interval = 300; realm = ""; };
hooks: { created = ""; revoked = ""; timeout = 10; };
broker: { socket = "/run/asp/broker.sock"; workers = 8; clients = (); };
self_service: { enabled = true; socket = "/run/asp/self.sock"; group = ""; apps = []; silent = false; web_user = "";
                web_socket = "/run/asp/self-web.sock"; };
web: { origin = ""; address_header = ""; };
database: {
  hosts = ();
  name = "asp"; user = "asp_node"; admin = "asp_admin";
  tls = "verify-full"; ca = "";
  cert = ""; key = ""; passfile = "";
  wait = 800;
  fence = 10;
};
profile: {
  organization = ""; name = "";
  mail: { address = ""; user = ""; imap = ""; smtp = ""; };
  calendar: { url = ""; user = ""; };
  sign: { certificate = ""; key = ""; };
};
"""

GOOD = """
limit = 1;
limit = 500;
limit = 0x19;
history = 0;
history = 500;
usage_interval = 0;
usage_interval = 86400;
user_name = "lower";
user_name = "exact";
user_domains = ();
user_domains = [ "example.org", "EXAMPLE" ];
virtual_users = true;
virtual_users = FALSE;
default_app = "mail";
default_app = "in-no-group";
expires = "90d";
unused = "1w";
log = "refused";
hash: { };
hash = { scheme = "argon2id"; };
hash: { scheme = "argon2id"; memory = 8192; passes = 1; };
hash: { memory = 1048576; passes = 10; };
apps: ( );
apps: ( { name = "web"; services = [ "nginx", "httpd" ]; } );
guarded = [ ];
guarded = [ "sshd" ];
primary: { source = "none"; };
primary: { source = "command"; command = "/usr/local/bin/fingerprints"; };
primary: { interval = 10; };
primary: { interval = 86400; };
hooks: { timeout = 1; };
hooks: { timeout = 300; created = "/usr/local/bin/hook"; revoked = "/usr/local/bin/hook"; };
broker: { clients = ( { user = "www-data"; services = [ "nginx" ]; } ); };
self_service: { enabled = false; group = "staff"; apps = [ "mail" ]; };
# a comment
// another
/* and another */
""".strip().splitlines()

OUT_OF_32_BITS = [
    "4294967321",
    "2147483648",
    "-2147483649",
    "9223372036854775833",
    "18446744073709551641",
    "0x100000019",
]

BAD = [
    # a value out of range
    *(f"limit = {value};" for value in (0, -1, 501, 2147483647, *OUT_OF_32_BITS)),
    *(f"history = {value};" for value in (-1, 501, *OUT_OF_32_BITS)),
    *(f"usage_interval = {value};" for value in (-1, 86401, *OUT_OF_32_BITS)),
    *(f'user_name = "{value}";' for value in ("", "Exact", "upper", "exact ")),
    *(f'user_domains = [ "{value}" ];' for value in ("", "a b", "@a", "a\\\\", "a/b", "a:")),
    *(f'default_app = "{value}";' for value in ("", "two words", "a/b")),
    *(
        f'expires = "{value}";'
        for value in ("", "soon", "90", "1y", "-1d", "2099-01-01", "Never", "99999999999999999999d")
    ),
    *(f'unused = "{value}";' for value in ("", "soon", "90", "1y", "-1d", "2099-01-01", "Never")),
    *(f'log = "{value}";' for value in ("", "none", "ALL")),
    *(f'store = "{value}";' for value in ("", "var/lib/asp", "./asp")),
    *(f'hash: {{ scheme = "{value}"; }};' for value in ("", "md5", "argon2i", "HMAC-SHA256", "blake2", "BLAKE2b")),
    *(f"hash: {{ memory = {value}; }};" for value in (8191, 1048577, 0, -1, *OUT_OF_32_BITS)),
    *(f"hash: {{ passes = {value}; }};" for value in (0, 11, -1, *OUT_OF_32_BITS)),
    *(f'primary: {{ source = "{value}"; }};' for value in ("", "ldap", "Shadow")),
    'primary: { command = "bin/fingerprints"; };',
    *(f"primary: {{ interval = {value}; }};" for value in (9, 86401, 0, -1, *OUT_OF_32_BITS)),
    *(f"hooks: {{ timeout = {value}; }};" for value in (0, 301, -1, *OUT_OF_32_BITS)),
    'hooks: { created = "bin/hook"; };',
    'hooks: { revoked = "bin/hook"; };',
    *(f"broker: {{ workers = {value}; }};" for value in OUT_OF_32_BITS),
    # a wrong type
    *(
        f"{key} = {value};"
        for key in ("limit", "history", "usage_interval")
        for value in ('"25"', "25.0", "true", "[ 25 ]")
    ),
    *(
        f"{key} = {value};"
        for key in ("store", "user_name", "default_app", "expires", "unused", "log")
        for value in ("1", "true", '[ "x" ]', "{ }")
    ),
    *(f"virtual_users = {value};" for value in ("1", "0", '"true"', "1.0", "[ true ]")),
    *(
        f"{key} = {value};"
        for key in ("hash", "primary", "hooks", "broker", "self_service")
        for value in ("1", '"x"', "( )")
    ),
    *(f"apps = {value};" for value in ("1", '"mail"', "{ }", '[ "mail" ]', '( "mail" )', "( 1 )")),
    *(f"guarded = {value};" for value in ("1", '"sshd"', "{ }", "[ 1 ]", "[ true ]")),
    *(f"hash: {{ {key} = {value}; }};" for key in ("memory", "passes") for value in ('"2"', "2.0", "true")),
    "hash: { scheme = 1; };",
    *(f"primary: {{ {key} = {value}; }};" for key, value in (("source", 1), ("command", 1), ("interval", '"300"'))),
    *(f"hooks: {{ {key} = {value}; }};" for key, value in (("created", 1), ("revoked", "false"), ("timeout", '"10"'))),
    *(
        f"broker: {{ {key} = {value}; }};"
        for key, value in (("socket", 1), ("workers", '"8"'), ("clients", '"www-data"'))
    ),
    *(
        f"self_service: {{ {key} = {value}; }};"
        for key, value in (("enabled", 1), ("socket", 1), ("group", 1), ("apps", '"mail"'), ("apps", "[ 1 ]"))
    ),
    # apps
    *(
        f'apps: ( {{ name = "{name}"; services = [ "imap" ]; }} );'
        for name in ("any", "first-use", "", "two words", "a/b")
    ),
    *(f'apps: ( {{ name = "mail"; services = [ "{name}" ]; }} );' for name in ("", "two words", "a/b", "x" * 65)),
    'apps: ( { services = [ "imap" ]; } );',
    'apps: ( { name = "mail"; } );',
    'apps: ( { name = 1; services = [ "imap" ]; } );',
    'apps: ( { name = "mail"; services = "imap"; } );',
    'apps: ( { name = "mail"; services = [ 1 ]; } );',
    'apps: ( { name = "a"; services = [ "imap" ]; }, { name = "b"; services = [ "imap" ]; } );',
    'apps: ( { name = "a"; services = [ "imap" ]; }, { name = "b"; services = [ "Imap" ]; } );',
    'apps: ( { name = "a"; services = [ "imap" ]; }, { name = "a"; services = [ "smtp" ]; } );',
    *(f'guarded = [ "{name}" ];' for name in ("", "two words", "a/b")),
    # an unknown key, at each level
    "frobnicate = 1;",
    "Limit = 25;",
    "limits = 25;",
    "hash: { cost = 10; };",
    'apps: ( { name = "a"; services = [ "imap" ]; colour = "red"; } );',
    "primary: { frobnicate = 1; };",
    'hooks: { expired = "/bin/true"; };',
    "broker: { frobnicate = 1; };",
    'broker: { clients = ( { user = "www-data"; services = [ "nginx" ]; uid = 33; } ); };',
    "self_service: { frobnicate = 1; };",
    # no configuration at all
    "limit = 25; limit = 25;",
    "hash: { passes = 2; passes = 2; };",
    "limit 25;",
    "limit = ;",
    'log = "all',
    "hash: { passes = 2;",
    "/* never ended",
    "}",
    "\x01",
    "limit = 25\u00a0;",
    '@include "other.conf"',
    '  @include "/etc/passwd"',
    '@include "."',
    '@include "asp.conf"',
    'hash: {\n@include "other.conf"\n};',
]


def with_line(site, run, line):
    """Asserts an error of the configuration that names the file and the line."""
    run.refused(6)
    assert str(site.conf) in run.err, run
    assert re.search(rf"\b{line}\b", run.err.replace(str(site.conf), "")), (line, run)


def uncommented():
    """The shipped file's settings in force. A remark has a blank behind its #, and a further line of a setting two."""
    return re.sub(r"(?m)^#(?=\S|  )", "", SHIPPED.read_text())


def test_the_shipped_file_shows_the_defaults():
    assert re.sub(r"(?m)^(#.*)?\n", "", SHIPPED.read_text()) == ""
    assert re.sub(r"#.*|\s", "", uncommented()) == re.sub(r"\s", "", DEFAULTS)


# What README and the recipes have added to asp.conf.
ADDED = {
    line.strip()
    for file in (TREE / "README.md", *(TREE / "conf").rglob("*"))
    if file.is_file() and file != SHIPPED
    for line in re.findall(
        r"(?m)^[# ] +((?:(?:broker|hooks|primary): \{.*\}|virtual_users = .*|user_name = .*);)$", file.read_text()
    )
}


def test_the_recipes_have_lines_for_asp_conf():
    assert {line.partition(" ")[0] for line in ADDED} == {"broker:", "hooks:", "virtual_users", "user_name"}


# Lesson: a snippet that breaks what it is added to.
@pytest.mark.parametrize("line", sorted(ADDED))
def test_a_line_of_a_recipe_is_added_to_the_shipped_file(site, line):
    site.create()
    site.conf.write_text(SHIPPED.read_text() + f'store = "{site.store}";\n' + line + "\n")
    site.run("list").done()


PRINTED = {
    (file.name, line.replace(r"\(dq", '"'))
    for file in (*TREE.glob("*.md"), *(TREE / "doc").glob("*.md"), *(TREE / "man").glob("*.[58]"))
    for line in re.findall(r"(?m)^.*\bscheme = .*$", file.read_text())
}


@pytest.mark.parametrize(("name", "line"), sorted(PRINTED))
def test_a_hash_that_is_printed_can_be_pasted(site, name, line):
    settings = re.findall(r"hash: \{ scheme = .*?\};", line)
    assert settings or 'a line that begins `hash: { scheme = "' in line, name
    site.create()
    for setting in settings:
        site.configure(setting)
        site.run("list").done()


def test_the_shipped_file_and_an_empty_one_do_the_same(site):
    seen = []
    for body in (uncommented().replace("/var/lib/asp", str(site.store)), f'store = "{site.store}";'):
        shutil.rmtree(site.store, ignore_errors=True)
        site.conf.write_text(body)
        made = site.create("root", "x")
        site.run("create", "stranger", "--label", "x").refused(3)
        seen.append((made["app"], made["expires"], made["limit"], site.entry(made["id"], "root")["unused"]))
    assert seen == [("first-use", None, 25, None)] * 2


@pytest.mark.parametrize("setting", GOOD)
def test_a_good_setting_is_taken(site, setting):
    site.create()
    site.configure(setting)
    assert len(site.json("list", "alice")) == 1


@pytest.mark.parametrize("setting", BAD, ids=lambda setting: ascii(setting)[1:61])
def test_a_bad_setting_is_told_with_file_and_line(site, setting):
    site.create()
    before = site.everything()
    if setting.startswith("store"):
        site.conf.write_text(f"\n\n{setting}\n")
    else:
        site.configure("", setting)
    lines = [3 + offset for offset in range(setting.count("\n") + 1)]
    # What has no end is found missing at the end of the file.
    if setting in ('log = "all', "hash: { passes = 2;", "/* never ended", "limit 25;", "limit = ;"):
        lines.append(4)
    for words in (["list", "alice"], ["--json", "create", "alice", "--label", "x"]):
        with_line(site, site.run(*words), f"(?:{'|'.join(map(str, lines))})")
    assert site.everything() == before


def test_the_line_is_that_of_the_setting_and_not_of_its_group(site):
    site.configure("hash: {", "", "  passes = 2;", "", "  memory = 1;", "};", "limit = 3;")
    with_line(site, site.run("list"), 6)
    site.configure(
        "apps: (",
        '  { name = "a"; services = [ "imap" ]; },',
        "",
        '  { name = "b";',
        '    services = [ "imap" ]; }',
        ");",
    )
    with_line(site, site.run("list"), "(?:5|6)")


# Lesson: libconfig 1.5.
@pytest.mark.of_files("with a configuration that is wrong no broker begins, whom the module asks")
def test_module_and_tool_judge_the_configuration_alike(site, login):
    password = site.create("alice", "Phone", "--app", "mail")["password"]
    assert login(password) == 0
    for setting in ("limit = 4294967321;", "frobnicate = 1;", '@include "x"', 'log = "none";'):
        site.configure("virtual_users = true;", setting)
        assert login(password) == 3  # PAM_SERVICE_ERR
        with_line(site, site.run("list"), 3)


def test_a_nul_byte_is_told_with_its_line(site):
    for number, body in enumerate(
        (b"\0", b"limit = 2\0;\n", b"# comment \0 comment\n", b'log = "all\0";\n', b"limit = 3;\0")
    ):
        site.conf.write_bytes(b'store = "' + bytes(site.store) + b'";\n' + body)
        with_line(site, site.run("list"), 2), number


# Lesson: libconfig.
def test_an_include_reads_and_runs_nothing(site):
    trap = site.folder / "trap"
    os.mkfifo(trap)
    site.configure(f'@include "{trap}"')
    with_line(site, site.run("list", timeout=LONG), 2)


# Lesson: libconfig.
def test_a_huge_file_is_refused_at_once(site):
    with open(site.conf, "ab") as file:
        file.truncate(1 << 33)
    site.run("list", timeout=LONG).refused(6)
    site.configure(*["# a comment that goes on and on" * 8] * 100_000)
    site.run("list", timeout=LONG).refused(6)


def test_a_deeply_nested_file_is_refused_or_read_but_never_crashes(site):
    for body in ("a: {" * 20_000, "a = " + "(" * 20_000):
        site.configure(body)
        site.run("list", timeout=LONG).refused(6)


def in_place_of_the_file(site, kind):
    site.conf.unlink()
    if kind == "nothing":
        return
    if kind == "folder":
        site.conf.mkdir()
    elif kind == "FIFO":
        os.mkfifo(site.conf, 0o600)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as end:
            place = os.getcwd()
            os.chdir(site.folder)
            end.bind(site.conf.name)
            os.chdir(place)
    elif kind == "device":
        os.mknod(site.conf, 0o600 | 0o020000, os.makedev(1, 5))
    elif kind == "link":
        (site.folder / "real.conf").write_text(f'store = "{site.store}";\n')
        site.conf.symlink_to("real.conf")
    elif kind == "dangling link":
        site.conf.symlink_to("nowhere")
    elif kind == "loop":
        site.conf.symlink_to(site.conf.name)


# Lesson: libconfig.
@pytest.mark.parametrize("kind", ["nothing", "folder", "FIFO", "socket", "device", "link", "dangling link", "loop"])
def test_what_is_no_file_is_refused_at_once(site, root, kind):
    site.create()
    in_place_of_the_file(site, kind)
    run = site.run("list", timeout=LONG).refused(6)
    assert str(site.conf) in run.err


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666, 0o664])
def test_a_file_that_others_may_write_is_refused(site, mode):
    site.create()
    site.conf.chmod(mode)
    site.run("list").refused(6)
    site.conf.chmod(0o644)
    site.run("list").done()


def test_a_file_or_folder_of_another_owner_is_refused(site, root):
    site.create()
    for path in (site.conf, site.folder):
        os.chown(path, 65534, 65534)
        site.run("list").refused(6)
        os.chown(path, 0, 0)
    site.run("list").done()


def test_a_folder_that_others_may_write_is_refused_but_a_sticky_one_above(make_site, tmp_path):
    above = tmp_path / "above"
    folder = above / "folder"
    folder.mkdir(parents=True)
    site = make_site(folder)
    site.store = tmp_path / "store"
    site.configure("virtual_users = true;")
    site.create()
    for path in (folder, above):
        for mode in (0o777, 0o775, 0o757):
            path.chmod(mode)
            site.run("list").refused(6)
        path.chmod(0o755)
    above.chmod(0o1777)
    site.run("list").done()


def test_a_link_in_the_path_is_refused_with_its_real_path(make_site, tmp_path):
    real = tmp_path / "real" / "inner"
    real.mkdir(parents=True)
    site = make_site(real)
    site.create()
    (tmp_path / "link").symlink_to("real")
    site.conf = tmp_path / "link" / "inner" / "asp.conf"
    run = site.run("list").refused(6)
    assert str(tmp_path / "real") in run.err


def test_a_file_that_cannot_be_read_is_refused(shared, nobody):
    shared.create()
    shared.conf.chmod(0o600)
    shared.run("list", prefix=nobody).refused(6)


def test_config_may_be_relative_to_the_working_folder(site):
    site.create()
    run = site.execute(site.admin, "--config", "asp.conf", "--json", "list", cwd=site.folder)
    assert len(run.document()) == 1


def test_without_config_the_default_paths_are_used_and_may_be_missing(site, namespaces):
    script = """
        mount -t tmpfs -o mode=755 tmpfs /var/lib
        if [ -d /etc/asp ]; then mount -t tmpfs -o mode=755 tmpfs /etc/asp; fi
        code=0
        "$1" list 2>&1 || code=$?
        test "$code" = 5
        "$1" create root --label x --quiet
        test -f /var/lib/asp/users/root
    """
    run = site.execute(*namespaces, "sh", "-ec", script, "sh", site.admin)
    assert run.code == 0, run


def test_a_configuration_cut_anywhere_is_read_or_told(site):
    site.create()
    site.configure(uncommented().replace('store          = "/var/lib/asp";', ""))
    body = site.conf.read_bytes()
    for end in range(body.index(b"\n") + 1, len(body), 61):
        site.conf.write_bytes(body[:end])
        run = site.run("list", "alice")
        if run.code != 0:
            run.refused(6)
