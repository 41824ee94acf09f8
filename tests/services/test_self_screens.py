"""A user on her own account sees what root sees: a screen as wide as her terminal, whatever the broker has."""

import pytest
from support.passwords import PASSWORD, id_but
from support.self_service import ADMIN, ASKED, DONE, NOT_FOUND

LABEL = "Thunderbird on the laptop in the office"


def typed(typist, columns, *words, answers=()):
    line = f"stty cols {columns}; NO_COLOR=1 {ADMIN} {' '.join(words)}"
    code, shown = typist.type(line, *answers)
    assert [row for row in shown.splitlines() if len(row) > columns] == [], shown
    return code, " ".join(shown.split())


@pytest.mark.parametrize("columns", [40, 80])
def test_what_she_sees_is_as_wide_as_her_terminal(own, columns):
    with own.typist("alice") as alice:
        code, made = typed(alice, columns, "create", "--label", f"'{LABEL}'", "--app", "mail", answers=ASKED)
        assert code == DONE
        assert made.startswith("Say who you are: your login password (not an app password). Password: ")
        assert f"A new app password for alice: {LABEL}" in made
        assert "Type it into the app in place of your own password; spaces and dashes do not matter, capitals" in made
        assert typed(alice, columns, "list")[0] == DONE
        code, told = typed(alice, columns, "history")
        assert (code, told.endswith("by alice")) == (DONE, True)
        other = id_but(PASSWORD.search(made)[0][:2])
        code, told = typed(alice, columns, "revoke", other)
        assert (code, told) == (NOT_FOUND, f"asp-admin: alice has no app password with the id {other}")
