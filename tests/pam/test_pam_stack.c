/* What doctor says that a stack answers, against what the real libpam answers, for stacks drawn
 * at random. */
#include "asp-admin/doctor/pam_walk.h"

#include <check.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILES = 4, LINES_MAX = 7, TEXT_MAX = 4096, STACKS = 1000 };

/* The first is the service; each may bring in those behind it. */
static const char *const names[FILES] = {"service", "first", "second", "third"};

static char folder[] = "/tmp/asp-pam_stack-XXXXXX";
static const char *module;
static char texts[FILES][TEXT_MAX];
static struct pam_file files[FILES];
static unsigned long long state = 7;
static bool has_at_include; /* Debian's libpam knows @include */

/* The same numbers in each run. */
static unsigned draw(unsigned below)
{
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(state >> 33) % below;
}

static const char *one_of(const char *const *words, unsigned count)
{
    return words[draw(count)];
}
#define ONE_OF(...)                                                                                \
    one_of((const char *const[]){__VA_ARGS__},                                                     \
           sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* doctor's numbers are libpam's. */
#define SAME(name) _Static_assert((int)REPLY_##name == (int)PAM_##name, #name)
SAME(SUCCESS);
SAME(OPEN_ERR);
SAME(SYMBOL_ERR);
SAME(SERVICE_ERR);
SAME(SYSTEM_ERR);
SAME(BUF_ERR);
SAME(PERM_DENIED);
SAME(AUTH_ERR);
SAME(CRED_INSUFFICIENT);
SAME(AUTHINFO_UNAVAIL);
SAME(USER_UNKNOWN);
SAME(MAXTRIES);
SAME(NEW_AUTHTOK_REQD);
SAME(ACCT_EXPIRED);
SAME(SESSION_ERR);
SAME(CRED_UNAVAIL);
SAME(CRED_EXPIRED);
SAME(CRED_ERR);
SAME(NO_MODULE_DATA);
SAME(CONV_ERR);
SAME(AUTHTOK_ERR);
SAME(AUTHTOK_RECOVERY_ERR);
SAME(AUTHTOK_LOCK_BUSY);
SAME(AUTHTOK_DISABLE_AGING);
SAME(TRY_AGAIN);
SAME(IGNORE);
SAME(ABORT);
SAME(AUTHTOK_EXPIRED);
SAME(MODULE_UNKNOWN);
SAME(BAD_ITEM);
SAME(CONV_AGAIN);
SAME(INCOMPLETE);

/* Those that are drawn. */
static const enum reply replies[] = {
    REPLY_SUCCESS,          REPLY_AUTH_ERR,         REPLY_PERM_DENIED,
    REPLY_NEW_AUTHTOK_REQD, REPLY_AUTHTOK_ERR,      REPLY_IGNORE,
    REPLY_USER_UNKNOWN,     REPLY_AUTHINFO_UNAVAIL, REPLY_ACCT_EXPIRED};
enum { DRAWN = sizeof replies / sizeof *replies };

static void add(char *text, const char *more)
{
    ck_assert(strlen(text) + strlen(more) < TEXT_MAX);
    strcat(text, more);
}

static void add_control(char *text)
{
    if (draw(3) > 0) {
        add(text, ONE_OF("required", "requisite", "optional", "sufficient", "SUFFICIENT",
                         "Required", "nonsense", "[required]"));
        return;
    }
    add(text, "[");
    for (unsigned i = draw(4); i > 0; i--) {
        add(text,
            ONE_OF("success", "auth_err", "perm_denied", "new_authtok_reqd", "authtok_err",
                   "default", "default", "user_unknown", "ignore", "acct_expired", "nothing"));
        add(text, ONE_OF("=", " = ", "= "));
        add(text,
            ONE_OF("ok", "done", "bad", "die", "ignore", "reset", "1", "2", "3", "0", "fine"));
        add(text, ONE_OF(" ", "  "));
    }
    add(text, "]");
}

static void add_module(char *text)
{
    char argument[64];

    add(text, ONE_OF("account ", "account\t", "ACCOUNT ", "-account ", "auth ", "session "));
    add_control(text);
    (void)snprintf(argument, sizeof argument, " account=%d", (int)replies[draw(DRAWN)]);
    add(text, ONE_OF(" ", " ", "\t", " \\\n\t", " \\ \t\n "));
    add(text, module);
    add(text, argument);
    /* A carriage return is one more letter of the word before it, or a word by itself. */
    add(text, ONE_OF("", "", " # a comment", "  ", "\r", " \r"));
}

static void add_line(unsigned file, char *text)
{
    unsigned kind = draw(12);
    unsigned others = FILES - 1 - file;

    if (kind < 3 && others > 0) {
        add(text, has_at_include && draw(3) == 0
                      ? "@include "
                      : ONE_OF("account include ", "account substack ", "account SUBSTACK "));
        /* By path: libpam 1.5 looks for a name in /etc/pam.d, whatever pam_start_confdir was given.
         */
        add(text, folder);
        add(text, "/");
        add(text, names[file + 1 + draw(others)]);
    } else if (kind == 3 && draw(4) == 0) {
        add(text, ONE_OF("account include missing", "account substack missing", "account required",
                         "account", "other required x"));
    } else if (kind == 4) {
        add(text, ONE_OF("", "# a comment", "   ", "  # required"));
    } else {
        add_module(text);
    }
    add(text, "\n");
}

static void draw_files(void)
{
    for (unsigned i = 0; i < FILES; i++) {
        texts[i][0] = '\0';
        for (unsigned lines = 1 + draw(LINES_MAX); lines > 0; lines--)
            add_line(i, texts[i]);
    }
}

static void write_file(const char *name, const char *text)
{
    char path[256];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "we");
    ck_assert(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void remove_files(void)
{
    char path[256];

    for (unsigned i = 0; i <= FILES; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, i < FILES ? names[i] : "other");
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

static struct pam_file *find(void *context, const char *name)
{
    const char *slash = strrchr(name, '/');

    (void)context;
    for (unsigned i = 0; slash != NULL && i < FILES; i++) {
        if (strcmp(names[i], slash + 1) == 0)
            return &files[i];
    }
    return NULL;
}

static enum reply answer(const struct pam_entry *entry, void *context)
{
    int code = -1;

    (void)context;
    ck_assert_int_ge(entry->line->argument_count, 1);
    ck_assert(sscanf(entry->line->arguments[0], "account=%d", &code) == 1);
    ck_assert(code >= 0 && code < REPLIES);
    return (enum reply)code;
}

static void read_stack(struct pam_stack *stack)
{
    for (unsigned i = 0; i < FILES; i++) {
        files[i].text = strdup(texts[i]);
        ck_assert(files[i].text != NULL && pam_file_read(&files[i]));
    }
    pam_stack_add(stack, &files[0], FACILITY_ACCOUNT, find, NULL);
    ck_assert(!stack->failed);
}

static void free_stack(struct pam_stack *stack)
{
    pam_stack_free(stack);
    for (unsigned i = 0; i < FILES; i++)
        pam_file_free(&files[i]);
}

static int of_doctor(void)
{
    struct pam_stack stack = {0};
    enum reply reply;

    read_stack(&stack);
    reply = pam_stack_ask(&stack, 0, answer, NULL);
    free_stack(&stack);
    return (int)reply;
}

static int say_nothing(int count, const struct pam_message **messages,
                       struct pam_response **responses, void *context)
{
    (void)count, (void)messages, (void)responses, (void)context;
    return PAM_CONV_ERR;
}

static int of_libpam(void)
{
    const struct pam_conv conversation = {say_nothing, NULL};
    pam_handle_t *pamh = NULL;
    int code;

    for (unsigned i = 0; i < FILES; i++)
        write_file(names[i], texts[i]);
    ck_assert_int_eq(pam_start_confdir(names[0], "alice", &conversation, folder, &pamh),
                     PAM_SUCCESS);
    code = pam_acct_mgmt(pamh, 0);
    (void)pam_end(pamh, code);
    return code;
}

static void look_for_at_include(void)
{
    (void)snprintf(texts[0], TEXT_MAX, "@include %s/first\n", folder);
    (void)snprintf(texts[1], TEXT_MAX, "account required %s account=%d\n", module,
                   PAM_NEW_AUTHTOK_REQD);
    has_at_include = of_libpam() == PAM_NEW_AUTHTOK_REQD;
    if (!has_at_include)
        printf("skipped: @include: this libpam does not know it\n");
}

START_TEST(doctor_answers_what_libpam_answers)
{
    unsigned seen[REPLIES] = {0};
    char text[512];

    (void)snprintf(text, sizeof text, "account required %s account=%d\n", module, PAM_PERM_DENIED);
    write_file("other", text);
    look_for_at_include();
    for (int i = 0; i < STACKS; i++) {
        int code;

        draw_files();
        code = of_libpam();
        /* A stack without a line is answered by `other`. */
        ck_assert_msg(of_doctor() == code,
                      "stack %d: libpam says %d:\n%s\n--- first\n%s\n--- second\n%s\n--- third\n%s",
                      i, code, texts[0], texts[1], texts[2], texts[3]);
        seen[code]++;
    }
    for (int k = 0; k < DRAWN; k++)
        ck_assert_msg(replies[k] == REPLY_IGNORE || seen[replies[k]] > STACKS / 100, "%u of %s",
                      seen[replies[k]], pam_reply_name(replies[k]));
}
END_TEST

/* Each module answers as its line says, or otherwise where the bit of its entry is set. */
struct answering {
    const struct pam_stack *stack;
    enum reply otherwise;
    bool of_friends;
    unsigned bits;
};

static enum reply answer_by_bits(const struct pam_entry *entry, void *context)
{
    const struct answering *answering = context;
    size_t index = (size_t)(entry - answering->stack->entries);

    return (answering->bits >> index & 1) != 0 ? answering->otherwise : answer(entry, NULL);
}

static struct pam_replies answer_either(const struct pam_entry *entry, unsigned marks,
                                        const void *context)
{
    const struct answering *answering = context;

    ck_assert_uint_le(marks, 1);
    return (struct pam_replies){(uint32_t)1 << answering->otherwise | (uint32_t)1
                                                                          << answer(entry, NULL),
                                answering->of_friends};
}

/* Which of two modules has been asked last is remembered, so that states differ by it. */
static unsigned mark_by_line(const struct pam_entry *entry, enum reply reply, unsigned marks,
                             const void *context)
{
    (void)marks, (void)context;
    return (entry->line->number + (size_t)reply) % 2;
}

static bool is_open(bool opened, unsigned marks, const void *context)
{
    (void)marks, (void)context;
    return opened;
}

/* Each bit of `seen` that is counted: some answers open it, all do. */
static void compare_walk(const struct pam_stack *stack, struct answering *answering,
                         unsigned seen[3])
{
    bool some = false;
    bool every = true;

    for (answering->bits = 0; answering->bits < 1u << stack->count; answering->bits++) {
        bool opened = pam_stack_ask(stack, 0, answer_by_bits, answering) == REPLY_SUCCESS;

        some = some || opened;
        every = every && opened;
    }
    for (int friends = 0; friends < 2; friends++) {
        const struct pam_trial trial = {answer_either, mark_by_line, is_open, answering};
        bool sure = friends != 0 ? some : every;
        struct pam_ways ways;

        answering->of_friends = friends != 0;
        ways = pam_walk(stack, &trial);
        ck_assert(!ways.failed);
        ck_assert_msg(ways.some == some && ways.sure == sure, "%d %d:\n%s", some, sure, texts[0]);
        ck_assert(sure == (ways.where == NULL) || !some);
    }
    seen[some + every]++;
}

START_TEST(a_walk_finds_what_all_answers_come_to)
{
    enum { ENTRIES_MAX = 7 };
    unsigned seen[3] = {0};

    for (int i = 0; i < STACKS; i++) {
        struct pam_stack stack = {0};
        struct answering answering = {&stack, i % 2 == 0 ? REPLY_AUTH_ERR : REPLY_SUCCESS, false,
                                      0};

        draw_files();
        read_stack(&stack);
        if (stack.count <= ENTRIES_MAX)
            compare_walk(&stack, &answering, seen);
        free_stack(&stack);
    }
    for (int k = 0; k < 3; k++)
        ck_assert_msg(seen[k] > STACKS / 500, "%u %u %u", seen[0], seen[1], seen[2]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pam_stack");
    TCase *tcase = tcase_create("pam_stack");
    SRunner *runner;
    int failures;

    module = getenv("ASP_STANDIN");
    if (module == NULL || mkdtemp(folder) == NULL)
        return 99;
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, doctor_answers_what_libpam_answers);
    tcase_add_test(tcase, a_walk_finds_what_all_answers_come_to);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    remove_files();
    return failures == 0 ? 0 : 1;
}
