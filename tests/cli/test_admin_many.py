"""A store of very many users: what list says of them, and the memory that it takes for that, and watch."""

import json

import pytest
from support.account_text import lines_of_text, sealed

MANY = 20000
LONG = "user019999" + "x" * 40
# What the tool takes for itself, and for each user her name, what is summed up beside it, and its place in their order.
OWN, FOR_ONE = 3 << 20, 128


@pytest.fixture(scope="module")
def names():
    return [f"user{number:06}" for number in range(MANY - 1)] + [LONG]


@pytest.fixture
def many(site, names):
    """Each with one app password; whose it is, is looked at nowhere here."""
    site.create(names[0], "Phone", "--app", "mail")
    first, *lines = lines_of_text(site.text(names[0]))
    site.put_all({name: sealed([first.replace(names[0], name), *lines]) for name in names[1:]})
    # The last uses of each are begun, once, and it says so.
    assert site.run("list").code == 0
    return site


def test_of_many_users_their_names_are_held_and_little_else(many, names, pytestconfig):
    few_bytes = ["prlimit", f"--data={OWN + MANY * FOR_ONE}"]

    def listed(*way):
        run = many.run("list", *way, prefix=few_bytes)
        assert (run.code, run.err) == (0, "")
        return run.out

    heading, *rows = listed().splitlines()
    width = len(LONG)
    assert heading == f"{'USER':{width}}  ACTIVE  REVOKED  LAST USED"
    # The accounts that were copied have no record of last uses with them; a database has one for all.
    copied = "never" if pytestconfig.getoption("engine") == "database" else "unknown"
    assert rows == [f"{name:{width}}  1       0        {'never' if name == names[0] else copied}" for name in names]

    document = [{"user": name, "active": 1, "revoked": 0, "last_used": None} for name in names]
    assert listed("--json") == json.dumps(document, indent=2) + "\n"

    assert listed("--quiet").split() == names


# What is run with a shadow file of its own.
WITH_SHADOW = 'mount --bind "$1" /etc/shadow; shift; exec "$@"'


def test_of_a_long_shadow_file_little_is_held_beside_its_text(site, namespaces, tmp_path):
    """Beside each line a few bytes: where it begins, in the order of names."""
    site.create("alice")
    shadow = tmp_path / "shadow"
    lines = [f"user{number:06}:*:20000:0:99999:7:::\n" for number in range(10 * MANY)]
    shadow.write_text("".join(lines))
    shadow.chmod(0o600)
    limit = OWN + shadow.stat().st_size + 8 * len(lines)
    prefix = [*namespaces, "sh", "-ec", WITH_SHADOW, "sh", shadow, "prlimit", f"--data={limit}"]
    run = site.run("watch", "--once", prefix=prefix)
    assert (run.code, run.err) == (0, "")
