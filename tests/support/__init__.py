"""What more than one of the Python suites, or more than one file of a suite, needs. Fixtures are in the conftest.py of
a suite; what a single file needs is in it or beside it.

    run, wait, processes          commands and how they ended; waiting; /proc
    tracing                       their system calls, and one of them cut short
    passwords, documents, folders what asp-admin prints, and what a store is compared by
    site                          asp-admin with a store of its own: the suite cli; in a database: fleet/on_database
    primaries, hooks, watch       commands of an administrator's, and asp-admin watch
    sandbox, system_log           a place with files, users and a log of its own: the suite services
    recipes, hook_recipes         the files of conf/
    service                       a service in a sandbox; mail, smtp, web, broker, self_service, doctor are kinds of it
    slapd, second_factor          what stands beside
    terminal, systemd, pam_codes
    bin/                          programs that are run, in sandboxes mostly
"""
