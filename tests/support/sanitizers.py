"""Tests of a build with sanitizers: ASP_REPORTS names a folder for what they report, and a report fails the test that made
it happen, whatever becomes of the process and of what it writes.

Both sanitizers report into one file for each process. That of undefined behaviour ends the process with abort(), which
the other reports: where both are there, it writes to standard error alone by itself.
"""

import os
import pathlib
import re
import stat
import subprocess

REPORTS = os.environ.get("ASP_REPORTS")

TESTS = pathlib.Path(__file__).resolve().parent.parent

# What is not run with sanitizers, by the reason: files, and single tests of files.
LEFT_OUT = {
    "a sanitizer has a malloc of its own": """
        cli/test_admin_memory.py
        cli/test_admin_many.py
    """,
    "it kills at each system call, of which a sanitizer makes many; where files are left shows without it": """
        cli/test_hooks_killed.py
    """,
    "a sanitizer needs more room than its limits leave": """
        services/test_asp_web_flood.py::test_their_memory_is_that_of_as_many_as_may_be_at_once
        cli/test_admin_export.py::test_many_accounts_are_not_held_in_memory
        cli/test_admin_export.py::test_a_line_of_many_values_takes_no_memory_for_each
        services/test_password_stack.py::test_no_bound_of_passwd_hinders_it
    """,
    "it runs asp-admin hundreds of times for a number": """
        cli/test_watch.py::test_a_change_of_five_in_a_hundred_is_not_held_back_and_one_of_more_is
        services/test_self_commands.py::test_a_list_of_five_hundred_comes_across_as_it_is
    """,
    "it reads all memory of a process, which with a sanitizer has terabytes": """
        fleet/test_canaries.py
        services/test_canaries.py
        services/test_self_hostile.py::test_an_app_password_that_was_checked_does_not_stay_in_memory
        services/test_self_hostile.py::test_nothing_of_the_primary_password_stays_in_memory
        services/test_asp_web_once.py::test_nothing_of_it_stays_in_memory
        services/test_asp_web_once.py::test_nor_does_that_of_a_password_that_is_void
        services/test_authorize.py::test_what_was_sent_is_in_no_memory_once_it_is_answered
        services/test_authorize.py::test_what_was_sent_is_in_no_memory_while_the_broker_has_it
        services/test_asp_web_sessions.py::test_nor_is_a_password_that_was_made_and_is_at_the_page
        services/test_asp_web_sessions.py::test_nor_is_the_name_which_may_be_a_password_in_the_wrong_place
        services/test_asp_web_sessions.py::test_what_was_typed_is_in_no_memory_once_the_broker_has_it
        services/test_web_hostile.py::test_nothing_that_she_has_typed_stays_in_memory_and_nobody_looks_in
    """,
    "a server loads the module with nothing of a sanitizer before it, and has cleared the settings for one that comes late": """
        services/test_apache.py
        services/test_asp_web_users_dovecot.py::test_a_user_of_dovecots_makes_an_app_password_reads_her_mail_with_it_and_revokes_it
        services/test_asp_web_users_dovecot.py::test_an_app_password_opens_the_mail_and_not_the_page
        services/test_cockpit.py
        services/test_dovecot.py
        services/test_dovecot_cache.py
        services/test_exim.py
        services/test_fail2ban.py
        services/test_faillock.py
        services/test_ftp.py
        services/test_guarded_services.py
        services/test_imap_clients.py
        services/test_ldap_users.py
        services/test_log.py
        services/test_migration.py
        services/test_nginx.py
        services/test_nologin_and_access.py
        services/test_page_looks.py
        services/test_page_once.py
        services/test_page_secret.py
        services/test_page_web.py::test_a_session_that_is_over_is_said_and_what_was_typed_is_kept
        services/test_page_web.py::test_a_user_signs_in_and_makes_a_password_that_logs_in_over_imap
        services/test_page_web.py::test_two_pages_of_a_browser_are_one_session
        services/test_page_words.py
        services/test_pam_stacks.py
        services/test_rhost_and_service.py
        services/test_saslauthd.py
        services/test_second_factor.py
        services/test_sessions.py
        services/test_smtp.py
        services/test_sshd.py
        services/test_virtual_users.py
        services/test_vsftpd.py
        services/test_xmpp.py
    """,
    "it is about other builds than the one that is tested": """
        services/test_packages.py
        services/test_quickstart.py
        services/test_versions.py
    """,
    "it is about the sandbox": """
        services/test_sandbox.py
    """,
    "the units leave a process neither the room nor the system calls that a sanitizer needs": """
        services/test_operation_page.py
        services/test_systemd_units.py
    """,
}


