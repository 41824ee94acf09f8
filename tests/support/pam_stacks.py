"""Stacks of PAM drawn at random, in the forms of several systems, with pam_asp in every place and by every control; real
logins by them; and what has to be true of each."""

import dataclasses
import itertools
import random
import re

FOLDER = "/run/steered"

SUCCESS, PERM_DENIED, AUTH_ERR, CRED_INSUFFICIENT, AUTHINFO_UNAVAIL, USER_UNKNOWN = 0, 6, 7, 8, 9, 10
NEW_AUTHTOK_REQD, IGNORE, AUTHTOK_EXPIRED = 12, 25, 27

# Modules whose answers are steered. Those that know a password: what they say in auth to what is none of theirs, and in
# account of a user whose password may be too old.
REFUSALS = [AUTH_ERR, USER_UNKNOWN, AUTHINFO_UNAVAIL]
PASSWORDS = {
    "pam_unix": REFUSALS,
    "pam_sss": [*REFUSALS, PERM_DENIED],
    "pam_userdb": [AUTH_ERR, USER_UNKNOWN],
    "pam_systemd_home": [AUTH_ERR, USER_UNKNOWN, IGNORE],
}
AGES = [SUCCESS, NEW_AUTHTOK_REQD, AUTHTOK_EXPIRED, USER_UNKNOWN, AUTHINFO_UNAVAIL]
# Rules: what they say of a user who keeps them, and of another.
RULES = {
    "pam_listfile": (SUCCESS, AUTH_ERR),
    "pam_nologin": (IGNORE, AUTH_ERR),
    "pam_access": (SUCCESS, PERM_DENIED),
    "pam_localuser": (SUCCESS, PERM_DENIED),
    "pam_usertype": (SUCCESS, AUTH_ERR),
}

# The files that services bring in. Names of steered modules are without a folder here.
SHARED = {
    "common-auth": """
auth [success=1 default=ignore] pam_unix.so nullok
auth requisite pam_deny.so
auth required pam_permit.so
""",
    "common-account": """
account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so
account requisite pam_deny.so
account required pam_permit.so
""",
    "system-auth": """
auth required pam_env.so
auth required pam_faildelay.so delay=0
auth [default=1 ignore=ignore success=ok] pam_usertype.so isregular
auth [default=1 ignore=ignore success=ok] pam_localuser.so
auth sufficient pam_unix.so nullok
auth sufficient pam_sss.so forward_pass
auth required pam_deny.so
account required pam_unix.so
account sufficient pam_localuser.so
account sufficient pam_usertype.so issystem
account [default=bad success=ok user_unknown=ignore] pam_sss.so
account required pam_permit.so
""",
    "password-auth": """
auth required pam_env.so
auth required pam_faillock.so preauth silent
auth sufficient pam_unix.so nullok
auth required pam_faillock.so authfail
auth required pam_deny.so
account required pam_faillock.so
account required pam_unix.so
account required pam_permit.so
""",
    "arch-auth": """
auth required pam_faillock.so preauth
-auth [success=2 default=ignore] pam_systemd_home.so
auth [success=1 default=bad] pam_unix.so try_first_pass nullok
auth [default=die] pam_faillock.so authfail
auth optional pam_permit.so
auth required pam_env.so
auth required pam_faillock.so authsucc
-account [success=1 default=ignore] pam_systemd_home.so
account required pam_unix.so
account optional pam_permit.so
""",
    "gentoo-auth": """
auth required pam_env.so
auth requisite pam_faillock.so preauth
auth [success=2 default=ignore] pam_systemd_home.so
auth [success=1 new_authtok_reqd=1 ignore=ignore default=bad] pam_unix.so nullok try_first_pass
auth [default=die] pam_faillock.so authfail
account [success=1 default=ignore] pam_systemd_home.so
account required pam_unix.so
account required pam_faillock.so
""",
    "suse-auth-pc": """
auth required pam_env.so
auth required pam_unix.so try_first_pass
""",
    "suse-account-pc": "account required pam_unix.so try_first_pass\n",
    "empty": "# nothing\n",
    "part-only": "auth required pam_asp.so\naccount sufficient pam_asp.so\n",
    "part-either": """
auth [success=done cred_insufficient=ignore user_unknown=ignore authinfo_unavail=ignore default=die] pam_asp.so
account sufficient pam_asp.so
""",
    "part-sufficient": "auth sufficient pam_asp.so\naccount sufficient pam_asp.so\n",
}
LINKS = {"suse-auth": "suse-auth-pc", "suse-account": "suse-account-pc"}
OTHER = "@include common-auth\n@include common-account\n"

