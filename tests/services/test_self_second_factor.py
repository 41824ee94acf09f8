"""A second factor before a user acts on her own account: the line of the shipped stack for pam_google_authenticator and
pam_oath, with the `#` taken away, at a real terminal and in lines of JSON."""

import json
import re

import pytest
from support.passwords import PASSWORD
from support.second_factor import GOOGLE, OATH
from support.self_service import ALICES, BOBS, DONE, NO

CODE = re.compile("Verification code: |One-time password.*: ")


KINDS = {"pam_google_authenticator.so": GOOGLE, "pam_oath.so": OATH}


class Factor:
    """alice with a telephone."""

    def __init__(self, own, module):
        self.own = own
        self.code = KINDS[module].enroll(own.sandbox, "/var/lib/oath/users.oath")
        own.ask_for((rf"(?m)^#(auth +required +{module})", r"\1"))

    def answers(self, password, code):
        return [("Password: ", password), (CODE.pattern, code)]


@pytest.fixture(params=KINDS)
def factor(request, own):
    return Factor(own, request.param)


def test_her_password_and_her_code_give_leave_for_a_while(factor):
    with factor.own.typist("alice") as alice:
        code, shown = alice.admin("create", "--label", "Phone", answers=factor.answers(ALICES, factor.code()))
        assert code == DONE and PASSWORD.search(shown)
        assert len(CODE.findall(shown)) == 1
        assert alice.admin("revoke", "--all")[0] == DONE, "the answers hold for a while"
    assert factor.own.states() == [("Phone", "revoked")]


def test_without_the_right_code_she_is_refused_and_not_told_which_was_wrong(factor):
    with factor.own.typist("alice") as alice:
        seen = set()
        for answers in (factor.answers(ALICES, "000000"), factor.answers("not hers", factor.code())):
            code, shown = alice.admin("create", "--label", "Phone", answers=answers)
            seen.add((code, CODE.sub("code: ", shown).strip()))
        assert len(seen) == 1 and seen.pop()[0] == NO
    assert factor.own.states() == []


def test_a_code_is_good_once(factor):
    code = factor.code()
    for expected in (DONE, NO):
        with factor.own.typist("alice") as alice:
            assert alice.admin("create", "--label", f"{expected}", answers=factor.answers(ALICES, code))[0] == expected


def test_who_has_no_second_factor_gets_no_further(factor):
    run = factor.own.run("bob", "create", "--label", "Phone", input=f"{BOBS}\n000000\n")
    assert run.code == NO
    assert factor.own.states("bob") == []


def test_a_program_is_asked_for_both(factor):
    run = factor.own.run("alice", "--json", "create", "--label", "Phone", input=f"{ALICES}\n{factor.code()}\n")
    assert run.code == DONE and json.loads(run.out)["label"] == "Phone"
    prompts = [json.loads(line) for line in run.err.splitlines()]
    assert [prompt["prompt"] for prompt in prompts][0] == "Password: " and CODE.fullmatch(prompts[1]["prompt"])
    assert len(prompts) == 2


def test_three_wrong_codes_make_her_wait(factor):
    for _ in range(3):
        assert factor.own.run("alice", "create", "--label", "x", input=f"{ALICES}\n000000\n").code == NO
    run = factor.own.run("alice", "create", "--label", "x", input=f"{ALICES}\n{factor.code()}\n")
    assert run.code == NO and "too many wrong answers: wait" in run.err
