"""What others do between what a user is shown and her client's word that she was: it stays, and what was shown is void."""

import pytest
from support.passwords import PASSWORD
from support.self_service import ALICES, NO, SAID, STORE, message


@pytest.mark.parametrize(
    "change, why",
    [
        ("asp-admin revoke alice --all", "all app passwords of alice were revoked"),
        ("asp-admin revoke alice OLD", "OLD was revoked meanwhile"),
        ("asp-admin remove alice", "the account was removed"),
        ("echo 'alice:another' | chpasswd", "the primary password of alice was changed meanwhile"),
        ("usermod --lock alice", "the primary password of alice was changed meanwhile"),
        ("sed -i '/^alice:/d' /etc/shadow", "the primary password of alice was changed meanwhile"),
    ],
    ids=["revoked-all", "revoked", "removed", "changed", "locked", "absent"],
)
def test_what_she_acknowledges_after_a_change_is_void_and_the_change_stays(own, change, why):
    old = own.makes("alice", "Old")
    saved = own.sandbox.read("/etc/shadow")
    try:
        with own.hostile_client("alice") as alice:
            number = alice.begin("rotate", old[:2], "--quiet")
            alice.answer(number, ALICES)
            shown = PASSWORD.search(alice.told(number)[1]).group()
            own.events()
            own.sandbox.shell(change.replace("OLD", old[:2])).done()
            after = own.states()
            alice.send(number, message(SAID, b"0\0"))
            code, out, err = alice.end(number)
    finally:
        own.sandbox.write("/etc/shadow", saved, mode="640")
    assert (code, out) == (STORE, ""), err
    assert f"the app password {shown[:2]} that was shown is void" in err and why.replace("OLD", old[:2]) in err
    assert own.states() == after
    assert own.events()[-1].startswith('event=dropped by="alice" user="alice" id=' + shown[:2])
    assert own.run("alice", "check", "--service", "imap", input=shown).code == NO
