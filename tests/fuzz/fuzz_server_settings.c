/*
 * The configurations of servers that ask PAM and may look elsewhere by themselves: ProFTPD,
 * Pure-FTPd, and those with Cyrus's SASL library. Lines of others, and comments, change nothing.
 */
#include "machine.h"

#include "asp-admin/doctor/beside_pam.h"

#define PURE "/etc/pure-ftpd/"

static const char *const paths[] = {
    "/etc/proftpd/proftpd.conf",
    "/etc/proftpd/conf.d/a.conf",
    PURE "conf/UnixAuthentication",
    PURE "pure-ftpd.conf",
    "/etc/imapd.conf",
    "/etc/postfix/sasl/smtpd.conf",
    "/etc/default/saslauthd",
    "/etc/sysconfig/saslauthd",
    "/etc/sasldb2",
};

enum { PATHS = sizeof paths / sizeof *paths };

static void make_services(void)
{
    static const char *const services[] = {"proftpd", "pure-ftpd", "imap", "smtp"};
    static const char stack[] = "auth required pam_asp.so\n";
    char path[64];

    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        (void)snprintf(path, sizeof path, "/etc/pam.d/%s", services[i]);
        machine_put(path, stack, strlen(stack));
    }
}

/* The way of Debian, where the file that a link leads to is there. */
static void link_pure(bool linked)
{
    (void)mkdir("/etc/pure-ftpd", 0755);
    if (linked && mkdir(PURE "auth", 0755) == 0)
        FUZZ_NEED(symlink("../conf/UnixAuthentication", PURE "auth/65unix") == 0);
    if (!linked && unlink(PURE "auth/65unix") == 0)
        FUZZ_NEED(rmdir(PURE "auth") == 0);
}

/* The files of PAM stay as they are. */
static void examine(struct asp_buffer *said)
{
    static struct pam_folder pam;
    struct examination exam;
    struct admin admin;

    machine_examine(&exam, &admin);
    if (pam.count == 0)
        pam_folder_read(&pam);
    exam.pam = pam;
    examine_beside_pam(&exam);
    pam = exam.pam;
    machine_look(&exam.findings);
    for (size_t i = 0; i < exam.findings.count; i++) {
        asp_buffer_add(said, exam.findings.list[i].message);
        asp_buffer_add(said, exam.findings.list[i].fix);
    }
    FUZZ_NEED(!said->failed);
    findings_free(&exam.findings);
}

/* A comment more at the end of each file that is there. */
static void add_comments(void)
{
    for (size_t i = 0; i < PATHS; i++) {
        int fd = strcmp(paths[i], PURE "conf/UnixAuthentication") == 0
                     ? -1
                     : open(paths[i], O_WRONLY | O_APPEND | O_CLOEXEC);

        if (fd >= 0)
            FUZZ_NEED(write(fd, "\n# one more\n", 12) == 12 && close(fd) == 0);
    }
}

/* What is brought in lies where ProFTPD's files do: of a folder all is read that is below it, and
 * this is the machine on which the tests run. */
static bool stays_here(const uint8_t *data, size_t size)
{
    static const char folder[] = "/etc/proftpd/";
    char *text = fuzz_text(data, size);
    bool stays = true;

    for (size_t i = 0; i < size; i++) {
        const char *at = text + i;

        if (strncasecmp(at, "include", 7) != 0)
            continue;
        at += 7 + strspn(at + 7, " \t:\"");
        stays = stays && (*at != '/' || strncmp(at, folder, strlen(folder)) == 0);
    }
    stays = stays && memmem(text, size, "..", 2) == NULL;
    free(text);
    return stays;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool made;
    struct asp_buffer said = {0};
    struct asp_buffer again = {0};

    if (!stays_here(data, size))
        return 0;
    machine_fill(data, size, paths, PATHS);
    if (!made)
        make_services();
    made = true;
    link_pure(access(PURE "conf/UnixAuthentication", F_OK) == 0);
    examine(&said);
    add_comments();
    examine(&again);
    FUZZ_NEED(said.length == again.length &&
              (said.length == 0 || memcmp(said.text, again.text, said.length) == 0));
    asp_buffer_free(&said);
    asp_buffer_free(&again);
    return 0;
}
