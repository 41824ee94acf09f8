"""A running watch: when it looks, what it says, and what it does when its configuration or its store is another one."""

import json
import os
import pathlib
import re
import shutil
import signal
import time

import pytest
from support.folders import exchange
from support.primaries import active, many
from support.processes import lives
from support.run import ended
from support.wait import LONG, wait_until
from support.watch import Manager, counts, once, stop


def test_the_service_manager_is_told_when_it_is_ready_and_when_it_ends(site, three, log):
    with Manager(log.folder) as manager:
        with ended(site.start("watch", prefix=manager.prefix)) as process:
            assert manager.receive() == b"READY=1"
            process.send_signal(signal.SIGHUP)
            assert re.fullmatch(rb"RELOADING=1\nMONOTONIC_USEC=\d+", manager.receive())
            assert manager.receive() == b"READY=1"
            process.terminate()
            assert manager.receive() == b"STOPPING=1"
            assert process.wait(LONG) == 0


def test_a_running_watch_reconciles_at_start_and_at_its_interval(site, three, log, watch):
    three.say({"alice": "new", "bob": "two", "carol": "three"})
    three.configure(interval=10)
    process = watch()
    assert site.states("alice") == [("Phone", "revoked")]
    three.say({"alice": "new", "bob": "new", "carol": "three"})
    log.wait_for('event=revoked .*user="bob"')
    assert active(site, "carol")
    stop(process)


def test_a_running_watch_leaves_no_core(site, three, log, watch):
    """There would be the password of a database in it."""
    limits = pathlib.Path(f"/proc/{watch().pid}/limits").read_text()
    assert re.search(r"^Max core file size +0 ", limits, re.M), limits


def test_each_pass_is_summarised_once(site, three, log, watch):
    site.create("bob", "Tablet")
    three.say({"alice": "new", "bob": "new", "carol": "three"})
    process = watch()
    stop(process)
    lines = log.lines()
    assert sum("event=revoked" in line for line in lines) == 3
    assert [line for line in lines if "event=" not in line and "runs primary.command" not in line] == [
        "watch: 2 of 3 primary passwords have changed, 3 app passwords were revoked"
    ]


def test_a_second_watch_of_a_store_says_who_has_it_and_ends(site, three, watch):
    process = watch()
    refused = site.run("watch").refused(5)
    assert str(process.pid) in refused.err
    assert process.poll() is None
    stop(process)
    again = watch()
    stop(again)


def test_a_pass_by_hand_runs_beside_a_running_watch(site, three, watch):
    process = watch()
    three.say({"alice": "new", "bob": "two", "carol": "three"})
    assert once(site) == counts(accounts=3, changed=1, revoked=1)
    stop(process)


def test_what_a_running_watch_holds_back_is_confirmed_beside_it(site, primaries, log, watch):
    old = many(site, primaries, 21)
    primaries.say({user: "new" + user for user in old})
    log.lines()
    process = watch()
    lines = log.wait_for("watch --confirm")
    assert not any("event=" in line for line in lines)
    assert all(active(site, user) for user in old)
    process.send_signal(signal.SIGHUP)
    time.sleep(1)
    assert log.lines() == []  # said once
    assert site.json("watch", "--confirm")["revoked"] == 21
    stop(process)


def test_no_user_has_the_name_of_the_lock_of_the_watch(site, primaries, watch):
    primaries.say({".watch": "one"})
    site.create(".watch", "Phone")
    process = watch()
    site.create(".watch", "Tablet")
    primaries.say({".watch": "two"})
    process.send_signal(signal.SIGHUP)
    wait_until(lambda: site.states(".watch") == [("Phone", "revoked"), ("Tablet", "revoked")])
    stop(process)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_running_watch_with_nothing_half_done(site, three, watch, number):
    process = watch()
    process.send_signal(number)
    assert process.wait(LONG) == 0


def test_a_signal_ends_a_watch_and_the_command_that_it_runs(site, three, log):
    started = site.folder / "started"
    three.write(f"echo $$ >{started}; sleep 300")
    with ended(site.start("watch", prefix=log.prefix)) as process:
        wait_until(lambda: started.exists() and started.read_text())
        process.terminate()
        assert process.wait(LONG) == 0
    wait_until(lambda: not lives(started.read_text().strip()), "the command lives on")


