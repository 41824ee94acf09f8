/*
 * Logs in many times, each as a line of standard input says: SERVICE, USER and PASSWORD, then
 * NAME=VALUE of the environment for this login alone, parted by tabs. Writes a line for each: the
 * codes of pam_authenticate and, after a success, of pam_acct_mgmt, else -1; and how many bytes
 * pam_faillock has written of the user in FOLDER, where it finds nothing of her before.
 *
 *   transactions FOLDER [MODULE...]
 *
 * The modules that are named are loaded once for all.
 */
#include <dlfcn.h>
#include <security/pam_appl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIELDS_MAX = 32 };

/* Nothing of this is for the log: these stand before the C library's. */
void syslog(int priority, const char *format, ...);
void vsyslog(int priority, const char *format, va_list args);
void __syslog_chk(int priority, int flag, const char *format, ...);
void __vsyslog_chk(int priority, int flag, const char *format, va_list args);

void syslog(int priority, const char *format, ...)
{
    (void)priority, (void)format;
}

void vsyslog(int priority, const char *format, va_list args)
{
    (void)priority, (void)format, (void)args;
}

/* NOLINTBEGIN(bugprone-reserved-identifier): the names are glibc's */
void __syslog_chk(int priority, int flag, const char *format, ...)
{
    (void)priority, (void)flag, (void)format;
}

void __vsyslog_chk(int priority, int flag, const char *format, va_list args)
{
    (void)priority, (void)flag, (void)format, (void)args;
}
/* NOLINTEND(bugprone-reserved-identifier) */

static int converse(int count, const struct pam_message **messages, struct pam_response **responses,
                    void *context)
{
    struct pam_response *answers = calloc((size_t)count, sizeof *answers);

    if (answers == NULL)
        return PAM_BUF_ERR;
    for (int i = 0; i < count; i++) {
        if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
            answers[i].resp = strdup(context);
    }
    *responses = answers;
    return PAM_SUCCESS;
}

static void wait_not(int code, unsigned delay, void *context)
{
    (void)code, (void)delay, (void)context;
}

static void log_in(const char *folder, char *const fields[])
{
    const struct pam_conv conversation = {converse, fields[2]};
    union {
        void (*function)(int, unsigned, void *);
        const void *object;
    } delay = {wait_not};
    pam_handle_t *pamh = NULL;
    int auth = pam_start(fields[0], fields[1], &conversation, &pamh);
    int account = -1;
    char tally[256];
    struct stat st = {0};

    (void)snprintf(tally, sizeof tally, "%s/%s", folder, fields[1]);
    (void)unlink(tally);
    if (auth == PAM_SUCCESS) {
        (void)pam_set_item(pamh, PAM_FAIL_DELAY, delay.object);
        auth = pam_authenticate(pamh, 0);
        if (auth == PAM_SUCCESS)
            account = pam_acct_mgmt(pamh, 0);
        (void)pam_end(pamh, auth);
    }
    if (stat(tally, &st) != 0)
        st.st_size = 0;
    printf("%d %d %lld\n", auth, account, (long long)st.st_size);
}

int main(int argc, char *argv[])
{
    char *line = NULL;
    size_t room = 0;

    if (argc < 2)
        return 2;
    for (int i = 2; i < argc; i++)
        (void)dlopen(argv[i], RTLD_NOW | RTLD_NODELETE);

    while (getline(&line, &room, stdin) > 0) {
        char *fields[FIELDS_MAX] = {NULL};
        int count = 0;

        line[strcspn(line, "\n")] = '\0';
        for (char *rest = line; rest != NULL && count < FIELDS_MAX;)
            fields[count++] = strsep(&rest, "\t");
        if (count < 3)
            return 2;
        for (int i = 3; i < count; i++)
            (void)putenv(fields[i]);
        log_in(argv[1], fields);
        for (int i = 3; i < count; i++) {
            fields[i][strcspn(fields[i], "=")] = '\0';
            (void)unsetenv(fields[i]);
        }
    }
    free(line);
    return 0;
}