BASES = [
    (["@include common-auth"], ["@include common-account"]),
    (["auth include common-auth"], ["account include common-account"]),
    (["auth substack system-auth"], ["account include system-auth"]),
    (["auth include system-auth"], ["account required pam_nologin.so", "account include system-auth"]),
    (["auth substack password-auth"], ["account include password-auth"]),
    (["auth include arch-auth"], ["account include arch-auth"]),
    (["auth include gentoo-auth"], ["account include gentoo-auth"]),
    (["auth include suse-auth"], ["account include suse-account"]),
    (["auth required pam_userdb.so db=/etc/vsftpd/users"], ["account required pam_userdb.so db=/etc/vsftpd/users"]),
    (["auth required pam_unix.so try_first_pass"], ["account required pam_unix.so"]),
    (["auth sufficient pam_unix.so", "auth required pam_deny.so"], ["account required pam_unix.so"]),
    (["auth [success=1 default=bad] pam_unix.so", "auth [default=die] pam_faillock.so authfail", "auth required pam_permit.so"],
     ["account required pam_unix.so"]),
    (["auth required pam_faillock.so preauth", "auth sufficient pam_unix.so", "auth [default=die] pam_faillock.so authfail"],
     ["account required pam_faillock.so", "account required pam_unix.so"]),
    (["auth requisite pam_deny.so"], ["account requisite pam_deny.so"]),
    (["auth optional pam_permit.so"], ["account required pam_permit.so"]),
    ([], []),
]  # fmt: skip

EITHER = "[success=done cred_insufficient=ignore user_unknown=ignore authinfo_unavail=ignore default=die]"
CONTROLS = [
    *("required", "requisite", "sufficient", "optional", "required", "sufficient", "SUFFICIENT"),
    *(EITHER, EITHER, "[success=done user_unknown=ignore default=die]", "[success=done default=die]"),
    *("[success=1 default=ignore]", "[success=1 default=die]", "[success=2 default=bad]", "[success=ok default=1]"),
    *("[success=done default=ignore]", "[success=ok default=die]", "[success=9 default=die]", "[default=reset success=ok]"),
    *("[success=done new_authtok_reqd=done default=bad]", "[success=done auth_err=1 default=die]"),
]


@dataclasses.dataclass
class Drawn:
    name: str
    text: str

    @property
    def modules(self):
        """The steered modules that it can come to, by its own lines and those that it brings in."""
        seen, texts = [], [self.text]
        todo = [*re.findall(r"(?im)^@include\s+(\S+)|(?:include|substack)\s+(\S+)", self.text), ("other", "")]
        while todo:
            name = "".join(todo.pop())
            if name in seen:
                continue
            seen.append(name)
            text = OTHER if name == "other" else SHARED.get(LINKS.get(name, name), "")
            texts.append(text)
            todo += re.findall(r"(?im)^@include\s+(\S+)|(?:include|substack)\s+(\S+)", text)
        found = re.findall(r"\b(pam_\w+)\.so", "\n".join(texts))
        return [name for name in dict.fromkeys(found) if name in PASSWORDS or name in RULES]


def with_folder(text):
    """Steered modules are named by the folder in which they lie."""
    names = "|".join([*PASSWORDS, *RULES, "pam_asp"])
    return re.sub(rf"(?<![\w/])({names})\.so", rf"{FOLDER}/\1.so", text)


def draw_rules(draw, lines, facility):
    for _ in range(draw.choice([0, 0, 0, 1, 1, 2])):
        rule = draw.choice(["pam_listfile.so item=user", "pam_nologin.so", "pam_access.so", "pam_localuser.so"])
        if any(rule.split(".")[0] in line for line in lines):
            continue
        control = draw.choice(["required", "required", "requisite", "[default=1 success=ok]"])
        lines.insert(draw.randint(0, len(lines)), f"{facility} {control} {rule}")


def draw_auth(draw, auth):
    how = draw.random()
    if how < 0.2:
        kind = draw.choice(["include", "substack"])
        ours = f"auth {kind} {draw.choice(['part-only', 'part-either', 'part-sufficient'])}"
    else:
        argument = draw.choice(["", "", "", "", " use_first_pass", " debug", " try_first_pass"])
        ours = f"auth {draw.choice(CONTROLS)} pam_asp.so{argument}"
    auth.insert(0 if draw.random() < 0.5 else draw.randint(0, len(auth)), ours)


def draw_account(draw, account):
    how = draw.randrange(10)
    if how < 4:
        account.insert(0, "account sufficient pam_asp.so")
    elif how < 6:
        control = draw.choice(["required", "optional", "sufficient", "[success=1 default=ignore]", "[success=done default=bad]"])
        account.insert(draw.randint(0, len(account)), f"account {control} pam_asp.so")
    elif how == 6:
        account[:] = ["account required pam_asp.so"]
    elif how == 7:
        account[:] = []
    elif how == 8:
        account.insert(draw.randint(0, len(account)), "account include part-only")


