"""That what doctor says of a stack is so: real logins through the real libpam and the real module, by stacks drawn at
random, and again by what its fixes make of them. Only modules that know passwords of others, and rules, are steered, so
that each of their answers comes up."""

import dataclasses
import json
import re

import pytest
from support import sanitizers
from support.long import EVERYTHING
from support.pam_stacks import (
    FOLDER,
    LINKS,
    NONSENSE,
    OTHER,
    PASSWORDS,
    RULES,
    SHARED,
    SUCCESS,
    Drawn,
    Logins,
    draw_stacks,
    with_folder,
)

SEEDS = (20261129, 20261131) if EVERYTHING else (20261129,)
COUNT = 150  # for each
ROUNDS = 4

WRITE = re.compile(
    r"in /etc/pam\.d/(?P<name>\S+) write (?P<lines>`[^`]*`(?:, then `[^`]*`)*)"
    r"(?: at its end|(?: in place of| above) lines? (?P<at>\d+)(?: to \d+)?, `[^`]*`)"
    r"(?P<gone>(?:, and take out lines? \d+(?: to \d+)?)*)"
)
RANGE = re.compile(r"(?:in place of|take out) lines? (\d+)(?: to (\d+))?")


class Machine:
    """The stacks lie side by side, a service each."""

    def __init__(self, patient):
        self.patient = patient
        self.sandbox = patient.sandbox
        self.transactions = patient.build / "tests" / "pam" / "transactions"
        self.sandbox.shell(
            'mkdir -p "$1"; for name in "${@:3}"; do cp "$2" "$1/$name.so"; done; rm -f /etc/pam.d/imap; chmod 755 "$1"',
            FOLDER,
            patient.build / "tests" / "pam" / "pam_steered.so",
            *(*PASSWORDS, *RULES, "pam_asp"),
        ).done()
        modules = self.sandbox.shell("dirname $(find /usr/lib /lib -name pam_unix.so -print -quit)").done().out.strip()
        self.module = f"{modules}/pam_asp.so"
        steered = [f"{FOLDER}/{name}.so" for name in (*PASSWORDS, *RULES, "pam_asp")]
        real = ("asp", "deny", "permit", "env", "faildelay", "faillock", "unix")
        self.modules = [*steered, *(f"{modules}/pam_{name}.so" for name in real)]
        for name, text in {**SHARED, "other": OTHER}.items():
            self.sandbox.write(f"/etc/pam.d/{name}", with_folder(text))
        for name, target in LINKS.items():
            self.sandbox.run("ln", "-sf", target, f"/etc/pam.d/{name}").done()
        self.right = patient.create("alice", "Right", "--app", "any")
        self.revoked = patient.create("alice", "Revoked", "--app", "any")
        patient.asp_admin("revoke", "alice", self.revoked[:2]).done()

    def write(self, texts):
        """All in one go: a test has hundreds."""
        script = "import json, pathlib, sys\nfor name, text in json.load(sys.stdin).items():\n"
        script += "    pathlib.Path('/etc/pam.d', name).write_bytes(text.encode())\n"
        self.sandbox.run("/usr/bin/python3", "-c", script, input=json.dumps(texts)).done()

    def log_in(self, logins):
        """What comes of each: the codes of auth and account, and what faillock has written."""
        logins = list(dict.fromkeys(logins))
        lines = "".join(login.line(self.module) + "\n" for login in logins)
        # libpam does not free all of a stack that it could not read.
        words = [*sanitizers.without_leaks(), self.transactions, "/run/faillock", *self.modules]
        run = self.sandbox.run(*words, input=lines, timeout=300).done()
        results = [tuple(map(int, line.split())) for line in run.out.splitlines()]
        assert len(results) == len(logins), run
        return dict(zip(logins, results))

    def faults(self):
        """By service: those of its auth lines, of its account lines, and of how it is written."""
        found = {}
        for fault in self.patient.faults():
            if fault.check != "pam":
                continue
            names = set(re.findall(r"\b(drawn\d+)\b", f"{fault.message} {fault.mend}"))
            assert len(names) == 1, fault
            kind = "account" if "account line" in fault.message else "auth"
            kind = "form" if "carriage return" in fault.message else kind
            found.setdefault(names.pop(), {})[kind] = fault
        return found


