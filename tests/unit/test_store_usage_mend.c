/* Usage files of the store that are not sound: lost, damaged, or just being written. */
#include "usage_fixture.h"

#include "asp/time_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

/* Reads alice's usage, and mends it where `now` is not ASP_NEVER. */
static enum asp_status read_mended(time_t now, struct asp_usage *usage)
{
    const struct asp_mending mending = {.now = now};
    struct asp_error error = {0};
    enum asp_status mended = ASP_IO;
    enum asp_status status = asp_store_mend_usage(
        &store, "alice", now == ASP_NEVER ? NULL : &mending, usage, &mended, &error);

    ck_assert_msg(status == ASP_OK, "%s", error.text);
    ck_assert(now == ASP_NEVER || mended >= ASP_OK || error.text[0] != '\0');
    return mended;
}

static enum asp_status mend(time_t now)
{
    struct asp_usage usage;
    enum asp_status mended = read_mended(now, &usage);

    asp_usage_free(&usage);
    return mended;
}

START_TEST(what_is_lost_is_begun_once_by_who_may_write)
{
    begin_store();
    ck_assert_int_lt(mend(ASP_NEVER), ASP_OK);
    ck_assert_int_eq(begun(), ASP_NEVER);
    ck_assert_int_eq(mend(5000), ASP_OK);
    ck_assert_int_eq(begun(), 5000);
    ck_assert(record("7k", 6000));
    ck_assert_int_eq(mend(7000), ASP_UNCHANGED);
    ck_assert_int_eq(begun(), 5000);
    ck_assert_int_eq(last_of("7k"), 6000);
    asp_store_close(&store);
}
END_TEST

/* One byte of one slot, which is then half a use; and the file of uses locked as who writes it
 * locks it. */
static int held = -1;
static uint8_t half[ASP_SLOT_BYTES / 2];

