/*
 * A file of PAM: its lines and words, and what a stack of it answers. A line that is copied into
 * another file is the same line there; and libpam itself, which is given the same file, answers the
 * same.
 */
#include "fuzz.h"

#include "asp-admin/doctor/pam_edit.h"
#include "asp-admin/doctor/pam_proof.h"

#include <ctype.h>
#include <fcntl.h>
#include <security/pam_appl.h>
#include <stdarg.h>
#include <syslog.h>
#include <unistd.h>

enum { FOUND_MAX = 8, PROVEN_MAX = 6 };

struct finding {
    struct pam_file *file;
    int left; /* a file that brings itself in is found so many times */
};

static struct pam_file *find(void *context, const char *name)
{
    struct finding *finding = context;

    FUZZ_NEED(name != NULL);
    return strlen(name) % 2 == 0 && finding->left-- > 0 ? finding->file : NULL;
}

static enum reply answer(const struct pam_entry *entry, void *context)
{
    const uint8_t *bits = context;

    FUZZ_NEED(entry->line->kind == LINE_MODULE && !entry->is_start);
    return (enum reply)((*bits + entry->line->number) % REPLIES);
}

static void look_at_line(const struct pam_line *line, const char *text, size_t size)
{
    FUZZ_NEED(line->number >= 1 && line->number <= size + 1);
    FUZZ_NEED(line->word != NULL || line->kind == LINE_BROKEN);
    FUZZ_NEED(line->word == NULL || (line->word >= text && line->word <= text + size));
    for (int i = 0; i < REPLIES; i++)
        FUZZ_NEED(line->actions[i] >= ACTION_RESET);
    for (int i = 0; i < line->argument_count; i++)
        FUZZ_NEED(line->arguments[i] >= text && line->arguments[i] <= text + size);
    (void)pam_line_has(line, "pam_asp.so");
}

static void ask(struct pam_file *file, enum facility facility, uint8_t bits)
{
    struct finding finding = {file, FOUND_MAX};
    struct pam_stack stack = {0};

    pam_stack_add(&stack, file, facility, find, &finding);
    FUZZ_NEED(!stack.failed);
    for (size_t from = 0; from <= stack.count; from += 1 + stack.count / 4) {
        enum reply reply = pam_stack_ask(&stack, from, answer, &bits);

        FUZZ_NEED((int)reply >= 0 && reply < REPLIES);
        FUZZ_NEED(from < stack.count || reply != REPLY_SUCCESS);
    }
    if (facility == FACILITY_AUTH && stack.count <= PROVEN_MAX) {
        struct pam_auth_proof auth = pam_prove_auth(&stack, NULL);
        struct pam_account_proof account = pam_prove_account(&stack, NULL);

        FUZZ_NEED(!auth.failed && (auth.opening.can || !auth.opening.sure));
        FUZZ_NEED(auth.ours != NULL || (!auth.opening.can && auth.goes_on == NULL));
        FUZZ_NEED(!account.failed && (account.opening.can || !account.opening.sure));
    }
    pam_stack_free(&stack);
}

/* Libpam has the end of the line in a word whose bracket is not closed, and finds no module by
 * that; the reader has not, and a copy of the line has not the blanks at its end. */
static bool has_open_bracket(const char *text)
{
    for (const char *at = text; (at = strchr(at, '[')) != NULL; at++) {
        const char *end = at;

        while (strchr("]#\n", *end) == NULL)
            end += end[0] == '\\' && end[1] == ']' ? 2 : 1;
        if (*end != ']')
            return true;
    }
    return false;
}

/* Where the line went on in another one, a word in brackets may have fewer blanks. */
static bool same_word(const char *one, const char *other, bool over_lines)
{
    while (*one != '\0' && *other != '\0') {
        const size_t blanks = over_lines ? strspn(one, " \t") : 0;
        const size_t others = over_lines ? strspn(other, " \t") : 0;

        if ((blanks == 0) != (others == 0) || (blanks == 0 && *one != *other))
            return false;
        one += blanks == 0 ? 1 : blanks;
        other += others == 0 ? 1 : others;
    }
    return *one == *other;
}

/* The words are the same, and so is what they mean. */
static void need_same(const struct pam_line *one, const struct pam_line *other)
{
    FUZZ_NEED(one->kind == other->kind && one->facility == other->facility);
    FUZZ_NEED(memcmp(one->actions, other->actions, sizeof one->actions) == 0);
    FUZZ_NEED((one->word == NULL) == (other->word == NULL));
    FUZZ_NEED(one->word == NULL || same_word(one->word, other->word, one->last > one->number));
    FUZZ_NEED(one->fails == other->fails && one->argument_count == other->argument_count);
    for (int i = 0; i < one->argument_count; i++)
        FUZZ_NEED(same_word(one->arguments[i], other->arguments[i], one->last > one->number));
}

static void copy_line(const struct pam_file *file, const struct pam_line *line)
{
    struct pam_file empty = {.whole = (char *)""};
    struct pam_edit edit = {.file = &empty};
    struct pam_file again = {0};
    struct asp_buffer out = {0};

    pam_edit_copy(&edit, file, line);
    pam_edit_apply(&edit, &out);
    FUZZ_NEED(!out.failed);
    again.text = strdup(out.text);
    FUZZ_NEED(again.text != NULL && pam_file_read(&again) && again.count == 1);
    need_same(line, &again.lines[0]);
    pam_file_free(&again);
    asp_buffer_free(&out);
    pam_edit_free(&edit);
}