class Facts:
    """What is so of a stack, by its logins."""

    def __init__(self, logins):
        self.logins, self.results, self.ages = logins, {}, []
        self.text = logins.stack.text

    def first_logins(self):
        for those in self.logins.rights():
            yield from those
        yield from self.logins.refused()
        yield from self.logins.primaries("alice")
        yield from self.logins.primaries("bob")
        yield from (login for pair in self.logins.barred() for login in pair)
        yield from self.logins.counted()

    def later_logins(self):
        """Those of account, once it is known how auth is passed."""
        passing = [those for those in self.logins.rights() if self.is_told_apart(those[0])]
        self.ages = self.logins.ages(passing[0]) if passing else []
        return [login for those in self.ages for login in those]

    def got(self, login):
        return self.results[login]

    def passes(self, login):
        return self.got(login)[0] == 0

    def opens(self, login):
        return self.got(login)[:2] == (0, 0)

    def is_told_apart(self, login):
        """It passes auth, and not as anything else would."""
        answers = tuple((name, (auth, RULES.get(name, [SUCCESS])[0])) for name, (auth, _) in login.answers)
        return self.passes(login) and not self.passes(dataclasses.replace(login, password=NONSENSE, answers=answers))

    @property
    def right_is_sure(self):
        return any(all(self.passes(login) for login in those) for those in self.logins.rights())

    @property
    def refused_ones_open(self):
        return [login for login in self.logins.refused() if self.passes(login)]

    @property
    def is_counted(self):
        return [login for login in self.logins.counted() if self.got(login)[2] > 0]

    def auth_is_faulty(self):
        return bool(not self.right_is_sure or self.refused_ones_open or self.is_counted)

    def account_is_faulty(self):
        """None where no app password comes to the account lines, and so it is not known of them all."""
        primaries = [*self.logins.primaries("alice"), *self.logins.primaries("bob")]
        primaries = [login for login in primaries if self.is_told_apart(login)]
        if primaries and not any(self.opens(login) for login in primaries):
            return True
        if not self.ages:
            return None
        return not any(all(self.opens(login) for login in those) for those in self.ages)


def look(machine, stacks):
    every = [Facts(Logins(stack, machine.right, machine.revoked)) for stack in stacks]
    results = machine.log_in(login for facts in every for login in facts.first_logins())
    for facts in every:
        facts.results = results
    results.update(machine.log_in(login for facts in every for login in facts.later_logins()))
    return {facts.logins.stack.name: facts for facts in every}


def check_agreement(stack, facts, faults, steered):
    said = faults.get(stack.name, {})
    if "form" in said:
        assert facts.auth_is_faulty() or facts.account_is_faulty(), f"{stack.text}\n{said}"
        return
    shown = f"{with_folder(stack.text) if steered else stack.text}\n{said}"
    sure = f"sure {facts.right_is_sure}, refused {facts.refused_ones_open[:2]}, counted {facts.is_counted}"
    assert ("auth" in said) == facts.auth_is_faulty(), f"{sure}\n{shown}"
    account = facts.account_is_faulty()
    assert account is None or ("account" in said) == account, f"account {account}\n{shown}"


def apply(text, mends):
    """The file, with all that is to be done in it: the numbers are those of the lines as they were."""
    lines = text.split("\n")[:-1]
    before, gone, behind = {}, set(), []
    for mend in mends:
        found = WRITE.search(mend)
        assert found, mend
        written = re.findall(r"`([^`]*)`", found["lines"])
        if found["at"]:
            before.setdefault(int(found["at"]), []).extend(written)
        else:
            behind += written
        for first, last in RANGE.findall(found[0]):
            gone |= set(range(int(first), int(last or first) + 1))
    kept = []
    for number, line in enumerate(lines, 1):
        kept += before.get(number, []) + ([] if number in gone else [line])
    return "\n".join([*kept, *behind, ""])


