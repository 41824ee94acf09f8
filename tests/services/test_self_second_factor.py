"""A second factor before a user acts on her own account: the line of the shipped stack for pam_google_authenticator and
pam_oath, with the `#` taken away, at a real terminal and in lines of JSON."""

import json
import re
import secrets

import pytest
from support.recipes import need
from support.run import as_user
from support.self_service import ALICES, DONE, NO, PASSWORD, Own

CODE = re.compile("Verification code: |One-time password.*: ")


def google(own):
    """alice enrolls with the module's own program. Her secret, in base32."""
    words = "env HOME=/run/alice google-authenticator -t -d -f -u -w 17 -C -q".split()
    own.sandbox.run(*as_user("alice"), *words).done()
    return ["-b", own.sandbox.read("/run/alice/.google_authenticator").splitlines()[0]]


def oath(own):
    """A line for alice. Her secret, in hexadecimal."""
    secret = secrets.token_hex(20)
    own.sandbox.write("/var/lib/oath/users.oath", f"HOTP/T30/6 alice - {secret}\n")
    own.sandbox.run("chmod", "600", "/var/lib/oath/users.oath").done()
    return [secret]


KINDS = {"pam_google_authenticator.so": (google, "google-authenticator"), "pam_oath.so": (oath, "oathtool")}


@pytest.fixture(scope="module")
def shared(sandboxes, layer, build):
    site = Own(layer, build)
    yield site
    site.close()


class Factor:
    """alice with a telephone."""

    def __init__(self, own, module):
        enroll, program = KINDS[module]
        need(own.sandbox, module)
        for tool in (program, "oathtool"):
            if own.sandbox.run("sh", "-c", f"command -v {tool}").code != 0:
                pytest.skip(f"no {tool}: neither installed nor unpacked in ASP_LAYER")
        self.own = own
        self.secret = enroll(own)
        self.codes = 0
        own.ask_for((rf"(?m)^#(auth +required +{module})", r"\1"))

    def code(self):
        """What her telephone shows now; then what it shows next, for each is good once."""
        when = f"now + {30 * self.codes} seconds"
        self.codes += 1
        return self.own.sandbox.run("oathtool", "--totp", f"--now={when}", *self.secret).done().out.strip()

    def answers(self, password, code):
        return [("Password: ", password), (CODE.pattern, code)]


@pytest.fixture(params=KINDS)
def factor(request, shared):
    return Factor(shared.begin(), request.param)


def test_she_types_her_password_and_her_code(factor):
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
    run = factor.own.run("bob", "create", "--label", "Phone", input="battery staple\n000000\n")
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