def options(reports):
    """The settings of the sanitizers: their reports go to files whose names begin so."""
    log = f"log_path={reports}:log_exe_name=1"
    return {
        # A library of the tests may be loaded before the sanitizer's own; passwd loads that late, with the module, and
        # less is seen there. Leaks that are suppressed are no report.
        "ASAN_OPTIONS": f"exitcode=99:handle_abort=1:verify_asan_link_order=0:print_suppressions=0:{log}",
        "UBSAN_OPTIONS": f"halt_on_error=1:abort_on_error=1:{log}",
    }


def _shown(path):
    """What stands in a file of a folder that everybody can write to: no pipe is waited for, no link followed, and nothing of
    it disturbs a terminal."""
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), errors="replace", encoding="utf-8") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return "this is no file"
        return "".join(c if c.isprintable() or c in "\n\t" else "?" for c in file.read())


# A thread had ended while leaks were looked for: it is said, and no fault.
NO_FAULT = re.compile(r"(==[\w-]+==\d+==Unable to get registers from thread \d+\.\n)+")


def taken(reports):
    """What was reported to such files since last asked."""
    found = []
    for path in sorted(pathlib.Path(reports).parent.glob(f"{pathlib.Path(reports).name}.*")):
        shown = _shown(path)
        if not NO_FAULT.fullmatch(shown):
            found.append(f"{path.name}:\n{shown}")
        path.unlink()
    return found


# The rest is about the tests of this process: others may run at the same time.


def _mine():
    return pathlib.Path(REPORTS, os.environ.get("PYTEST_XDIST_WORKER", "main"))


def environment():
    return options(_mine()) if REPORTS else {}


def reports():
    return taken(_mine()) if REPORTS else []


def left_out(test):
    """Why a test is, by the name that pytest gives it; None where it is not."""
    file, _, name = re.sub(r"\[.*", "", test, flags=re.S).partition("::")
    for reason, names in LEFT_OUT.items() if REPORTS else ():
        if {file, f"{file}::{name}"} & set(names.split()):
            return reason
    return None


def unknown():
    """What is left out and not there."""
    for line in " ".join(LEFT_OUT.values()).split():
        file, _, name = line.partition("::")
        path = TESTS / file
        if not path.is_file() or name and f"def {name}(" not in path.read_text():
            yield line


def _also(**settings):
    """The words before a command for which more is set, before what is set already."""
    script = "".join(f'export {name}="{value}${{{name}:+:${name}}}"; ' for name, value in settings.items())
    return ("sh", "-c", f'{script}exec "$@"', "sh") if REPORTS else ()


def without_leaks():
    """The words before a command that is not asked what it leaks: who looks for leaks can't be traced."""
    return _also(ASAN_OPTIONS="detect_leaks=0")


def host():
    """The words before a program that loads the module and was not built with it: its sanitizer has to be there first,
    and what else the program leaks is its own affair."""
    if not REPORTS:
        return ()
    words = ("gcc", "-print-file-name=libasan.so")
    library = subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()
    return _also(LD_PRELOAD=os.path.realpath(library), ASAN_OPTIONS="detect_leaks=0")
