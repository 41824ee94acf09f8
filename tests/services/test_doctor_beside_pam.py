"""asp-admin doctor and servers that look elsewhere beside PAM, by their configuration: a fault, and its command."""

import pytest

PROFTPD = {
    "no order": ("ServerName x\n", "whatever /etc/pam.d/proftpd says: there is no AuthOrder"),
    "no star": ("  AuthOrder mod_auth_pam.c mod_auth_unix.c\n", "AuthOrder is mod_auth_pam.c mod_auth_unix.c"),
    "behind": ("authorder mod_auth_unix.c mod_auth_pam.c*\n", "AuthOrder is mod_auth_unix.c mod_auth_pam.c"),
    "a comment": ("# AuthOrder mod_auth_pam.c* mod_auth_unix.c\n", "there is no AuthOrder"),
    "switched off": ("AuthOrder mod_auth_pam.c* mod_auth_unix.c\nAuthPAM off\n", "has AuthPAM off"),
}


@pytest.fixture
def ftp(patient):
    for service in ("proftpd", "pure-ftpd"):
        patient.install("pam.d/asp-only", f"/etc/pam.d/{service}")
    return patient


# Lesson: a second way in beside PAM.
@pytest.mark.parametrize("what", PROFTPD)
def test_proftpd_that_goes_on_where_pam_has_refused_is_a_fault(ftp, what):
    text, message = PROFTPD[what]
    ftp.sandbox.run("install", "-d", "/etc/proftpd/conf.d").done()
    ftp.sandbox.write("/etc/proftpd/proftpd.conf", text)
    fault = ftp.fault("beside-pam", message)
    ftp.sandbox.shell(fault.mend).done()
    assert ftp.faults() == []


RIGHT = "AuthOrder mod_auth_pam.c* mod_auth_unix.c\n"
WRONG = "AuthOrder mod_auth_unix.c\n"
LATER = {
    "a virtual host": ("/etc/proftpd/proftpd.conf:3", f"<VirtualHost a>\n\n{WRONG}</VirtualHost>\n{RIGHT}", ""),
    "switched off": ("/etc/proftpd/proftpd.conf:3", f"{RIGHT}<Global>\nAuthPAM no\n</Global>\nAuthPAM on\n", ""),
    "an include": ("/srv/ftp/more.conf:2", f"{RIGHT}Include /srv/ftp/*.conf\n", f"# more\n{WRONG}"),
    "a folder": ("/srv/ftp/more.conf:1", f'{RIGHT}Include "/srv/ftp"\n', f"{WRONG}Include /etc/proftpd/proftpd.conf\n"),
}


@pytest.mark.parametrize("what", LATER)
def test_each_line_of_proftpd_counts(ftp, what):
    place, text, more = LATER[what]
    ftp.sandbox.run("install", "-d", "/etc/proftpd/conf.d", "/srv/ftp").done()
    ftp.sandbox.write("/srv/ftp/more.conf", more)
    ftp.sandbox.shell("ln -s . /srv/ftp/y.conf; ln -s . /srv/ftp/z.conf").done()
    ftp.sandbox.write("/etc/proftpd/proftpd.conf", text)
    fault = ftp.fault("beside-pam", f"^{place}(:| has AuthPAM off)")
    ftp.sandbox.shell(fault.mend).done()
    assert ftp.faults() == []


HOST = "<VirtualHost a.example.org>\n"
END = "</VirtualHost>\n"
MAIN = "the server beside each <VirtualHost>"
PLACE = "the <VirtualHost> of /etc/proftpd/proftpd.conf"
SHARED = "  Include /etc/proftpd/shared\n"
SERVERS = {
    "a host": (f"{RIGHT}{HOST}{END}", f" for {PLACE}:2"),
    "one of two hosts": (f"{RIGHT}{HOST}{RIGHT}{END}# more\n\n  <virtualhost b>\n</virtualhost>", f" for {PLACE}:7"),
    "the file itself": (f"{HOST}{RIGHT}{END}", f" for {MAIN}"),
    "one that is closed": (f"Port 0\n{HOST}Port 2121\n{END}{HOST} Port 0\n{END}", f" for {PLACE}:2"),
    "a host that includes none": (f"{RIGHT}{HOST}{SHARED}{END}{HOST}{END}", f" for {PLACE}:5"),
    "all": (f"{HOST}{END}", f" for {PLACE}:1 and {MAIN}"),
}
ORDERED = {
    "all of them": f"{HOST}{END}<Global>\n{RIGHT}</Global>\n",
    "each": f"{RIGHT}{HOST}{RIGHT}{END}",
    "each, by one file": f"{SHARED}{HOST}{SHARED}{END}{HOST}{SHARED}{END}",
    "all of them, by one file": f"<Global>\n{SHARED}</Global>\n{HOST}{END}",
    "the only one that is open": f"Port 0\n{HOST}{RIGHT}{END}",
}


