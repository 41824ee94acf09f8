/* What was read of an account, as an engine gives it back: nothing of it stays in memory. */
#include "unit.h"

#include "asp/engine.h"

#include <stdlib.h>
#include <string.h>

static struct {
    const uint8_t *bytes; /* whose end is waited for */
    size_t length;
    size_t room;
    bool seen;
    bool is_clear; /* all of it was, and nothing behind it */
} watched;

static bool is_all(const uint8_t *bytes, size_t length, uint8_t byte)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != byte)
            return false;
    }
    return true;
}

void __real_free(void *bytes);
void __wrap_free(void *bytes);
void __wrap_free(void *bytes)
{
    if (bytes != NULL && bytes == watched.bytes) {
        watched.seen = true;
        watched.is_clear =
            is_all(watched.bytes, watched.length, 0) &&
            is_all(watched.bytes + watched.length, watched.room - watched.length, 'x');
        watched.bytes = NULL;
    }
    __real_free(bytes);
}

/* So many bytes, in memory that goes on behind them, whose end is waited for. */
static struct asp_stored read_of(size_t length)
{
    struct asp_stored stored = {.length = length};

    watched.length = length;
    watched.room = 2 * length + 4096;
    stored.bytes = malloc(watched.room);
    ck_assert_ptr_nonnull(stored.bytes);
    memset(stored.bytes, 'x', watched.room);
    watched.bytes = stored.bytes;
    watched.seen = watched.is_clear = false;
    return stored;
}

START_TEST(what_was_read_is_cleared_and_nothing_else_is)
{
    static const size_t lengths[] = {0, 1, 1023, 1024, 1025, 1500, 2048, 10000};
    struct asp_stored none = {0};

    for (size_t i = 0; i < UNIT_COUNT(lengths); i++) {
        struct asp_stored stored = read_of(lengths[i]);

        asp_stored_free(&stored);
        ck_assert(watched.seen && watched.is_clear);
    }
    asp_stored_free(&none);
}
END_TEST

START_TEST(what_was_read_to_see_whose_it_is_is_cleared)
{
    char user[ASP_USER_MAX + 1];
    struct asp_stored stored = read_of(100);

    ck_assert(!asp_stored_take_user(&stored, "alice", user));
    ck_assert(watched.seen && watched.is_clear);
}
END_TEST

START_TEST(damage_is_a_status_also_for_who_asks_for_no_line)
{
    ck_assert_int_eq(asp_store_of_account(NULL, "alice", ASP_CORRUPT, NULL), ASP_CORRUPT);
    ck_assert_int_eq(asp_store_of_account(NULL, "alice", ASP_NEWER, NULL), ASP_NEWER);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, what_was_read_is_cleared_and_nothing_else_is);
    unit_add(suite, what_was_read_to_see_whose_it_is_is_cleared);
    unit_add(suite, damage_is_a_status_also_for_who_asks_for_no_line);
}

int main(void)
{
    return unit_run("stored", fill);
}
