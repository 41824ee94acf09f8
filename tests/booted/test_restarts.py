"""Everything is started again and again while a thousand logins go on: no answer is a wrong one."""

import collections
import concurrent.futures
import threading
import time

import pytest
from booted_machine import SERVICES, http_login, imap_login
from support.passwords import PRIMARY, wrong
from support.run import as_user

LOGINS, ROUNDS = 250, 3  # that were answered, for each of four; of all services
ASKS = {"IMAP": imap_login, "HTTP": http_login}


@pytest.mark.timeout(1500)
def test_a_restart_in_the_middle_of_logins_makes_no_answer_a_wrong_one(machine, capsys):
    """alice has the right passwords and bob wrong ones. "Unavailable" is no wrong answer, and is counted: nginx tells it as
    a refusal, so the log has to say that it was none."""
    passwords = {
        ("IMAP", "alice"): machine.create("alice", "Phone"),
        ("HTTP", "alice"): machine.create("alice", "Calendar", "calendar"),
        ("IMAP", "bob"): wrong(machine.create("bob", "Phone")),
        ("HTTP", "bob"): wrong(machine.create("bob", "Calendar", "calendar")),
    }
    counts = {key: collections.Counter() for key in passwords}
    over = threading.Event()

    def log_in(key):
        count = counts[key]
        while count["in"] + count["refused"] < LOGINS or not over.is_set():
            answer = ASKS[key[0]](key[1], passwords[key])
            count[answer] += 1
            if answer == "unreachable":
                time.sleep(0.05)

    def list_own():
        own = collections.Counter()
        while not over.is_set():
            run = machine.run(*as_user("alice"), "asp-admin", "list")
            own["in" if run.code == 0 else "unreachable"] += 1
            assert run.code in (0, 5), run
            assert run.code or "Phone" in run.out, run
        return own

    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        work = [pool.submit(log_in, key) for key in passwords]
        own = pool.submit(list_own)
        try:
            for _ in range(ROUNDS):
                for unit in (*SERVICES, "dovecot.service"):
                    machine.systemctl("restart", unit)
        finally:
            over.set()
        for one in work:
            one.result()

    lines = [line for line in machine.journal() if "verdict=" in line]
    verdicts = collections.Counter(
        (user, line.split("verdict=", 1)[1].split(" ", 1)[0])
        for line in lines
        for user in PRIMARY
        if f'user="{user}"' in line
    )
    with capsys.disabled():
        for (service, user), count in counts.items():
            print(f"\ncounted: {service} {user}: {dict(count)}", end="")
        print(f"\ncounted: her own list: {dict(own.result())}\ncounted: the log: {dict(verdicts)}")
    assert set(verdicts) <= {("alice", "accepted"), ("alice", "unavailable"), ("bob", "wrong-secret"), ("bob", "unavailable")}
    assert set(counts["IMAP", "alice"]) <= {"in", "unreachable"}
    assert counts["IMAP", "bob"]["in"] == counts["HTTP", "bob"]["in"] == 0
    assert counts["HTTP", "alice"]["refused"] <= verdicts["alice", "unavailable"]
    assert own.result()["in"] > 0