static void tear(void)
{
    static const uint8_t nothing[sizeof half];

    held = open(in_store("used/alice"), O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(held, 0);
    ck_assert_int_eq(flock(held, LOCK_EX), 0);
    ck_assert_int_eq(pread(held, half, sizeof half, ASP_HEAD_BYTES + 60), sizeof half);
    ck_assert_int_eq(pwrite(held, nothing, sizeof nothing, ASP_HEAD_BYTES + 60), sizeof half);
}

static void heal(void)
{
    if (pwrite(held, half, sizeof half, ASP_HEAD_BYTES + 60) != sizeof half || close(held) != 0)
        abort();
}

START_TEST(what_is_just_written_is_read_again_under_its_lock)
{
    static const struct unit_plan heals = {
        .call = "clock_nanosleep", .first = 3, .times = 1, .at = heal, .hasty = true};
    static const time_t nows[] = {ASP_NEVER, 9000};
    struct asp_usage usage;

    begin_store();
    ck_assert(record("7k", 5000));
    ck_assert(record("zz", 6000));
    for (size_t i = 0; i < UNIT_COUNT(nows); i++) {
        enum asp_status mended;
        bool healed;

        tear();
        ck_assert_int_eq(asp_store_peek_usage(&store, "alice", &usage, NULL), ASP_OK);
        ck_assert(!asp_usage_tells(&usage, "7k", 1000));
        asp_usage_free(&usage);
        unit_calls_begin(&heals);
        mended = read_mended(nows[i], &usage);
        healed = unit_calls_end();
        ck_assert(healed);
        ck_assert_int_eq(mended, ASP_UNCHANGED);
        ck_assert_int_eq(asp_usage_last(&usage, "7k", 1000), 5000);
        asp_usage_free(&usage);
    }
    asp_store_close(&store);
}
END_TEST

START_TEST(a_lock_is_waited_for_100_ms_and_what_is_torn_is_mended_then)
{
    static const struct unit_plan hasty = {.hasty = true};
    enum asp_status mended;

    begin_store();
    ck_assert(record("7k", 5000));
    ck_assert(record("zz", 6000));
    tear();
    unit_calls_begin(&hasty);
    mended = mend(9000);
    (void)unit_calls_end();
    ck_assert_int_eq(mended, ASP_BUSY);
    ck_assert_uint_eq(unit_calls("clock_nanosleep"), 10);
    ck_assert_int_eq(close(held), 0);

    /* Who was writing is gone: its own entry was in use, and the other's use is what it was. */
    ck_assert_int_lt(mend(ASP_NEVER), ASP_OK);
    ck_assert_int_eq(last_of("7k"), ASP_NEVER);
    ck_assert_int_eq(mend(9000), ASP_OK);
    ck_assert_int_eq(last_of("7k"), 9000);
    ck_assert_int_eq(last_of("zz"), 6000);
    ck_assert_int_eq(begun(), 5000);
    ck_assert_int_eq(mend(9500), ASP_UNCHANGED);
    asp_store_close(&store);
}
END_TEST

START_TEST(what_cannot_be_written_is_read_all_the_same)
{
    static const struct unit_plan plans[] = {
        {.call = "openat2", .first = 2, .times = 1, .number = EROFS},
        {.call = "pwrite", .first = 1, .number = ENOSPC},
        {.call = "fsync", .first = 1, .number = EIO},
        {.call = "ftruncate", .first = 1, .number = EIO},
    };
    struct asp_usage usage;

    begin_store();
    for (size_t i = 0; i < UNIT_COUNT(plans); i++) {
        enum asp_status mended;

        asp_store_begin_usage(&store, "alice", 1000);
        ck_assert(record("7k", 5000));
        ck_assert(record("zz", 6000));
        tear();
        ck_assert_int_eq(close(held), 0);
        unit_calls_begin(&plans[i]);
        mended = read_mended(9000, &usage);
        ck_assert(unit_calls_end());
        ck_assert_int_eq(mended, i == 0 ? ASP_DENIED : ASP_IO);
        ck_assert_int_eq(asp_usage_last(&usage, "zz", 1000), 6000);
        asp_usage_free(&usage);
        ck_assert_int_eq(unlink(in_store("used/alice")), 0);
    }
    asp_store_close(&store);
}
END_TEST

/* By each who may write one of its files. */
START_TEST(a_folder_of_uses_that_is_missing_is_made_again)
{
    const struct asp_compared compared = {.checksum = 9};

    begin_store();
    for (int way = 0; way < 4; way++) {
        ck_assert_int_eq(rmdir(in_store("used")), 0);
        ck_assert_int_lt(mend(ASP_NEVER), ASP_OK);
        ck_assert(!unit_exists(in_store("used")));
        if (way == 0)
            ck_assert(record("7k", 5000));
        else if (way == 1)
            ck_assert_int_eq(asp_store_compared(&store, "alice", &compared, 5000), ASP_OK);
        else if (way == 2)
            ck_assert_int_eq(mend(5000), ASP_OK);
        else
            asp_store_begin_usage(&store, "alice", 5000);
        ck_assert_uint_eq(unit_mode(in_store("used")), 0700);
        ck_assert_int_eq(begun(), 5000);
        ck_assert_int_eq(unlink(in_store("used/alice")), 0);
    }
    asp_store_close(&store);
}
END_TEST

/* Lesson: Zimbra ZCS-8181. */
START_TEST(what_is_begun_or_mended_is_synced_once_and_a_use_never)
{
    static const struct unit_plan nothing = {.call = ""};

    begin_store();
    unit_calls_begin(&nothing);
    (void)record("7k", 5000);
    (void)record("7k", 5001);
    (void)record("zz", 5002);
    (void)unit_calls_end();
    ck_assert_uint_eq(unit_calls("fsync"), 1);
    file_write(in_store("used/alice"), "", 0);
    unit_calls_begin(&nothing);
    (void)record("7k", 6000);
    (void)record("7k", 6001);
    (void)unit_calls_end();
    ck_assert_uint_eq(unit_calls("fsync"), 1);
    ck_assert_int_eq(last_of("7k"), 6001);
    ck_assert_int_eq(last_of("zz"), ASP_NEVER);
    ck_assert_int_eq(begun(), 6000);
    asp_store_close(&store);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add_on_local_engines(suite, what_is_lost_is_begun_once_by_who_may_write);
    unit_add(suite, what_is_just_written_is_read_again_under_its_lock);
    unit_add(suite, a_lock_is_waited_for_100_ms_and_what_is_torn_is_mended_then);
    unit_add(suite, what_cannot_be_written_is_read_all_the_same);
    unit_add(suite, a_folder_of_uses_that_is_missing_is_made_again);
    unit_add(suite, what_is_begun_or_mended_is_synced_once_and_a_use_never);
}

int main(void)
{
    return unit_run("used-mend", fill);
}
