/*
 * What a user says to the broker of her own account: the command, and what is answered to what the
 * broker says. Whatever it is, nothing is changed and nothing of another's is told, for she is not
 * let in; and what is called done was written where she is.
 */
#include "door.h"

#include "asp-admin/ui/console.h"
#include "asp-broker/self_session.h"
#include "asp/conf.h"
#include "asp/store.h"

#include <fcntl.h>
#include <ftw.h>
#include <pwd.h>
#include <sodium.h>
#include <sys/stat.h>

#define OTHER "mallory"

enum { CHUNK_MAX = 4096, FIELD_COLOUR = 1, FIRST_WORD = 3, ACCOUNTS = 3, PATHS = 128 };

/* A store with an account of whoever runs this, and one of somebody else. */
static struct {
    char folder[PATHS];
    char conf[PATHS];
    char label[2 * 16 + 1]; /* the other's: no input has it by chance */
    char user[ASP_USER_MAX + 1];
    struct asp_conf *parsed;
    struct own_primary_key key;
} site;

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *place)
{
    (void)st;
    (void)kind;
    (void)place;
    return remove(path);
}

static void remove_site(void)
{
    (void)nftw(site.folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static enum asp_status add(struct asp_account *account, void *context, struct asp_error *error)
{
    (void)error;
    return asp_account_add(account, context);
}

static void enroll(struct asp_store *store, const char *user, const char *label)
{
    struct asp_entry entry;

    asp_entry_init(&entry);
    strcpy(entry.id, "7k");
    (void)snprintf(entry.label, sizeof entry.label, "%s", label);
    strcpy(entry.created_by, "root");
    entry.created = 1000;
    strcpy(entry.verifier, "$hmac-sha256$AAAAAAAAAAAAAAAAAAAAAA$"
                           "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    FUZZ_NEED(asp_store_update(store, user, true, add, &entry, NULL) == ASP_OK);
}

static void write_conf(const char *text)
{
    int fd = open(site.conf, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    FUZZ_NEED(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && close(fd) == 0);
    FUZZ_NEED(asp_conf_read(site.conf, text, strlen(text), &site.parsed, NULL) == ASP_OK);
}

static void make_site(void)
{
    const struct passwd *me = getpwuid(geteuid());
    uint8_t random[16];
    struct asp_store store;
    char text[2 * PATHS];
    bool made;

    strcpy(site.folder, "/tmp/asp_fuzz.XXXXXX");
    FUZZ_NEED(mkdtemp(site.folder) != NULL && atexit(remove_site) == 0);
    (void)snprintf(site.conf, sizeof site.conf, "%s/conf", site.folder);
    (void)snprintf(text, sizeof text, "store = \"%s/store\"; primary: { source = \"none\"; };",
                   site.folder);
    write_conf(text);
    FUZZ_NEED(sodium_init() >= 0);
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(site.label, sizeof site.label, random, sizeof random);
    randombytes_buf(site.key.bytes, sizeof site.key.bytes);
    FUZZ_NEED(me != NULL && strlen(me->pw_name) < sizeof site.user);
    strcpy(site.user, me->pw_name);
    FUZZ_NEED(asp_store_make(&store, site.parsed, NULL, &made, NULL) == ASP_OK);
    enroll(&store, site.user, "Phone");
    enroll(&store, OTHER, site.label);
    asp_store_close(&store);
}

/* When anything of the accounts was last changed, in ns. */
static void look_at_accounts(int64_t times[ACCOUNTS])
{
    const char *const names[ACCOUNTS] = {"", site.user, OTHER};
    char path[2 * PATHS];
    struct stat st;

    for (size_t i = 0; i < ACCOUNTS; i++) {
        (void)snprintf(path, sizeof path, "%s/store/users/%s", site.folder, names[i]);
        FUZZ_NEED(stat(path, &st) == 0);
        times[i] = (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec;
    }
}

/* Nothing for a terminal but what was asked for, and nothing of another's. */
static void check_text(const struct asp_message_read *message, bool colour, bool named)
{
    const uint8_t *text = message->fields[1].bytes;
    const size_t length = message->fields[1].length;

    FUZZ_NEED(message->count == 2 && length > 0 && length <= CHUNK_MAX);
    FUZZ_NEED(door_field_is(message, 0, ASP_STREAM_OUT) ||
              door_field_is(message, 0, ASP_STREAM_ERR));
    for (size_t i = 0; i < length; i++)
        FUZZ_NEED(text[i] >= ' ' || text[i] == '\n' || (colour && text[i] == '\033'));
    FUZZ_NEED(named || memmem(text, length, site.label, strlen(site.label)) == NULL);
}

/* True when a word of the command line is that of a command that nobody is asked for. */
static bool has_free_command(const struct asp_message_read *command)
{
    for (size_t i = FIRST_WORD; i < command->count; i++) {
        if (door_field_is(command, i, "apps") || door_field_is(command, i, "list") ||
            door_field_is(command, i, "history") || door_field_is(command, i, "check"))
            return true;
    }
    return false;
}

/* True for a line that is about another, and about nothing else. */
static bool names_other(const struct asp_message_read *command)
{
    return command->count == FIRST_WORD + 2 && door_field_is(command, FIRST_WORD + 1, OTHER);
}

/* What she answers, as the broker hears it: in turn, until one answer is missing or no message. */
struct answers {
    const struct door *door;
    size_t next;
    bool silent;
};

/* Whether the next answer says that it was written. */
static bool is_written(struct answers *answers)
{
    const struct door_message *answer = &answers->door->messages[answers->next];
    int number;

    if (answers->silent || answers->next == answers->door->count || answer->status != ASP_OK ||
        answer->read.type == ASP_MESSAGE_REFUSED) {
        answers->silent = true;
        return false;
    }
    answers->next++;
    return answer->read.type == ASP_MESSAGE_SAID &&
           asp_message_read_number(&answer->read, 0, &number) && number == 0;
}

/* Whether the next answer is what somebody has typed. */
static bool is_typed(struct answers *answers)
{
    const struct door_message *answer = &answers->door->messages[answers->next];

    if (answers->next == answers->door->count)
        return false;
    answers->next++;
    return answer->status == ASP_OK && answer->read.type == ASP_MESSAGE_REPLY &&
           asp_message_field(&answer->read, 1) != NULL;
}

/* The exit code that she was told. */
static int check_command(const struct door *door, int fd, bool named)
{
    static uint8_t bytes[ASP_MESSAGE_MAX];
    const struct asp_message_read *command = &door->messages[0].read;
    const bool colour = asp_message_field(command, FIELD_COLOUR) != NULL;
    struct answers answers = {door, 1, false};
    struct asp_message_read message;
    bool written = true;
    bool asked = false;
    bool typed = false;
    int code = -1;

    while (code < 0 && door_hear(fd, bytes, &message)) {
        if (message.type == ASP_MESSAGE_SAY) {
            check_text(&message, colour, named);
            if (!is_written(&answers) && door_field_is(&message, 0, ASP_STREAM_OUT))
                written = false;
        } else if (message.type == ASP_MESSAGE_ASK) {
            FUZZ_NEED(!asked && door_field_is(&message, 0, ASP_ASK_APP_PASSWORD));
            asked = true;
            typed = is_typed(&answers);
        } else {
            FUZZ_NEED(message.type == ASP_MESSAGE_DONE);
            FUZZ_NEED(asp_message_read_number(&message, 0, &code));
        }
    }
    /* No app password is known here, so that none is found right. */
    FUZZ_NEED(!asked || typed || code == EXIT_STORE);
    FUZZ_NEED(code != EXIT_DONE || (written && !asked && has_free_command(command)));
    FUZZ_NEED(code != EXIT_DONE || !names_other(command));
    return code;
}

static void check_refusal(int fd)
{
    static uint8_t bytes[ASP_MESSAGE_MAX];
    struct asp_message_read message;

    FUZZ_NEED(door_hear(fd, bytes, &message));
    FUZZ_NEED(message.type == ASP_MESSAGE_REFUSED && message.count == 1);
    FUZZ_NEED(asp_message_field(&message, 0) != NULL);
}

static void run_session(const uint8_t *data, size_t size, bool mend)
{
    static struct door door;
    static uint8_t bytes[ASP_MESSAGE_MAX];
    uint8_t *said = (uint8_t *)fuzz_text(data, size);
    const bool named = memmem(data, size, site.label, strlen(site.label)) != NULL;
    struct self_session session = {.uid = geteuid(),
                                   .key = site.key,
                                   .wait_ms = 1000, /* so that PAM is not asked */
                                   .report = -1,
                                   .conf_path = site.conf,
                                   .conf_required = true};
    struct asp_message_read message;
    int64_t before[ACCOUNTS];
    int64_t after[ACCOUNTS];
    int ends[2];
    int code;

    look_at_accounts(before);
    door_cut(&door, said, size, mend);
    door_open(&door, ends);
    session.fd = ends[1];
    code = self_session_run(&session);
    FUZZ_NEED(code == (door.count > 0 && door.messages[0].status == ASP_OK &&
                               door.messages[0].read.type == ASP_MESSAGE_COMMAND
                           ? 0
                           : 1));
    if (code == 0) {
        code = check_command(&door, ends[0], named);
        FUZZ_NEED(code == EXIT_DONE || code == EXIT_NO || code == EXIT_USAGE ||
                  code == EXIT_NOT_FOUND || code == EXIT_STORE);
    } else {
        check_refusal(ends[0]);
    }
    FUZZ_NEED(!door_hear(ends[0], bytes, &message));
    look_at_accounts(after);
    FUZZ_NEED(memcmp(before, after, sizeof after) == 0);
    FUZZ_NEED(close(ends[0]) == 0 && close(ends[1]) == 0);
    free(said);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (site.user[0] == '\0')
        make_site();
    run_session(data, size, false);
    run_session(data, size, true);
    return 0;
}