@pytest.mark.parametrize("what", SERVERS)
def test_each_server_of_proftpd_is_judged_by_itself(ftp, what):
    text, servers = SERVERS[what]
    ftp.sandbox.run("install", "-d", "/etc/proftpd/conf.d").done()
    ftp.sandbox.write("/etc/proftpd/shared", RIGHT)
    ftp.sandbox.write("/etc/proftpd/proftpd.conf", text)
    fault = ftp.fault("beside-pam", f"there is no AuthOrder{servers}$")
    ftp.sandbox.shell(fault.mend).done()
    assert ftp.faults() == []


@pytest.mark.parametrize("what", ORDERED)
def test_an_order_for_each_server_of_proftpd_is_well(ftp, what):
    ftp.sandbox.write("/etc/proftpd/shared", RIGHT)
    ftp.sandbox.write("/etc/proftpd/proftpd.conf", ORDERED[what])
    assert ftp.faults() == []


def test_a_file_that_two_servers_of_proftpd_include_is_told_once(ftp):
    ftp.sandbox.write("/etc/proftpd/shared", WRONG + HOST + SHARED + END)
    ftp.sandbox.write("/etc/proftpd/proftpd.conf", f"{SHARED}{HOST}{SHARED}{END}")
    fault = ftp.fault("beside-pam", "^/etc/proftpd/shared:1: ")
    ftp.sandbox.shell(fault.mend).done()
    assert ftp.faults() == []


def test_proftpd_as_the_recipe_has_it_is_well(ftp):
    ftp.sandbox.write("/etc/proftpd/proftpd.conf", "ServerName x\n")
    ftp.install("proftpd/proftpd-asp.conf", "/etc/proftpd/conf.d/asp.conf")
    assert ftp.faults() == []


def pure_ftpd(ftp, unix, pam="yes"):
    """As Debian has it: links to files of one value."""
    ftp.sandbox.write("/etc/pure-ftpd/conf/UnixAuthentication", f"{unix}\n")
    ftp.sandbox.write("/etc/pure-ftpd/conf/PAMAuthentication", f"{pam}\n")
    ftp.sandbox.shell(
        "mkdir -p /etc/pure-ftpd/auth; ln -sf ../conf/UnixAuthentication /etc/pure-ftpd/auth/65unix;"
        "ln -sf ../conf/PAMAuthentication /etc/pure-ftpd/auth/70pam"
    ).done()


# Lesson: a second way in beside PAM.
def test_pure_ftpd_with_the_systems_passwords_beside_pam_is_a_fault(ftp):
    pure_ftpd(ftp, "no")
    assert ftp.faults() == []
    pure_ftpd(ftp, "yes")
    fault = ftp.fault("beside-pam", "Pure-FTPd asks the system's own passwords beside PAM")
    ftp.sandbox.shell(fault.mend).done()
    assert ftp.faults() == []
    pure_ftpd(ftp, "yes")
    ftp.sandbox.run("rm", "/etc/pure-ftpd/auth/65unix").done()
    assert ftp.faults() == []


def test_pure_ftpd_with_one_file_is_read_too(ftp):
    ftp.sandbox.write("/etc/pure-ftpd/pure-ftpd.conf", "PAMAuthentication            yes\n# UnixAuthentication yes\n")
    assert ftp.faults() == []
    ftp.sandbox.write("/etc/pure-ftpd/pure-ftpd.conf", "PAMAuthentication  yes\nUnixAuthentication   yes\n")
    fault = ftp.fault("beside-pam", "/etc/pure-ftpd/pure-ftpd.conf has UnixAuthentication beside PAM")
    ftp.sandbox.shell(fault.mend).done()
    assert ftp.faults() == []


SASL = {
    "auxprop": ("sasl_pwcheck_method: auxprop\nsasl_mech_list: PLAIN\n", "^sasl_pwcheck_method of Cyrus is auxprop"),
    "both": ("sasl_pwcheck_method: saslauthd auxprop\n", "^sasl_pwcheck_method of Cyrus is saslauthd auxprop"),
    "nothing": ("allowplaintext: no\n", "^sasl_pwcheck_method of Cyrus is not set"),
}


