"""asp-admin doctor and servers that ask PAM as a user of their own."""

import contextlib
import os
import pathlib
import signal

import pytest
from support.processes import child_of
from support.wait import wait_until

NGINX = 'server { location / {\n  auth_pam "Calendar";\n  auth_pam_service_name   "door";\n} }\n'
APACHE = "<Location />\n    AuthBasicProvider PAM\n    AuthPAMService door\n</Location>\n"


@pytest.fixture
def served(patient):
    """A broker runs."""
    patient.sandbox.run("cp", "/etc/pam.d/chsh", "/etc/pam.d/asp-admin").done()
    with patient.serving():
        yield patient


# Lesson: a proof of one half.
@pytest.mark.parametrize("service", ["nginx", "apache2", "webdav"])
def test_a_server_whose_user_is_not_in_the_group_is_a_fault_and_the_command_lets_it_in(served, service):
    assert served.faults() == []
    served.install("pam.d/asp-only", f"/etc/pam.d/{service}")
    fault = served.fault("broker", f"asks pam_asp as www-data, by /etc/pam.d/{service}, and www-data is not in")
    assert fault.mend == "usermod -aG asp www-data"
    served.sandbox.shell(fault.mend).done()
    served.is_well("broker", "the group asp has www-data$")


@pytest.mark.parametrize(
    "where, text", [("nginx/sites-enabled/dav", NGINX), ("apache2/sites-enabled/dav.conf", APACHE)]
)
def test_which_service_a_server_asks_is_read_from_its_configuration(served, where, text):
    served.install("pam.d/asp-only", "/etc/pam.d/door")
    assert served.faults() == []
    served.sandbox.write(f"/etc/{where}", text)
    served.fault("broker", r"(nginx|Apache) asks pam_asp as www-data, by /etc/pam.d/door, and")
    # What it does not ask is none of its.
    served.sandbox.run("rm", "/etc/pam.d/door").done()
    served.install("pam.d/asp-only", "/etc/pam.d/nginx")
    served.install("pam.d/asp-only", "/etc/pam.d/apache2")
    other = "Apache" if "nginx" in where else "nginx"
    served.fault("broker", f"^{other} asks pam_asp as www-data")


def test_the_user_of_its_own_comes_before_that_of_all(served):
    served.sandbox.run("useradd", "--system", "nginx").done()
    served.install("pam.d/asp-only", "/etc/pam.d/nginx")
    assert served.fault("broker", "nginx asks pam_asp as nginx").mend == "usermod -aG asp nginx"


def test_a_client_of_asp_conf_who_is_not_in_the_group_is_told_once(served):
    served.install("pam.d/asp-only", "/etc/pam.d/nginx")
    served.configure('broker: { clients = ( { user = "www-data"; services = [ "nginx" ]; } ); };')
    served.fault("broker", "^broker.clients names www-data")


def test_a_server_that_is_not_root_needs_a_broker(patient):
    patient.sandbox.run("usermod", "-aG", "asp", "www-data").done()
    patient.install("pam.d/asp-only", "/etc/pam.d/nginx")
    fault = patient.fault("broker", "/run/asp/broker.sock: no asp-broker is there")
    assert fault.mend == "start /usr/local/libexec/asp-broker as root, and keep it running"
    patient.units()
    assert patient.fault("broker", "no asp-broker").mend == "systemctl enable --now asp-broker.socket"


@contextlib.contextmanager
def worker(patient, groups):
    """A process that is called nginx and is www-data's, with these groups."""
    patient.sandbox.run("cp", "/usr/bin/sleep", "/run/programs/nginx").done()
    words = ["setpriv", "--reuid=www-data", "--regid=www-data", groups, "/run/programs/nginx", "600"]
    process = patient.sandbox.start(*words)
    try:
        pid = child_of(process)
        wait_until(lambda: pathlib.Path(f"/proc/{pid}/comm").read_text() == "nginx\n", "it does not run")
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        process.wait()


def test_a_server_that_has_run_since_before_it_was_in_the_group_is_a_fault(served):
    served.install("pam.d/asp-only", "/etc/pam.d/nginx")
    with worker(served, "--clear-groups"):
        served.sandbox.run("usermod", "-aG", "asp", "www-data").done()
        fault = served.fault("broker", "nginx has run since before www-data was in the group asp .process ")
        assert fault.mend == "start nginx anew"
        served.units()
        served.sandbox.write("/usr/lib/systemd/system/nginx.service", "")
        assert served.fault("broker", "has run since").mend == "systemctl restart nginx.service"
    assert served.faults() == []
    with worker(served, "--init-groups"):
        assert served.faults() == []
