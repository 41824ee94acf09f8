"""The page that asp-web serves, as a person has it before her: real nginx, asp-web, asp-broker and PAM, in a real Chromium."""

import contextlib

from cockpit_page import BROKER, Page, install_page, running
from support.account_page import CONFIGURATION, HOST, ORIGIN, PAGE, AccountPage
from support.broker import SOCKET
from support.recipes import AT_ONCE
from support.self_service import INSTALL, SELF, STORE_OF_NONE
from support.web import CERTIFICATE
from support.web_sign_in import CONF, WEB
from test_asp_web_proxy import Nginx

PROGRAMS = ("nginx", "openssl")


class WebPage(Page):
    """What she sees and does there."""

    host = HOST

    def begin(self, *path):
        """A browser that has nothing of it."""
        self.browser.at = self
        self.browser.top()
        self.browser.cdp("Storage.clearDataForOrigin", origin=ORIGIN, storageTypes="all")
        self.load(*path)

    def load(self, *path):
        self.browser.open("about:blank")
        self.browser.open(f"{ORIGIN}/#/{'/'.join(path)}" if path else f"{ORIGIN}/")
        self.settled()

    def name(self, user):
        """Says who she is."""
        self.fill("User name", user)
        self.press("Continue")

    def answer(self, name, text):
        """To the question that is asked."""
        self.fill(name, text)
        self.press("Continue")

    def sign_in(self, user, password):
        if self.browser.all("#sign-out"):
            self.begin()
        self.name(user)
        self.answer("Password", password)
        self.signed_in()
        self.user = user

    def signed_in(self):
        self.browser.wait("#sign-out")
        self.settled()

    def sign_out(self):
        self.press("Sign out")
        self.browser.wait("#sign-in-user")

    def show(self, *path):
        self.load(*path)
        self.signed_in()

    def confirm(self, primary):
        """She has said it when she signed in."""

    def refusal(self):
        """Why she is not let in."""
        return self.browser.wait(".sign-in .notice.danger p:last-child").text


class Site:
    """nginx and asp-web in a sandbox that others have too."""

    def __init__(self, sandbox, build, browser):
        self.sandbox = sandbox
        self.build = build
        self.page = WebPage(browser)
        self.server = self.begun = None
        sandbox.shell(INSTALL, build).done()
        sandbox.shell(CERTIFICATE, HOST).done()
        self.proxy = Nginx(sandbox, build)
        sandbox.shell(self.proxy.ready).done()
        self.proxy.follow(self.proxy.recipe_name)
        self.proxy.begin()

    def start(self):
        """asp-web, afresh: it knows no session."""
        self.server.start("--group", self.proxy.group)

    @contextlib.contextmanager
    def broker(self):
        with running(self.sandbox, BROKER):
            self.sandbox.wait_for_socket(WEB)
            yield

    def without_broker(self):
        """It is gone, and with it all sessions, until it is started again."""
        self.begun.close()
        self.sandbox.run("rm", "-f", WEB, SELF, SOCKET).done()  # a process of its may listen a moment longer

    def start_broker(self):
        self.begun = contextlib.ExitStack()
        self.begun.enter_context(self.broker())

    def restart_broker(self):
        self.without_broker()
        self.start_broker()

    @contextlib.contextmanager
    def serving(self, mail):
        """Before anybody is signed in."""
        mail.always = (CONF, CONFIGURATION)
        self.server = AccountPage(self.sandbox, self.build, CONF)
        install_page(self.sandbox, self.build, "share/asp/page", PAGE)
        self.sandbox.shell(STORE_OF_NONE).done()
        mail.recipe("pam.d/asp-web", "/etc/pam.d/asp-web", *AT_ONCE)
        try:
            self.start_broker()
            self.start()
            yield
        finally:
            self.server.stop()
            self.without_broker()
            self.sandbox.run("rm", "-rf", "/run/asp").done()

    def close(self):
        self.proxy.stop()
        self.proxy.go_back(self.proxy.recipe_name)