@pytest.mark.parametrize("what", SASL)
def test_cyrus_that_looks_into_its_own_passwords_is_a_fault(patient, what):
    text, message = SASL[what]
    patient.sandbox.write("/etc/imapd.conf", text)
    fault = patient.fault("beside-pam", message)
    patient.sandbox.shell(fault.mend).done()
    assert patient.faults() == []


def test_a_mechanism_that_pam_cannot_check_is_a_fault_where_there_are_passwords_for_it(patient):
    patient.sandbox.write("/etc/imapd.conf", "sasl_pwcheck_method: saslauthd\nsasl_mech_list: PLAIN CRAM-MD5\n")
    assert patient.faults() == []
    patient.sandbox.write("/etc/sasldb2", "")
    fault = patient.fault("beside-pam", "sasl_mech_list of Cyrus is PLAIN CRAM-MD5: who has a password in /etc/sasldb2")
    patient.sandbox.shell(fault.mend).done()
    assert patient.faults() == []


def test_cyrus_as_the_recipe_has_it_is_well(patient):
    patient.sandbox.write("/etc/sasldb2", "")
    patient.install("cyrus/imapd-asp.conf", "/etc/imapd-asp.conf")
    patient.sandbox.write("/etc/imapd.conf", "configdirectory: /var/lib/cyrus\n@include: /etc/imapd-asp.conf\n")
    patient.install("saslauthd/saslauthd", "/etc/default/saslauthd")
    assert patient.faults() == []


def test_postfix_that_asks_no_saslauthd_is_a_fault(patient):
    patient.install("postfix/sasl-smtpd.conf", "/etc/postfix/sasl/smtpd.conf")
    patient.sandbox.shell("sed -i s/saslauthd$/auxprop/ /etc/postfix/sasl/smtpd.conf").done()
    assert patient.faults() == []
    patient.install("pam.d/asp-only", "/etc/pam.d/smtp")
    fault = patient.fault("beside-pam", "^pwcheck_method of Postfix is auxprop")
    patient.sandbox.shell(fault.mend).done()
    assert patient.faults() == []


SASLAUTHD = {
    "Debian, shadow": ("default", 'MECHANISMS="shadow"\n', 'saslauthd ask "shadow" in place of PAM'),
    "Fedora, shadow": ("sysconfig", "MECH=shadow\n", "saslauthd ask shadow in place of PAM"),
    "Debian, a cache": ("default", 'MECHANISMS="pam"\nOPTIONS="-c -m /run/x"\n', "keep passwords that were right"),
    "Fedora, a cache": ("sysconfig", "MECH=pam\nFLAGS=-c\n", "keep passwords that were right"),
    "a cache behind another letter": ("default", 'OPTIONS="-rc"\n', "keep passwords that were right"),
    "a cache before another letter": ("default", "OPTIONS='-cm /run/x -n 5'\n", "keep passwords that were right"),
    "a cache twice": ("default", 'OPTIONS="-c -rcV -c -m /run/c-c"\n', "keep passwords that were right"),
}
NO_CACHE = ['"-m /run/c -n 5"', '"-m/run/x-c"', '"-r -t c"', '"-m -c"', '"-ac -r"']


@pytest.mark.parametrize("options", NO_CACHE)
def test_saslauthd_with_that_letter_in_the_argument_of_an_option_is_well(patient, options):
    patient.sandbox.write("/etc/imapd.conf", "sasl_pwcheck_method: saslauthd\nsasl_mech_list: PLAIN\n")
    patient.sandbox.write("/etc/default/saslauthd", f"OPTIONS={options}\n")
    assert patient.faults() == []


@pytest.mark.parametrize("what", SASLAUTHD)
def test_saslauthd_that_asks_others_or_keeps_passwords_is_a_fault(patient, what):
    folder, text, message = SASLAUTHD[what]
    patient.sandbox.write(f"/etc/{folder}/saslauthd", text)
    assert patient.faults() == [], "nobody asks it"
    patient.sandbox.write("/etc/imapd.conf", "sasl_pwcheck_method: saslauthd\nsasl_mech_list: PLAIN\n")
    fault = patient.fault("beside-pam", message)
    patient.sandbox.shell(fault.mend).done()
    assert patient.faults() == []
    if "twice" in what:
        assert patient.sandbox.read("/etc/default/saslauthd") == 'OPTIONS=" -rV  -m /run/c-c"\n'


def test_what_does_not_ask_for_app_passwords_is_nobodys_business(patient):
    patient.sandbox.write("/etc/proftpd/proftpd.conf", "ServerName x\n")
    pure_ftpd(patient, "yes")
    assert patient.faults() == []
