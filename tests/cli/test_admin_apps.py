"""The apps that there are: which an app password can be made for, and that one is refused which is none."""

import pytest

GROUPS = ["mail", "calendar", "ssh"]

# The files of PAM in a folder of their own: $1, and then the command.
PRIVATE_PAM = 'mount --bind "$1" /etc/pam.d && shift && exec "$@"'

STACKS = {
    "asp-only": "auth required pam_asp.so\naccount required pam_asp.so\n",
    "asp-enrolled": "auth required pam_asp.so\n",
    "asp-sshd-only": "auth required pam_asp.so\n",
    "vsftpd": "auth include asp-only\n",
    "webdav": "@include asp-only\n",
    "nested": "auth substack vsftpd-like\n",
    "vsftpd-like": "@include asp-only\n",
    "cockpit": "auth sufficient /usr/local/lib/security/pam_asp.so\n",
    # In a group; no app password's, whatever it asks; asked for nothing of ours; asked beside the login; no service.
    "imap": "auth include asp-only\n",
    "asp-admin": "auth required pam_asp.so\n",
    "asp-web": "auth required pam_asp.so\n",
    "cups": "auth required pam_unix.so\n",
    "atd": "auth required pam_unix.so\nsession required pam_asp.so\n",
    "other": "auth required pam_asp.so\n",
    "Upper": "auth required pam_asp.so\n",
    "webdav.dpkg-old": "auth required pam_asp.so\n",
    "first-use": "auth required pam_asp.so\n",
    "two words": "auth required pam_asp.so\n",
}


@pytest.fixture
def pam(site, namespaces):
    """The prefix that runs a command with these files of PAM alone in /etc/pam.d."""
    folder = site.folder / "pam"
    folder.mkdir()
    for name, text in STACKS.items():
        (folder / name).write_text(text)
    (folder / "folder").mkdir()
    return [*namespaces, "sh", "-c", PRIVATE_PAM, "sh", folder]


def create(site, app, *more, **options):
    return site.run("create", "alice", "--label", f"for {app}", "--app", app, *more, **options)


def names(site, **options):
    return [row["app"] for row in site.json("apps", **options)]


def test_apps_are_those_of_the_configuration_in_its_order(site):
    assert [name for name in names(site) if name in GROUPS] == GROUPS
    site.configure('apps: ( { name = "post"; services = [ "imap", "sshd" ]; }, { name = "none"; services = []; } );')
    rows = site.json("apps")[:2]
    assert rows == [
        {"app": "post", "services": ["imap", "sshd"], "guarded": True, "open": True},
        {"app": "none", "services": [], "guarded": False, "open": True},
    ]


def test_apps_are_also_the_services_in_no_group_whose_stack_asks_for_app_passwords(site, pam):
    rows = {row["app"]: row for row in site.json("apps", prefix=pam)}
    assert list(rows) == [*GROUPS, "cockpit", "nested", "vsftpd", "webdav"]
    assert rows["vsftpd"] == {"app": "vsftpd", "services": ["vsftpd"], "guarded": False, "open": True}
    assert rows["cockpit"]["guarded"] is True
    site.configure('apps: ( { name = "webdav"; services = [ "nested" ]; } );')
    assert names(site, prefix=pam) == ["webdav", "cockpit", "imap", "vsftpd"]


def test_the_table_of_apps_has_a_whole_line_for_each(site, pam):
    lines = site.run("apps", prefix=pam).done().out.splitlines()
    assert lines[0].split()[:3] == ["APP", "SERVICES", "GUARDED"]
    assert lines[3].split() == ["ssh", "sshd", "sshd", "yes"]
    assert lines[-1].split() == ["webdav", "webdav", "-", "yes"]
    site.configure("apps: ();")
    run = site.run("apps", prefix=[*pam[:-1], site.store.parent / "pam" / "folder"]).done()
    assert run.out.startswith("no apps: ")


