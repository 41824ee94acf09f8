/* A file of PAM: its lines and words, and what a stack of it answers. */
#include "fuzz.h"

#include "asp-admin/doctor/pam_proof.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pam_file file = {.text = fuzz_text(data, size)};

    FUZZ_NEED(pam_file_read(&file));
    for (size_t i = 0; i < file.count; i++) {
        FUZZ_NEED(i == 0 || file.lines[i].number > file.lines[i - 1].number);
        look_at_line(&file.lines[i], file.text, size);
    }
    for (int facility = FACILITY_AUTH; facility < FACILITY_ANY; facility++)
        ask(&file, (enum facility)facility, size > 0 ? data[0] : 0);
    pam_file_free(&file);
    return 0;
}
