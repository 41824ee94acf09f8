/* An open store, and what is done with it in a word. */
#include "store_fixture.h"

#include <string.h>

struct asp_error store_error;
struct asp_store store;
char seen[1024];
const char *const odd_names[ODD_NAMES] = {"alice",   "alice.used", "alice.lock", "Alice",
                                          "al ice",  "a\\b",       "EX\\al%ice", "\xff",
                                          ".hidden", "users",      "locks"};

const char *in_store(const char *name)
{
    return unit_path(store.path, name);
}

enum asp_status add(struct asp_account *account, void *context, struct asp_error *why)
{
    (void)why;
    return asp_account_add(account, context);
}

enum asp_status update(const char *user, bool make, asp_change *change, void *context)
{
    store_error = (struct asp_error){0};
    return asp_store_update(&store, user, make, change, context, &store_error);
}

enum asp_status add_id(const char *user, const char *id)
{
    struct asp_entry entry;

    unit_plain_entry(&entry, id, id);
    return update(user, true, add, &entry);
}

enum asp_status load(const char *user, struct asp_account *account)
{
    store_error = (struct asp_error){0};
    return asp_store_load(&store, user, NULL, account, &store_error);
}

enum asp_status loads(const char *user)
{
    struct asp_account account;
    enum asp_status status = load(user, &account);

    if (status == ASP_OK)
        asp_account_free(&account);
    return status;
}

size_t entries_of(const char *user)
{
    struct asp_account account;
    size_t count;

    unit_need(load(user, &account) == ASP_OK, "%s: %s", user, store_error.text);
    count = account.count;
    asp_account_free(&account);
    return count;
}

void store_says(const char *word)
{
    char room[ASP_ERROR_LINE];
    const char *line = asp_error_line(&store_error, room);

    ck_assert_msg(strstr(line, word) != NULL, "%s: not in: %s", word, line);
}

enum asp_status end_with(struct asp_account *account, void *context, struct asp_error *why)
{
    enum asp_status status = *(enum asp_status *)context;

    if (account->count > 0)
        account->entries[0].label[0] = 'X';
    return status < ASP_OK ? asp_fail(why, status, "as it was told") : status;
}

static struct asp_store_engine overtaken;
static void (*faster)(void);

/* Once. */
static enum asp_status write_again(const struct asp_store *to, struct asp_store_held *held,
                                   const struct asp_made *made, struct asp_error *why)
{
    (void)to;
    (void)held;
    (void)made;
    (void)why;
    overtaken.write = store.engine->write;
    return ASP_AGAIN;
}

static enum asp_status hold_again(const struct asp_store *of, const char *name,
                                  asp_store_step *step, void *context, struct asp_error *why)
{
    enum asp_status status = store.engine->hold(of, name, step, context, why);

    if (status != ASP_AGAIN)
        return status;
    faster();
    return store.engine->hold(of, name, step, context, why);
}

const struct asp_store_engine *overtaken_by(void (*meanwhile)(void))
{
    overtaken = *store.engine;
    overtaken.hold = hold_again;
    overtaken.write = write_again;
    faster = meanwhile;
    return &overtaken;
}

enum asp_status note_user(const char *user, void *context)
{
    const enum asp_status *status = context;

    (void)strcat(strcat(seen, user), " ");
    return *status;
}
