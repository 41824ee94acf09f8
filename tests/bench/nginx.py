"""Requests to nginx that auth_pam lets in, as www-data, in one worker, or auth_request to asp-web: how many there are in a
second, and how long another one, which needs no login, waits beside eight connections that are busy."""

import http.client
import pathlib
import re
import statistics
import subprocess
import time

PORT = 10080
CONNECTIONS = 8
LAPS = 3

CONF = """
load_module modules/ngx_http_auth_pam_module.so;
user www-data;
worker_processes 1;
pid /run/nginx.pid;
error_log /run/nginx.log;
events { }
http {
    access_log off;
    keepalive_requests 100000000;
    upstream authorize { server unix:/run/asp/authorize.sock; keepalive 16; }
    server {
        listen 127.0.0.1:%d;
        root /run/pages;
        location / { }
        location = /ask {
            internal;
            proxy_pass http://authorize/authorize/asp;
            proxy_http_version 1.1;
            proxy_pass_request_body off;
            proxy_pass_request_headers off;
            proxy_set_header Connection "";
            proxy_set_header Content-Length "";
            proxy_set_header Authorization $http_authorization;
            proxy_set_header X-Real-IP $remote_addr;
        }
        location /authorize { auth_request /ask; }
%s    }
}
"""
LOCATION = '        location /{0} {{ auth_pam "Shut"; auth_pam_service_name "{0}"; }}\n'

# Subjects that are compared.
AUTHORIZE = "asp-web --authorize, with a log line"
BY_BROKER = "pam_asp, by the broker, with a log line"


def start(services):
    pages = pathlib.Path("/run/pages")
    pages.mkdir()
    for name in ("open", "authorize", *services):
        (pages / name).write_text("page\n")
    for folder in ("/var/log/nginx", "/var/lib/nginx"):
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    conf = pathlib.Path("/run/nginx.conf")
    conf.write_text(CONF % (PORT, "".join(map(LOCATION.format, services))))
    subprocess.run(["nginx", "-c", conf], check=True)


def fetch_pages(page, login, seconds):
    """ab, which goes on for so long."""
    words = ["ab", "-q", "-k", "-c", str(CONNECTIONS), "-n", "100000000", "-t", str(seconds), "-s", "30"]
    if login:
        words += ["-A", ":".join(login)]
    words.append(f"http://127.0.0.1:{PORT}/{page}")
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def read_rate(process):
    text = process.communicate()[0]
    if not re.search(r"(?m)^Failed requests: +0$", text) or "Non-2xx" in text:
        raise SystemExit(f"bench: requests to nginx fail:\n{text}")
    return float(re.search(r"(?m)^Requests per second: +([\d.]+)", text)[1])


def waits(seconds):
    """Milliseconds of each request that needs no login."""
    connection, found = http.client.HTTPConnection("127.0.0.1", PORT), []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        begin = time.monotonic()
        connection.request("GET", "/open")
        if connection.getresponse().read() != b"page\n":
            raise SystemExit("bench: nginx does not show its page")
        found.append((time.monotonic() - begin) * 1000)
        time.sleep(0.01)
    return found


def measure_nginx(logins, seconds, authorizes):
    """{subject: [milliseconds that another waits, the median; requests in a second]}, by turns."""
    alice, peter = ((user, logins[user]) for user in ("alice", "peter"))
    subjects = {
        "no login at all": ("open", None),
        "pam_permit": ("permit", alice),
        BY_BROKER: ("asp", alice),
        "pam_unix, sha512crypt": ("unix", peter),
    }
    start([page for page, login in subjects.values() if login])
    if authorizes:
        subjects[AUTHORIZE] = ("authorize", alice)
    laps = {name: [] for name in subjects}
    for _ in range(LAPS):
        for name, (page, login) in subjects.items():
            rate = read_rate(fetch_pages(page, login, seconds))
            busy = fetch_pages(page, login, 2 * seconds)
            time.sleep(seconds / 2)
            waited = waits(seconds)
            read_rate(busy)
            laps[name].append((statistics.median(waited), rate))
    subprocess.run(["nginx", "-c", "/run/nginx.conf", "-s", "quit"], stderr=subprocess.DEVNULL, check=True)
    return {
        name: [round(statistics.median(one), 2) for one in zip(*rounds)] for name, rounds in laps.items()
    }
