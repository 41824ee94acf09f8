"""Logins through real servers, in a sandbox: see servers."""

from bars import BARS
from nginx import AUTHORIZE, BY_BROKER
from section import Section


class Servers(Section):
    """Each with an `other` that is empty; the module that is asked stands for account too."""

    def conclude(self):
        found = self.place.in_sandbox("servers") if self.place.private else None
        if found is None:
            self.report.skip("servers", "tests/bench/servers does not run here: it needs root and a sandbox")
            return
        for name, conclude in (("dovecot", self.dovecot), ("nginx", self.nginx)):
            if name in found:
                conclude(found[name])
            else:
                self.report.skip(name, "it is neither installed nor unpacked in ASP_LAYER")

    def dovecot(self, found):
        for window, subjects in found.items():
            for name, (ratio, rate) in subjects.items():
                what = f"Dovecot, {window} at a time: {name}"
                self.report.figure(what, ratio, "times pam_permit", note=f"{rate:,} logins a second")

    def nginx(self, found):
        for name, (waited, rate) in found.items():
            what = f"nginx, another waits beside 8: {name}"
            bar = BARS.AUTHORIZE_MS if name == AUTHORIZE else None
            self.report.figure(what, waited, "ms", bar, note=f"{round(rate):,} requests a second")
        if AUTHORIZE in found:
            times = round(found[AUTHORIZE][1] / found[BY_BROKER][1], 2)
            what = "nginx, requests a second: asp-web --authorize against auth_pam by the broker"
            self.report.at_least(what, times, "times", BARS.AUTHORIZE_TIMES)
        else:
            self.report.skip("asp-web", "it is not built: no libmicrohttpd")