/* Without it the others are as they were. */
static void take_out(const struct pam_file *file, size_t which)
{
    struct pam_edit edit = {.file = file, .gone = {&file->lines[which]}, .gone_count = 1};
    struct pam_file again = {0};
    struct asp_buffer out = {0};

    pam_edit_add(&edit, "");
    pam_edit_apply(&edit, &out);
    FUZZ_NEED(!out.failed);
    again.text = strdup(out.text);
    FUZZ_NEED(again.text != NULL && pam_file_read(&again) && again.count + 1 == file->count);
    for (size_t i = 0; i < again.count; i++)
        need_same(&file->lines[i + (i >= which)], &again.lines[i]);
    pam_file_free(&again);
    asp_buffer_free(&out);
    pam_edit_free(&edit);
}

/* Nothing of libpam's reaches a log. */
void vsyslog(int priority, const char *format, va_list arguments)
{
    (void)priority;
    (void)format;
    (void)arguments;
}

static int converse(int count, const struct pam_message **messages, struct pam_response **replies,
                    void *context)
{
    (void)count;
    (void)messages;
    (void)replies;
    (void)context;
    return PAM_CONV_ERR;
}

/* A module that is there is pam_permit.so or pam_deny.so, and there are no others. */
static enum reply answer_as_module(const struct pam_entry *entry, void *context)
{
    (void)context;
    if (strcmp(entry->line->word, "pam_permit.so") == 0)
        return REPLY_SUCCESS;
    return strcmp(entry->line->word, "pam_deny.so") == 0 ? REPLY_AUTH_ERR : REPLY_MODULE_UNKNOWN;
}

/* What libpam may be given: no module but these, and no file but this one. */
static bool is_harmless(const char *text)
{
    for (const char *at = text; (at = strstr(at, "so")) != NULL; at += 2) {
        const bool permit = at - text >= 11 && strncmp(at - 11, "pam_permit.", 11) == 0;
        const bool deny = at - text >= 9 && strncmp(at - 9, "pam_deny.", 9) == 0;

        if (!permit && !deny)
            return false;
    }
    return strpbrk(text, "/$@") == NULL && strcasestr(text, "include") == NULL &&
           strcasestr(text, "substack") == NULL;
}

/* A module's path that is nothing, or a question mark, before the dot of its .so has no name for
 * libpam: there no service of that file begins at all, whatever its other lines are. */
static bool has_nameless(const struct pam_file *file)
{
    for (size_t i = 0; i < file->count; i++) {
        const char *word = file->lines[i].word;

        if (word != NULL && strchr(".", word[word[0] == '?']) != NULL)
            return true;
    }
    return false;
}

static void ask_libpam(const struct pam_file *file)
{
    static char folder[FUZZ_FOLDER];
    const struct pam_conv conv = {converse, NULL};
    struct finding finding = {NULL, 0};
    struct pam_stack stack = {0};
    pam_handle_t *handle = NULL;
    char path[FUZZ_FOLDER + 8];
    enum reply expected;
    int code;
    int fd;

    if (file->is_cut || file->torn > 0 || !is_harmless(file->whole) || has_nameless(file) ||
        has_open_bracket(file->whole))
        return;
    if (folder[0] == '\0')
        fuzz_folder(folder);
    (void)snprintf(path, sizeof path, "%s/fuzz", folder);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FUZZ_NEED(fd >= 0 && write(fd, file->whole, strlen(file->whole)) >= 0 && close(fd) == 0);
    pam_stack_add(&stack, file, FACILITY_AUTH, find, &finding);
    expected = pam_stack_ask(&stack, 0, answer_as_module, NULL);
    code = pam_start_confdir("fuzz", "alice", &conv, folder, &handle);
    if (code == PAM_SUCCESS) {
        code = pam_authenticate(handle, PAM_SILENT);
        FUZZ_NEED((code == PAM_SUCCESS) == (expected == REPLY_SUCCESS));
        FUZZ_NEED(stack.count == 0 || code == (int)expected);
        (void)pam_end(handle, code);
    } else {
        FUZZ_NEED(file->count == 0);
    }
    pam_stack_free(&stack);
    FUZZ_NEED(unlink(path) == 0 && rmdir(folder) == 0);
    folder[0] = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pam_file file = {.text = fuzz_text(data, size),
                            .whole = fuzz_text(data, size),
                            .path = strdup("/etc/pam.d/x"),
                            .name = strdup("x")};

    FUZZ_NEED(pam_file_read(&file));
    for (size_t i = 0; i < file.count; i++) {
        FUZZ_NEED(i == 0 || file.lines[i].number > file.lines[i - 1].number);
        look_at_line(&file.lines[i], file.text, size);
        /* A carriage return ends a line that is copied; what later versions of libpam end behind a
         * comment is none to be copied. */
        if (strchr(file.whole, '\r') != NULL || file.torn > 0 || file.is_cut ||
            has_open_bracket(file.whole))
            continue;
        copy_line(&file, &file.lines[i]);
        if (i < PROVEN_MAX)
            take_out(&file, i);
    }
    ask_libpam(&file);
    for (int facility = FACILITY_AUTH; facility < FACILITY_ANY; facility++)
        ask(&file, (enum facility)facility, size > 0 ? data[0] : 0);
    pam_file_free(&file);
    return 0;
}
