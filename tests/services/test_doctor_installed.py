"""asp-admin doctor where a part of pam_asp is not installed: what installs it, on Debian and elsewhere."""

import pytest

BROKER = "/usr/local/libexec/asp-broker"
AWAY = "/usr/local/libexec/away"


@pytest.fixture
def bare(patient):
    """No module, no broker, no unit, and nobody who asks."""
    modules = patient.sandbox.shell("dirname $(find /usr/lib /lib -name pam_unix.so -print -quit)").done().out.strip()
    patient.sandbox.shell(f"mv {modules}/pam_asp.so /run/saved/; mv {BROKER} {AWAY}").done()
    patient.sandbox.shell("rm /etc/pam.d/imap; sed -i /pam_asp/d /etc/pam.d/common-password").done()
    yield patient
    patient.sandbox.shell(f"mv /run/saved/pam_asp.so {modules}/; mv {AWAY} {BROKER}").done()


@pytest.fixture
def elsewhere(patient):
    """A machine without dpkg."""
    path = patient.sandbox.shell("command -v dpkg || true").done().out.strip()
    if path:
        patient.sandbox.run("mv", path, "/run/saved/dpkg").done()
    yield patient
    if path:
        patient.sandbox.run("mv", "/run/saved/dpkg", path).done()


def rows(patient, check):
    return [finding for finding in patient.findings() if finding.check == check]


NOT_THERE = "no service in /etc/pam.d asks pam_asp, and pam_asp.so is not where PAM looks for modules, "


def test_a_module_that_is_not_installed_is_told_of_where_no_service_asks_it(bare):
    bare.sandbox.need("dpkg")
    bare.told("pam", f"^note: {NOT_THERE}.*: apt-get install libpam-asp$")


def test_elsewhere_it_is_called_by_its_name(bare, elsewhere):
    bare.told("pam", f"^note: {NOT_THERE}.*: install pam_asp$")
    assert rows(bare, "broker")[0].message.endswith("for them install asp-broker")


def test_a_broker_that_is_not_installed_is_not_to_be_started(bare):
    bare.sandbox.need("dpkg")
    (broker,), (own,) = rows(bare, "broker"), rows(bare, "self-service")
    assert broker.note and broker.message.endswith("nginx and Apache are not: for them apt-get install asp-broker")
    assert own.note and own.message.endswith("where they are to: apt-get install asp-broker")
    bare.configure('broker: { clients = ( { user = "root"; services = [ "nginx" ]; } ); };')
    (fault,) = [fault for fault in bare.faults() if fault.check == "broker"]
    assert fault.mend == "apt-get install asp-broker"


@pytest.mark.parametrize("what", ["its program", "its units"])
def test_one_that_is_installed_is(bare, what):
    if what == "its program":
        bare.sandbox.run("cp", AWAY, BROKER).done()
    else:
        bare.units("asp-broker.socket", "asp-self.socket")
    assert rows(bare, "broker")[0].message.endswith("for them start asp-broker")
    assert rows(bare, "self-service")[0].message.endswith("where they are to: start asp-self.socket")
