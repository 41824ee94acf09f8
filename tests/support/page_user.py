"""Who signs in by asp-web with the real asp-broker and PAM, by what the page says for her."""

import contextlib

from support.account_page import AccountPage
from support.self_service import ALICES
from support.wait import wait_until
from support.web_sign_in import CONF


@contextlib.contextmanager
def account_page(box, build):
    """asp-web in a sandbox with a broker, which was not started yet."""
    page = AccountPage(box, build, CONF)
    try:
        yield page
    finally:
        page.stop()


def all_at_once(page, *tries):
    """What becomes of those (user, password), each at an address of its own."""
    ones = [PageUser(page, f"192.0.2.{at}").begin(user) for at, (user, _) in enumerate(tries, 1)]
    for one, (_, password) in zip(ones, tries, strict=True):
        assert one.asked() == ("Password: ", False)
        one.answer(password)
    return [one.next() for one in ones]


class PageUser:
    def __init__(self, page, address="192.0.2.7"):
        self.browser = page.browser(address=address)
        self.seen = 0
        self.told = []  # what modules have told, (text, whether it is an error)

    def begin(self, user):
        self.browser.sign_in(user)
        return self

    def next(self):
        """The next question, or the outcome."""

        def look():
            answer = self.browser.get(f"/api/wait?after={self.seen}").json
            if "outcome" in answer:
                return answer
            for message in answer["messages"]:
                self.seen = message["number"]
                if "prompt" in message:
                    return message
                self.told.append((message["message"], message["error"]))
            return None

        return wait_until(look, "nothing is asked")

    def asked(self):
        """What is asked, and whether what is typed is shown."""
        question = self.next()
        return question["prompt"], question["echo"]

    def answer(self, text):
        answer = self.browser.post("/api/answer", {"number": self.seen, "answer": text})
        assert answer.status == 200, answer
        return self

    def tries(self, user, *answers):
        """The outcome, which may come before all was asked."""
        self.begin(user)
        for answer in answers:
            question = self.next()
            if "outcome" in question:
                return question
            self.answer(answer)
        return self.next()

    def signs_in(self, user="alice", *answers):
        outcome = self.tries(user, *(answers or (ALICES,)))
        assert outcome["outcome"] == "signed-in", outcome
        return self

    def run(self, *words):
        """What a command says to its end; what is to be shown is said to be."""
        answer = self.browser.post("/api/run", {"words": list(words)})
        if answer.status != 200:
            return answer.json
        found = answer.json
        while "code" not in found and "error" not in found:
            if found.get("show"):
                done = self.browser.post("/api/shown").json
                found = {**done, "out": found["out"] + done.get("out", "")}
            else:
                found = self.browser.get("/api/wait").json
        return found