@pytest.mark.parametrize("way", [[], ["--quiet"], ["--json"]], ids=str)
def test_an_app_that_is_none_is_refused_with_those_that_there_are(site, pam, way):
    run = create(site, "nonesuch", *way, prefix=pam).refused(2)
    assert run.err == (
        "asp-admin: --app nonesuch: there is no such app; there are: mail, calendar, ssh, cockpit, nested, vsftpd, webdav; "
        "for one that is to come say --new-app as well\n"
    )
    assert site.kept() == {}


@pytest.mark.parametrize(
    "given, meant",
    [("mial", "mail"), ("Maill", "mail"), ("maill", "mail"), ("Calender", "calendar"), ("vsfptd", "vsftpd"), ("cusp", "cups")],
)
def test_the_app_that_was_meant_is_named(site, pam, given, meant):
    run = create(site, given, prefix=pam).refused(2)
    assert f"--app {given}: there is no such app: did you mean {meant}? There are: mail, " in run.err


@pytest.mark.parametrize("app", ["vsftpd", "VsFTPd", "webdav", "cups", "other", "any", "first-use", "ssh"])
def test_a_service_with_a_file_of_pam_is_an_app(site, pam, app):
    assert create(site, app, "--json", prefix=pam).document()["app"] == app.lower()


@pytest.mark.parametrize("app", ["Upper", "upper", "folder", "..", "."])
def test_what_libpam_opens_for_no_service_is_no_app(site, pam, app):
    create(site, app, prefix=pam).refused(2)


def test_an_app_that_is_to_come_can_be_meant(site):
    run = create(site, "Wiki", "--new-app")
    assert run.code == 0 and "slip" not in run.err
    assert [entry["app"] for entry in site.entries()] == ["wiki"]
    for app in ("mail", "any", "first-use"):
        create(site, app, "--new-app").done()
    # What is another app, by another name.
    assert "say --app mail" in create(site, "imap", "--new-app").refused(2).err
    assert "say with --app" in site.run("create", "alice", "--label", "x", "--new-app").refused(2).err


def test_an_app_is_meant_with_capitals_as_a_service_is(site):
    assert create(site, "MAIL", "--json").document()["app"] == "mail"


def test_a_group_whose_name_has_capitals_is_named_with_them(site):
    site.configure("virtual_users = true;", 'apps: ( { name = "Mail"; services = [ "imap" ]; } );')
    assert create(site, "Mail").code == 0
    assert "did you mean Mail?" in create(site, "mail").refused(2).err


def test_many_apps_are_named_in_part(site):
    apps = ",".join(f'{{ name = "app-{n}-{"x" * 40}"; services = []; }}' for n in range(100))
    site.configure(f"apps: ( {apps} );")
    run = create(site, "nonesuch").refused(2)
    assert len(run.err) < 1500 and ", and others: see asp-admin apps; " in run.err


def test_an_unknown_app_is_only_told_of_where_it_was_not_typed(site):
    site.configure("virtual_users = true;", 'default_app = "wiki";')
    run = site.run("create", "alice", "--label", "Phone").done()
    assert "note: default_app of asp.conf is wiki, and there is no such app" in run.err
    (entry,) = site.entries()
    assert entry["app"] == "wiki"
    run = site.run("rotate", "alice", entry["id"]).done()
    assert "note: there is no app wiki" in run.err
    assert site.run("create", "alice", "--label", "Tablet", "--quiet").done().err == ""


def test_a_line_of_a_batch_with_no_app_is_an_error_of_its_own(site):
    text = "alice\tPhone\tmial\nbob\tPhone\tmail\ncarol\tPhone\n"
    run = site.run("create", "--batch", input=text)
    assert run.code == 1 and "--app mial: there is no such app: did you mean mail?" in run.err
    assert [line.split("\t")[:2] for line in run.out.splitlines()] == [["bob", "Phone"], ["carol", "Phone"]]
    site.run("create", "--batch", "--new-app", input="alice\tPhone\tmial\ncarol\tTablet\n").done()
    assert [entry["app"] for entry in site.entries()] == ["mial"]