def draw_form(draw, lines):
    """How the lines are written."""
    text = "\n".join(lines) + "\n"
    how = draw.random()
    if how < 0.05:
        return text.replace("\n", "\r\n")
    if how < 0.15:
        return re.sub(r" (pam_\w+\.so)", r" \\\n\t\1", text)
    if how < 0.25:
        return "# a comment\n\n" + text.replace(" ", "\t", 1).replace("\n", "  # here\n", 1)
    return text


def draw_stacks(seed, count):
    draw = random.Random(seed)
    drawn = []
    for number in range(count):
        auth, account = (list(lines) for lines in draw.choice(BASES))
        draw_auth(draw, auth)
        draw_account(draw, account)
        draw_rules(draw, auth, "auth")
        draw_rules(draw, account, "account")
        drawn.append(Drawn(f"drawn{number:04}", draw_form(draw, [*auth, *account])))
    return drawn


# Logins

PRIMARY, NONSENSE = "the primary password", "what is no password"


def steer(answers):
    """The words that say so to the modules."""
    return [
        f"STEERED_{name}={'password' if name in PASSWORDS else 'rule'} {auth} {account}"
        for name, (auth, account) in sorted(answers.items())
    ]


def each(choices):
    """Every choice of one value for each name."""
    names = sorted(choices)
    for values in itertools.product(*(choices[name] for name in names)):
        yield dict(zip(names, values))


@dataclasses.dataclass(frozen=True)
class Login:
    """`answers` are pairs of name, (auth, account)."""

    service: str
    user: str
    password: str
    answers: tuple = ()
    later: str = ""

    def line(self, module):
        words = [self.service, self.user, self.password, f"STEERED_MODULE={module}", f"STEERED_PASSWORD={PRIMARY}"]
        return "\t".join([*words, f"STEERED_LATER={self.later}", *steer(dict(self.answers))])


class Logins:
    """The logins that show what is so in a stack."""

    def __init__(self, stack, right, revoked):
        self.stack = stack
        self.right, self.revoked = right, revoked
        self.passwords = {name: PASSWORDS[name] for name in stack.modules if name in PASSWORDS}
        self.rules = {name: RULES[name] for name in stack.modules if name in RULES}

    def login(self, user, password, refusals, auth_rules, account_rules=None, ages=None, later=""):
        """Without account_rules they are kept; without ages nobody's password is too old."""
        account_rules = account_rules or {name: answers[0] for name, answers in self.rules.items()}
        answers = {name: (refusals.get(name, AUTH_ERR), (ages or {}).get(name, SUCCESS)) for name in self.passwords}
        answers.update({name: (auth_rules[name], account_rules[name]) for name in self.rules})
        return Login(self.stack.name, user, password, tuple(sorted(answers.items())), later)

    def every_rule(self):
        return list(each(self.rules))

    def every_refusal(self):
        return list(each(self.passwords))

    def rights(self):
        """By the rules' answers in auth, those with each refusal of who knows passwords."""
        return [
            [self.login("alice", self.right, refusals, rules) for refusals in self.every_refusal()]
            for rules in self.every_rule()
        ]

    def ages(self, rights):
        """By the rules' answers in account, those with each age of the primary password, of who came in by auth."""
        every = each({name: [*AGES, *([IGNORE] if name == "pam_systemd_home" else [])] for name in self.passwords})
        ages = list(every)
        auth_rules = {name: answers[0] for name, answers in rights[0].answers if name in self.rules}
        return [
            [self.login("alice", self.right, {}, auth_rules, rules, age) for age in ages] for rules in self.every_rule()
        ]

    def refused(self):
        """None of these may open: a revoked one, also where it is the very primary password, and what is none."""
        for rules in self.every_rule():
            for refusals in self.every_refusal():
                yield self.login("alice", self.revoked, refusals, rules)
                yield self.login("alice", self.revoked, refusals, rules, later=self.revoked)
                yield self.login("alice", NONSENSE, refusals, rules)
                yield self.login("bob", NONSENSE, refusals, rules)

    def primaries(self, user):
        for rules in self.every_rule():
            for account_rules in self.every_rule():
                yield self.login(user, PRIMARY, {}, rules, account_rules)

    def barred(self):
        """By rule, who keeps them all, and who does not keep this one."""
        kept = {name: answers[0] for name, answers in self.rules.items()}
        for rule in self.rules:
            refused = {**kept, rule: self.rules[rule][1]}
            yield tuple(self.login("alice", self.right, {}, rules, rules) for rules in (kept, refused))

    def counted(self):
        kept = {name: answers[0] for name, answers in self.rules.items()}
        return [self.login("alice", password, {}, kept) for password in (self.right, self.revoked)]
