"""What asp-admin says of what it was given and of what there is: it names the rule that was broken, and what to do."""


def test_list_of_who_has_nothing_active_says_what_there_is(site):
    site.configure("history = 1;", "virtual_users = true;")
    site.create("root", "Other")
    assert site.run("list", "daemon").done().out == "no app passwords\n"
    site.create("daemon", "One")
    site.create("daemon", "Two")
    site.run("revoke", "daemon", "--all").done()
    assert site.run("list", "daemon").done().out == "no active app passwords; 1 revoked: --all shows them\n"
    assert "revoked" in site.run("list", "daemon", "--all").done().out
    site.create("daemon", "Three", "--unused", "1s")
    assert "Three" in site.run("list", "daemon").done().out
    site.configure("history = 0;", "virtual_users = true;")
    site.run("revoke", "daemon", "--all").done()
    assert site.run("list", "daemon").done().out == "no app passwords; the user is still enrolled\n"
    assert site.json("list", "daemon") == []


def test_history_that_keeps_nothing_is_not_called_none_yet(site):
    site.configure("history = 0;", "virtual_users = true;")
    site.create("root", "Other")
    assert site.run("history", "daemon").done().out == "no app passwords yet\n"
    site.create("daemon", "One")
    site.run("revoke", "daemon", "--all").done()
    assert site.run("history", "daemon").done().out == "nothing is kept of what there was: see history in asp.conf(5)\n"
    assert site.json("history", "daemon") == []
