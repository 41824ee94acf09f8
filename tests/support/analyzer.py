"""What gcc's static analyzer says of a file, without what it says wrongly."""

import re

# What it says else depends on its version.
VERSION = 12
# (file, function, warning): why it is wrong. What is not said any more is to be taken out.
KEPT_IN_ARRAY = "it is put into an array that its caller has, which the analyzer loses sight of"
BY_VALUE = "the walk fills it whole before it hands it back by value, which is not followed through a pointer to a function"
WRONG = {
    ("asp-admin/doctor/findings.c", "copy_words", "malloc-leak"): KEPT_IN_ARRAY,
    ("asp-admin/doctor/findings.c", "finding_fix_command", "malloc-leak"): KEPT_IN_ARRAY,
    ("asp-admin/doctor/old_processes.c", "host_of", "malloc-leak"): KEPT_IN_ARRAY,
    ("asp-admin/doctor/pam_file.c", "read_arguments", "malloc-leak"): KEPT_IN_ARRAY,
    ("asp-admin/doctor/pam_proof.c", "pam_prove_account", "use-of-uninitialized-value"): BY_VALUE,
    ("asp-admin/doctor/pam_proof.c", "prove_opening", "use-of-uninitialized-value"): BY_VALUE,
    ("asp-admin/doctor/pam_stack.c", "add", "malloc-leak"): KEPT_IN_ARRAY,
    ("asp-admin/doctor/pam_walk.c", "judge_node", "use-of-uninitialized-value"): BY_VALUE,
    ("asp-admin/doctor/pam_walk.c", "node_of", "malloc-leak"): KEPT_IN_ARRAY,
    ("asp-admin/hooks/hooks.c", "add_word", "null-dereference"): "the text has a name and a sign = from add_variable, or has failed",
    ("asp-admin/store/copying.c", "put_text", "malloc-leak"): "what was there is freed before it is put in its place",
    ("asp-admin/system/name_list.c", "name_list_add", "malloc-leak"): KEPT_IN_ARRAY,
    ("asp-admin/watch/name_asker.c", "name_questions_add", "malloc-leak"): KEPT_IN_ARRAY,
    ("asp-admin/watch/name_asker.c", "take", "malloc-leak"): KEPT_IN_ARRAY,
    ("asp/account.c", "set_aside", "null-dereference"): "where none is revoked there are not more than are kept",
    ("asp/store_due.c", "keep_key", "malloc-leak"): KEPT_IN_ARRAY,
    ("asp-web/conversation.c", "add_line", "malloc-leak"): KEPT_IN_ARRAY,
}


def command(words):
    """The words of a compiler's command that look at what it would have compiled, and write nothing."""
    kept, rest = [], iter(words)
    for word in rest:
        if word in ("-o", "-MF", "-MQ"):
            next(rest)
        elif word not in ("-c", "-MD", "-Werror"):
            kept.append(word)
    return [*kept, "-fdiagnostics-color=never", "-fanalyzer", "-S", "-o", "/dev/null"]


def said(source, output):
    """What is said of a file, as the keys of WRONG."""
    found, function = set(), ""
    for line in output.splitlines():
        if begun := re.search(r"In function [‘'](\w+)[’']", line):
            function = begun[1]
        elif warned := re.match(r"\S+:\d+:\d+: warning: .*\[-Wanalyzer-([\w-]+)\]$", line):
            found.add((source, function, warned[1]))
    return found
