"""Users who are in a directory and in no passwd: a real slapd on loopback, and nslcd or SSSD, by which a sandbox knows them."""

import dataclasses
import subprocess

from support.recipes import change, recipe
from support.run import MORTAL
from support.slapd import Slapd, configuration

PROGRAM = "/usr/libexec/asp/primary-openldap"
URI = "ldap://127.0.0.1"
SUFFIX = "dc=example,dc=org"
PEOPLE = f"ou=people,{SUFFIX}"
ADMIN, ADMIN_PASSWORD = f"cn=admin,{SUFFIX}", "secret of the admin"
FIRST, SECOND = "First-pw-1!", "Second-pw-2?"
TOOLS = ("slapd", "ldapadd", "ldapmodify", "ldapdelete", "ldapsearch", "ldappasswd")

SCHEMAS = ("core", "cosine", "inetorgperson", "nis")
ACCESS = """
access to filter="(description=may not)" attrs=userPassword by self read by anonymous auth by * none
access to attrs=userPassword by self write by anonymous auth by * none
access to * by self write by * read
"""
SLAPD_CONF = configuration(SUFFIX, ADMIN, ADMIN_PASSWORD, SCHEMAS, ACCESS)

TOP = f"""
dn: {SUFFIX}
objectClass: organization
objectClass: dcObject
o: Example
dc: example

dn: {PEOPLE}
objectClass: organizationalUnit
ou: people
"""

PERSON = """
dn: uid={user},{people}
objectClass: inetOrgPerson
objectClass: posixAccount
objectClass: shadowAccount
uid: {user}
cn: {user}
sn: {user}
uidNumber: {number}
gidNumber: 65534
homeDirectory: /run/{user}
loginShell: /bin/bash
shadowLastChange: 20000
shadowMin: 0
shadowMax: 99999
userPassword: {password}
"""
PEOPLE_THERE = {"lena": 20001, "milo": 20002}
# As what lena is known besides: SSSD knows her with its domain too.
SPELLINGS = {"nslcd": ("LENA", "Lena"), "sssd": ("LENA", "Lena", "lena@example", "LENA@EXAMPLE")}

NSLCD_CONF = f"""
uid nslcd
gid nslcd
uri ldap://127.0.0.1
base {SUFFIX}
idle_timelimit 1
bind_timelimit 2
timelimit 2
reconnect_sleeptime 0
reconnect_retrytime 0
ignorecase yes
"""

# Nothing is remembered for longer than a test can wait, and on loopback TLS is no matter here.
SSSD_CONF = f"""
[sssd]
services = nss, pam
domains = example
[nss]
memcache_timeout = 0
entry_negative_timeout = 0
[pam]
pam_id_timeout = 1
[domain/example]
id_provider = ldap
auth_provider = ldap
chpass_provider = ldap
access_provider = ldap
case_sensitive = false
ldap_access_order = expire
ldap_account_expire_policy = shadow
ldap_uri = ldap://127.0.0.1
ldap_search_base = {SUFFIX}
ldap_id_use_start_tls = false
ldap_auth_disable_tls_never_use_in_production = true
ldap_pwd_policy = shadow
entry_cache_timeout = 1
offline_timeout = 1
offline_timeout_random_offset = 0
"""


@dataclasses.dataclass(frozen=True)
class Kind:
    """A program by which the machine knows the users of the directory."""

    name: str
    nss: str
    module: str
    profiles: tuple
    command: tuple
    ready: str


KINDS = {
    kind.name: kind
    for kind in (
        Kind("nslcd", "ldap", "pam_ldap.so", ("ldap",), ("nslcd", "-n"), "/run/nslcd/socket"),
        Kind("sssd", "sss", "pam_sss.so", ("sss", "pwquality"), ("sssd", "-i"), "/var/lib/sss/pipes/nss"),
    )
}


class DirectoryUsers:
    """Of a machine, which has `sandbox`, `kind` and `slapd`."""

    def join(self):
        """Starts the directory and what asks it, with nobody in it."""
        box = self.sandbox
        box.shell(
            'sed -Ei "s/^((passwd|group|shadow):.*)/\\1 $1/" /etc/nsswitch.conf;'
            "getent passwd nslcd || useradd --system --no-create-home nslcd; install -d -o nslcd /run/nslcd",
            self.kind.nss,
        ).done()
        box.write("/run/ldap/conf", SLAPD_CONF)
        box.write("/etc/nslcd.conf", NSLCD_CONF)
        box.write("/etc/sssd/sssd.conf", SSSD_CONF)
        box.run("chmod", "600", "/etc/sssd/sssd.conf").done()
        box.run("mkdir", "-p", "/run/ldap/db").done()
        self.slapd.start()
        self.add(TOP)
        box.start(*MORTAL, *self.kind.command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        box.wait_for_socket(self.kind.ready)

    def hire_all(self):
        for user in PEOPLE_THERE:
            self.slapd.as_admin("ldapdelete", f"uid={user},{PEOPLE}")
            self.hire(user)
        self.until_known("lena")

    def primary_command(self):
        """What the recipe and the shipped configuration say; the one who asks is the admin here. The line of asp.conf."""
        conf = change(recipe("ldap/primary-openldap.conf"), "\nbind_dn=\n", f"\nbind_dn={ADMIN}\n")
        self.install("ldap/primary-openldap", PROGRAM, "755")
        self.sandbox.write("/etc/asp/primary-openldap.conf", conf)
        self.sandbox.write("/etc/asp/primary-openldap.secret", ADMIN_PASSWORD)
        self.sandbox.shell("chmod 600 /etc/asp/primary-openldap.*").done()
        return f'primary: {{ source = "command"; command = "{PROGRAM}"; }};'

    def until_known(self, user, known=True):
        again = "until" if known else "while"
        self.sandbox.shell(f'{again} getent passwd "$1" >/run/found; do sleep 0.1; done', user).done()

    def add(self, text):
        self.slapd.as_admin("ldapadd", input=text).done()

    def hire(self, user, password=FIRST):
        self.add(PERSON.format(user=user, number=PEOPLE_THERE[user], people=PEOPLE, password=password))

    def dismiss(self, user):
        self.slapd.as_admin("ldapdelete", f"uid={user},{PEOPLE}").done()

    def set(self, user, attribute, value):
        text = f"dn: uid={user},{PEOPLE}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n"
        self.slapd.as_admin("ldapmodify", input=text).done()

    def set_in_directory(self, user, password):
        self.slapd.as_admin("ldappasswd", "-s", password, f"uid={user},{PEOPLE}").done()


def slapd_of(box):
    return Slapd(box, URI, ADMIN, ADMIN_PASSWORD)