def test_sighup_reads_the_configuration_anew_and_makes_a_pass(site, three, log, watch):
    process = watch()
    other = site.folder / "other"
    other.write_text("#!/bin/sh\nprintf 'alice\\tnew\\nbob\\ttwo\\ncarol\\tthree\\n'\n")
    other.chmod(0o755)
    before = three.program
    three.program = other
    # In place, and the file is not closed: that alone tells nobody.
    three.configure()
    process.send_signal(signal.SIGHUP)
    log.wait_for('event=revoked .*user="alice"')
    assert before.exists()
    stop(process)


def test_a_broken_configuration_is_logged_at_once_and_the_old_one_kept(site, three, log, watch):
    process = watch()
    log.lines()
    site.conf.write_text("limit = many;\n")
    lines = log.wait_for(f"{site.conf}:1:")
    assert any("is kept" in line for line in lines)
    process.send_signal(signal.SIGHUP)
    log.wait_for(f"{site.conf}:1:")
    three.configure()
    three.say({"alice": "new", "bob": "two", "carol": "three"})
    process.send_signal(signal.SIGHUP)
    log.wait_for('event=revoked .*user="alice"')
    stop(process)


def wake(folder):
    """Something that happens in a folder that is watched, and means nothing."""
    (folder / "nothing").write_text("")


def test_a_configuration_whose_folder_was_replaced_is_read(site, three, log, watch):
    folder, other = site.folder / "etc", site.folder / "other"
    folder.mkdir()
    site.conf = folder / "asp.conf"
    three.configure()
    process = watch()
    shutil.copytree(folder, other)
    (other / "asp.conf").write_text("limit = many;\n")
    time.sleep(3)  # what was written this moment may not be whole yet
    exchange(folder, other)
    wake(other)  # the one that it watches; without that it looks once in a minute
    lines = log.wait_for(f"{site.conf}:1:")
    assert sum("is kept" in line for line in lines) == 1
    wake(other)
    three.configure()
    three.say({"alice": "new", "bob": "two", "carol": "three"})
    process.send_signal(signal.SIGHUP)
    log.wait_for('event=revoked .*user="alice"')
    site.conf.write_text("limit = many;\n")  # the new folder is watched now
    log.wait_for(f"{site.conf}:1:")
    stop(process)


def test_a_configuration_is_read_also_when_the_event_was_lost(site, three, log, watch):
    process = watch()
    process.send_signal(signal.SIGSTOP)
    most = int(pathlib.Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    for number in range(most + 2):  # by turns: one that comes again at once is kept once
        os.close(os.open(site.folder / f"nothing{number % 2}", os.O_WRONLY | os.O_CREAT))
    site.conf.write_text("limit = many;\n")
    process.send_signal(signal.SIGCONT)
    log.wait_for(f"{site.conf}:1:")
    stop(process)


def test_another_store_in_the_place_of_the_one_that_is_watched_is_found(site, three, log, watch):
    process = watch()
    copy = site.folder / "copy"
    shutil.copytree(site.store, copy)
    # Before: watch may see at once that the store is another, and makes one pass then.
    three.say({"alice": "new", "bob": "two", "carol": "three"})
    exchange(site.store, copy)
    wake(site.folder)
    log.wait_for('event=revoked .*user="alice"')
    assert not active(site, "alice")
    site.run("watch").refused(5)
    stop(process)


def test_a_command_that_fails_revokes_nothing_and_is_said_once(site, three, log, watch):
    three.write("exit 3")
    process = watch()
    log.wait_for("exit code 3")
    process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    assert log.lines() == []
    three.write(f'cat "{three.data}"')
    process.send_signal(signal.SIGHUP)
    log.wait_for("well again")
    assert all(active(site, user) for user in ("alice", "bob", "carol"))
    stop(process)


def test_a_store_that_goes_away_and_comes_back_is_watched_again(site, three, log, watch):
    process = watch()
    log.lines()
    aside = site.folder / "aside"
    site.store.rename(aside)
    process.send_signal(signal.SIGHUP)
    log.wait_for("no store at")
    aside.rename(site.store)
    three.say({"alice": "new", "bob": "two", "carol": "three"})
    process.send_signal(signal.SIGHUP)
    log.wait_for('event=revoked .*user="alice"')
    site.run("watch").refused(5)
    stop(process)


def test_an_account_that_is_damaged_hides_no_other(site, three, log, watch):
    site.put("alice", b"damaged\n")
    three.say({"alice": "new", "bob": "new", "carol": "three"})
    run = site.run("--json", "watch", "--once")
    assert run.code == 5 and re.search("1 account could not be compared: .*alice( in the database)?: ", run.err)
    assert json.loads(run.out) == counts(accounts=3, changed=1, revoked=1, unknown=1)
    process = watch()
    log.wait_for("1 account could not be compared: .*alice( in the database)?: ")
    stop(process)