def check_not_worse(text, before, after):
    logins = before.logins
    assert after.refused_ones_open == [] or before.refused_ones_open != [], text
    for those in logins.rights():
        for login in those:
            kept = not before.opens(login) or before.refused_ones_open != []
            assert after.opens(login) or kept, f"{login}\n{text}"
    for user in ("alice", "bob"):
        for login in logins.primaries(user):
            kept = not before.opens(login) or before.refused_ones_open != []
            assert after.opens(login) or kept, f"{login}\n{text}"
            # With use_first_pass and nothing above nobody gets in, whom the brackets would let in or not.
            asked = "use_first_pass" not in before.text
            assert before.passes(login) or not after.passes(login) or not asked, f"{login}\n{text}"
    for kept, login in logins.barred():
        # Where anybody got in, an app password was nothing to the account lines, of which its own may end them now.
        bars = before.opens(kept) and not before.opens(login) and before.refused_ones_open == []
        assert not bars or not after.opens(login), f"{login}\n{text}"


@pytest.fixture
def machine(patient):
    return Machine(patient)


# Lesson: a proof of one half.
@pytest.mark.parametrize("seed", SEEDS)
def test_doctor_agrees_with_libpam_and_its_fixes_make_nothing_worse(machine, seed):
    stacks = {stack.name: stack for stack in draw_stacks(seed, COUNT)}
    texts = {name: with_folder(stack.text) for name, stack in stacks.items()}
    machine.write(texts)
    facts = look(machine, stacks.values())
    faults = machine.faults()
    kinds = [kind for said in faults.values() for kind in said]
    assert min(kinds.count("auth"), kinds.count("account"), COUNT - len(faults)) > COUNT / 10, kinds
    for name, stack in stacks.items():
        check_agreement(stack, facts[name], faults, True)
    whole = 0
    for _ in range(ROUNDS):
        changed = {}
        for name, said in faults.items():
            mends = [fault.mend for fault in said.values()]
            if "form" in said:
                assert mends == [f"sed -i 's/\\r$//' /etc/pam.d/{name}"]
                changed[name] = texts[name].replace("\r\n", "\n")
            elif all(WRITE.search(mend) for mend in mends):
                changed[name] = apply(texts[name], mends)
            else:
                whole += 1
        machine.write(changed)
        for name, text in changed.items():
            stacks[name].text = text
        now = look(machine, [stacks[name] for name in changed])
        for name, new in now.items():
            if "form" not in faults[name]:
                check_not_worse(f"{texts[name]}\n---\n{changed[name]}", facts[name], new)
            facts[name] = new
        texts.update(changed)
        faults = {name: said for name, said in machine.faults().items() if name in changed}
        for name in changed:
            check_agreement(stacks[name], facts[name], faults, False)
    assert faults == {}
    assert whole < COUNT / 10


COUNTED = """auth {} pam_nologin.so
auth [success=done cred_insufficient=ignore user_unknown=ignore default=die] pam_asp.so
auth sufficient pam_unix.so try_first_pass
auth [default=die] pam_faillock.so authfail
account sufficient pam_asp.so
account required pam_unix.so
"""


@pytest.mark.parametrize("control", ["required", "requisite"])
def test_an_app_password_that_is_counted_where_a_rule_above_refuses_is_told(machine, control):
    stack = Drawn("imap", COUNTED.format(control))
    machine.write({"imap": with_folder(stack.text)})
    ((kept, refused),) = Logins(stack, machine.right, machine.revoked).barred()
    results = machine.log_in([kept, refused])
    assert results[kept] == (0, 0, 0)
    assert results[refused][0] != 0 and (results[refused][2] > 0) == (control == "required")
    told = rf"who is refused by /etc/pam.d/imap:1 \({FOLDER}/pam_nologin.so\) and has a right app password is counted"
    notes = [row.message for row in machine.patient.findings() if row.note and row.check == "pam"]
    told = [note for note in notes if re.search(f"{told} .* by /etc/pam.d/imap:4 ", note)]
    assert len(told) == (1 if control == "required" else 0), notes
