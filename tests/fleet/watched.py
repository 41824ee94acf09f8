"""A machine that has a hook, which tells what it was run for."""

import contextlib
import json

from support.wait import wait_until
from support.watch import running_watch

HOOK = "/etc/asp/hook"
FEED = "/var/lib/asp/feed"
RUNS = "/run/hook-runs"
HELD = "/run/hook-held"  # while it is there, a hook that has begun does not end

# As JSON in a line: nothing is in it that a shell would have to quote.
RECORD = f"""#!/usr/bin/python3 -I
import json, os, time
names = ("EVENT", "USER", "IDS", "LABELS", "APPS", "SERVICES", "REASON", "VIA")
with open("{RUNS}", "a") as file:
    file.write(json.dumps({{name: os.environ["ASP_" + name] for name in names}}) + "\\n")
while os.path.exists("{HELD}"):
    time.sleep(0.05)
"""


class Hooked:
    """What a machine of any kind is besides."""

    def hook(self, mode="755"):
        self.configure(f'hooks: {{ revoked = "{HOOK}"; timeout = 60; }};')
        self.sandbox.write(HOOK, RECORD, mode=mode)

    def runs(self):
        text = self.sandbox.shell(f"cat {RUNS} 2>/dev/null || true").done().out
        return [json.loads(line) for line in text.splitlines()]

    def told(self):
        """The ids of each run."""
        return [run["IDS"] for run in self.runs()]

    def wait_for(self, *ids):
        wait_until(lambda: set(ids) <= set(self.told()), lambda: f"{ids}: {self.runs()} {self.log_file.messages()[-9:]}")

    @contextlib.contextmanager
    def watch(self, folder):
        """Once it hears: a machine that is new begins then."""
        with running_watch(self.sandbox, self.admin, folder) as kill:
            self.wait_until_it_hears()
            yield kill

    def wait_until_it_hears(self):
        wait_until(lambda: self.sandbox.run("test", "-e", FEED).code == 0, self.log_file.messages)
