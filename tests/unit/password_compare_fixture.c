/* A name service that knows a few, and a store, for the tests of a primary password that was set.
 */
#include "password_compare_fixture.h"

#include "asp/time_text.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

/* As long as a name may be. */
char longest[ASP_USER_MAX + 1];

/* What the name service knows: each name and, after it, what she is called. */
static const char *const directory[][2] = {
    {OWN, OWN},
    {"NOBODY-of-this-name", OWN},
    {"blank-of-this-name ", OWN},
    {"spelling-of-this-name", "spelling-of-this-name"},
    {"long-of-this-name", longest},
    {"short-of-this-name", "x"},
    {"y", OWN},
};
bool longest_is_known; /* by itself too */
const char *learnt;    /* it knows OWN by this name as well, when it is asked again; */
bool learnt_is_own;    /* or her by it, who makes a new one meanwhile */
int questions;
int fails_first; /* at so many of them it fails */
const char *failing;
const char *looked_at; /* whose account is looked at when the name service is asked, */
bool was_active;       /* whether it was seen active then, */
bool was_revoked;      /* or revoked */
bool is_quick;         /* that user makes a new one meanwhile */

struct asp_conf *conf;
struct asp_error error;

bool is_active(const char *user)
{
    struct asp_account account;
    bool active;

    ck_assert_int_eq(load(user, &account), ASP_OK);
    active = account.entries[0].revoked == ASP_NEVER;
    asp_account_free(&account);
    return active;
}

/* In the place of the system's. */
int getpwnam_r(const char *name, struct passwd *entry, char *room, size_t size,
               struct passwd **result)
{
    const char *called = NULL;

    *result = NULL;
    questions++;
    if (looked_at != NULL && is_active(looked_at))
        was_active = true;
    else if (looked_at != NULL)
        was_revoked = true;
    if (is_quick)
        ck_assert_int_eq(add_id(OWN, "8m"), ASP_OK);
    if ((failing != NULL && strcmp(name, failing) == 0) || questions <= fails_first)
        return EIO;
    for (size_t i = 0; i < UNIT_COUNT(directory); i++) {
        if (strcmp(name, directory[i][0]) != 0)
            continue;
        (void)snprintf(room, size, "%s", directory[i][1]);
        *entry = (struct passwd){.pw_name = room};
        *result = entry;
    }
    if (longest_is_known && strcmp(name, longest) == 0)
        called = longest;
    if (learnt != NULL && questions > 1 && strcmp(name, learnt) == 0) {
        called = learnt_is_own ? learnt : OWN;
        if (learnt_is_own)
            ck_assert_int_eq(add_id(learnt, "8m"), ASP_OK);
    }
    if (called != NULL) {
        (void)snprintf(room, size, "%s", called);
        *entry = (struct passwd){.pw_name = room};
        *result = entry;
    }
    return 0;
}

void say_nothing(void *context, int level, const char *line)
{
    (void)context;
    (void)level;
    (void)line;
}

enum asp_status compare(const char *user)
{
    error = (struct asp_error){0};
    return password_compare(conf, NULL, user, "passwd", say_nothing, NULL, &error);
}

uint64_t mark_of(const char *account)
{
    uint64_t mark;

    ck_assert_int_eq(asp_store_password_mark(&store, account, &mark, &store_error), ASP_OK);
    return mark;
}

void begin(const char *more)
{
    char text[UNIT_PATH + 256];

    unit_store(&store);
    (void)snprintf(text, sizeof text, "store = \"%s\"; %s", store.path, more);
    conf = unit_conf(text);
    failing = NULL;
    questions = 0;
    memset(longest, 'l', ASP_USER_MAX);
}

bool begins(const char *more)
{
    if (unit_is_root())
        begin(more);
    return unit_is_root();
}

void end(void)
{
    asp_conf_free(conf);
    asp_store_close(&store);
}

void put_follower(const char *user, const char *follows)
{
    struct asp_account account;
    size_t length;
    char *written;

    unit_three_entries(&account);
    strcpy(account.user, user);
    strcpy(account.follows, follows);
    memset(&account.primary, 0, sizeof account.primary);
    written = unit_account_text(&account, &length);
    unit_put_bytes(&store, account.user, written, length);
    asp_account_free(&account);
    free(written);
    ck_assert(is_active(user));
}
