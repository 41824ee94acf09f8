/* The usage files of the store: written in place, read without a lock. */
#include "usage_fixture.h"

#include "asp/time_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STRANGER = 54321, WRITERS = 6, OF_EACH = 20 };

START_TEST(a_use_that_was_recorded_is_known)
{
    begin_store();
    ck_assert_int_eq(last_of("7k"), ASP_NEVER);
    ck_assert(record("7k", 5000));
    ck_assert_int_eq(last_of("7k"), 5000);
    ck_assert_int_eq(begun(), 5000);
    ck_assert(record("7k", 6000));
    ck_assert(record("zz", 7000));
    ck_assert(record("7k", 8000));
    ck_assert_int_eq(last_of("7k"), 8000);
    ck_assert_int_eq(last_of("zz"), 7000);
    ck_assert_int_eq(begun(), 5000);
    asp_store_close(&store);
}
END_TEST

START_TEST(a_use_is_written_in_its_place_in_the_same_file)
{
    struct stat before;
    struct stat after;

    begin_store();
    ck_assert(record("7k", 5000));
    ck_assert_uint_eq(unit_mode(in_store("used/alice")), 0600);
    ck_assert_int_eq(stat(in_store("used/alice"), &before), 0);
    ck_assert(record("7k", 6000));
    ck_assert(record("zz", 7000));
    ck_assert(record("7k", 8000));
    ck_assert_int_eq(stat(in_store("used/alice"), &after), 0);
    ck_assert(before.st_ino == after.st_ino);
    ck_assert_int_eq(after.st_size, ASP_HEAD_BYTES + 2 * ASP_SLOT_BYTES);
    asp_store_close(&store);
}
END_TEST

START_TEST(a_file_is_begun_once)
{
    begin_store();
    asp_store_begin_usage(&store, "alice", 1000);
    ck_assert_int_eq(begun(), 1000);
    ck_assert(record("7k", 5000));
    asp_store_begin_usage(&store, "alice", 9000);
    ck_assert_int_eq(begun(), 1000);
    ck_assert_int_eq(last_of("7k"), 5000);
    asp_store_close(&store);
}
END_TEST

START_TEST(a_file_that_was_begun_by_a_clock_that_was_ahead_is_set_right)
{
    begin_store();
    asp_store_begin_usage(&store, "alice", 4000000000);
    ck_assert_int_eq(begun(), 4000000000);
    ck_assert(record("7k", 5000));
    ck_assert(record("zz", 6000));
    ck_assert_int_eq(begun(), 5000);
    ck_assert_int_eq(last_of("7k"), 5000);
    ck_assert_int_eq(last_of("zz"), 6000);
    asp_store_close(&store);
}
END_TEST

START_TEST(what_was_compared_is_remembered_beside_the_uses)
{
    const struct asp_compared compared = {.identity = {true, 1, 2, 3, 4, 5, 6, 7}, .checksum = 9};
    struct asp_usage usage;
    struct asp_usage_head head;

    begin_store();
    ck_assert(record("7k", 5000));
    ck_assert_int_eq(asp_store_compared(&store, "alice", &compared, 6000), ASP_OK);
    usage = unit_usage(&store, "alice");
    ck_assert(asp_usage_read_head(&usage, &head));
    ck_assert(asp_identity_same(&head.compared.identity, &compared.identity));
    ck_assert(head.compared.checksum == 9);
    ck_assert_int_eq(head.begun, 5000);
    asp_usage_free(&usage);
    ck_assert(record("7k", 7000));
    usage = unit_usage(&store, "alice");
    ck_assert(asp_usage_read_head(&usage, &head));
    ck_assert(asp_identity_same(&head.compared.identity, &compared.identity));
    asp_usage_free(&usage);
    ck_assert_int_eq(last_of("7k"), 7000);

    ck_assert_int_eq(asp_store_remove(&store, "alice", NULL), ASP_OK);
    ck_assert_int_eq(begun(), ASP_NEVER);
    asp_store_close(&store);
}
END_TEST

/* By a login that had begun before. */
START_TEST(what_is_written_after_the_account_was_removed_is_not_kept)
{
    const struct asp_compared compared = {.identity = {true, 1, 2, 3, 4, 5, 6, 7}, .checksum = 9};

    begin_store();
    ck_assert_int_eq(asp_store_remove(&store, "alice", NULL), ASP_OK);
    ck_assert(record("7k", 5000));
    ck_assert_int_eq(begun(), ASP_NEVER);
    ck_assert_int_eq(asp_store_compared(&store, "alice", &compared, 6000), ASP_OK);
    ck_assert_int_eq(begun(), ASP_NEVER);
    asp_store_begin_usage(&store, "alice", 7000);
    ck_assert_int_eq(begun(), ASP_NEVER);
    asp_store_close(&store);
}
END_TEST

/* A file that is taken away by somebody is begun anew by whoever writes next. */
START_TEST(what_was_compared_begins_a_file_that_is_missing)
{
    const struct asp_compared compared = {.identity = {true, 1, 2, 3, 4, 5, 6, 7}, .checksum = 9};

    begin_store();
    ck_assert(record("7k", 5000));
    ck_assert_int_eq(unlink(in_store("used/alice")), 0);
    ck_assert_int_eq(asp_store_compared(&store, "alice", &compared, 6000), ASP_OK);
    ck_assert_int_eq(begun(), 6000);
    asp_store_close(&store);
}
END_TEST

/* Whatever the bytes are: at the next use the file is one of ours, and what it lost starts anew. */
START_TEST(usage_that_is_damaged_is_begun_anew)
{
    static const size_t lengths[] = {0,
                                     1,
                                     ASP_HEAD_BYTES - 1,
                                     ASP_HEAD_BYTES,
                                     ASP_HEAD_BYTES + 100,
                                     ASP_HEAD_BYTES + 3 * ASP_SLOT_BYTES,
                                     ASP_USAGE_BYTES_MAX,
                                     ASP_USAGE_BYTES_MAX + 1,
                                     4 * ASP_USAGE_BYTES_MAX};
    uint64_t state = 1;

    begin_store();
    for (size_t i = 0; i < UNIT_COUNT(lengths); i++) {
        char *bytes = malloc(lengths[i] + 1);

        ck_assert_ptr_nonnull(bytes);
        for (size_t k = 0; k < lengths[i]; k++)
            bytes[k] = (char)unit_random(&state);
        file_write(in_store("used/alice"), bytes, lengths[i]);
        free(bytes);
        ck_assert_int_eq(begun(), ASP_NEVER);
        ck_assert_int_eq(last_of("7k"), ASP_NEVER);
        ck_assert(record("7k", 5000));
        ck_assert_msg(last_of("7k") == 5000, "%zu bytes", lengths[i]);
        ck_assert_int_eq(begun(), 5000);
    }
    asp_store_close(&store);
}
END_TEST

/* Lesson: linux-pam CVE-2024-22365. */
START_TEST(what_is_no_file_of_ours_is_neither_read_nor_written_nor_waited_for)
{
    long long begin = now_ms();
    const char *file;
    const char *victim;
    size_t length;
    char *text;

    begin_store();
    file = in_store("used/alice");
    victim = in_store("victim");
    file_write(victim, "kept", 4);
    for (int kind = 0; kind < 6; kind++) {
        const struct asp_compared compared = {.checksum = 1};

        if (kind == 0)
            ck_assert_int_eq(mkfifo(file, 0600), 0);
        else if (kind == 1)
            ck_assert_int_eq(mkdir(file, 0700), 0);
        else if (kind == 2)
            ck_assert_int_eq(symlink(victim, file), 0);
        else if (kind == 3)
            ck_assert_int_eq(symlink("nowhere", file), 0);
        else
            file_write(file, "x", 1);
        if (kind == 4)
            ck_assert_int_eq(chmod(file, 0666), 0);
        if (kind == 5 && (!unit_is_root() || chown(file, STRANGER, 0) != 0))
            ck_assert_int_eq(chmod(file, 0620), 0);
        ck_assert(!record("7k", 5000));
        ck_assert_int_ne(asp_store_compared(&store, "alice", &compared, 5000), ASP_OK);
        asp_store_begin_usage(&store, "alice", 5000);
        ck_assert_int_eq(last_of("7k"), ASP_NEVER);
        ck_assert_int_eq(begun(), ASP_NEVER);
        ck_assert_int_eq(kind == 1 ? rmdir(file) : unlink(file), 0);
    }
    ck_assert(!unit_exists(in_store("used/nowhere")));
    text = unit_read(victim, &length);
    ck_assert_str_eq(text, "kept");
    free(text);

    ck_assert_int_eq(rename(in_store("used"), in_store("real")), 0);
    ck_assert_int_eq(symlink("real", in_store("used")), 0);
    ck_assert(!record("7k", 5000));
    ck_assert_uint_eq(unit_names(in_store("real")), 0);
    ck_assert_int_eq(unlink(in_store("used")), 0);
    ck_assert(record("7k", 5000));
    ck_assert_uint_eq(unit_names(in_store("real")), 0);
    ck_assert_int_lt(now_ms() - begin, 2000);
    asp_store_close(&store);
}
END_TEST

/* As a process that is stopped in the middle of a write. */
static bool lock_file(void *context)
{
    int fd = open(context, O_RDWR);

    return fd >= 0 && flock(fd, LOCK_EX) == 0;
}

/* Lesson: Zimbra ZCS-8181. */
START_TEST(a_lock_that_is_held_is_not_waited_for)
{
    const struct asp_compared compared = {.checksum = 1};
    long long begin;
    pid_t holder;

    begin_store();
    ck_assert(record("7k", 5000));
    holder = unit_holder(lock_file, (void *)(uintptr_t)in_store("used/alice"));
    begin = now_ms();
    (void)record("7k", 6000);
    (void)record("zz", 6000);
    (void)asp_store_compared(&store, "alice", &compared, 6000);
    asp_store_begin_usage(&store, "alice", 6000);
    (void)last_of("7k");
    ck_assert_int_lt(now_ms() - begin, 1000);
    unit_kill(holder);
    ck_assert(record("zz", 7000));
    ck_assert_int_eq(last_of("zz"), 7000);
    asp_store_close(&store);
}
END_TEST

/* Each process takes the places of ids of its own, as often as it must to be let in. */
static void record_own(size_t writer)
{
    for (size_t n = 0; n < OF_EACH; n++) {
        char id[ASP_ID_CHARS + 1];
        size_t tries = 0;

        unit_id(writer * OF_EACH + n, id);
        while (!record(id, (time_t)(5000 + writer))) {
            if (++tries > 100000)
                _exit(1);
        }
    }
    _exit(0);
}

START_TEST(first_uses_at_once_take_different_places)
{
    pid_t children[WRITERS];

    begin_store();
    for (size_t i = 0; i < WRITERS; i++) {
        children[i] = fork();
        ck_assert_int_ge(children[i], 0);
        if (children[i] == 0)
            record_own(i);
    }
    for (size_t i = 0; i < WRITERS; i++) {
        int status;

        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        ck_assert_int_eq(status, 0);
    }
    for (size_t i = 0; i < (size_t)WRITERS * OF_EACH; i++) {
        char id[ASP_ID_CHARS + 1];

        unit_id(i, id);
        ck_assert_int_eq(last_of(id), (time_t)(5000 + i / OF_EACH));
    }
    asp_store_close(&store);
}
END_TEST

START_TEST(no_failure_is_more_than_a_use_that_is_not_known)
{
    static const char *const calls[] = {"openat2", "fstat",  "flock", "pwrite",
                                        "read",    "malloc", "fchmod"};
    size_t before;

    begin_store();
    ck_assert(record("7k", 5000));
    before = unit_names("/proc/self/fd");
    for (size_t i = 0; i < UNIT_COUNT(calls); i++) {
        struct unit_plan plan = {.call = calls[i], .first = 1, .times = 1, .number = EIO};
        bool reached;

        do {
            bool recorded;
            time_t last;

            unit_calls_begin(&plan);
            recorded = record("7k", (time_t)(6000 + plan.first));
            reached = unit_calls_end();
            last = last_of("7k");
            unit_need(!recorded || last == (time_t)(6000 + plan.first), "%s %u", calls[i],
                      plan.first);
            plan.first++;
        } while (reached);
        ck_assert(record("7k", 9000));
        ck_assert_int_eq(last_of("7k"), 9000);
    }
    ck_assert_uint_eq(unit_names("/proc/self/fd"), before);
    asp_store_close(&store);
}
END_TEST

START_TEST(uses_that_are_put_are_all_that_is_known)
{
    const struct asp_usage_head head = {.begun = 4000, .slots = 1};
    const struct asp_use use = use_of("zz", 6000);
    uint8_t bytes[ASP_HEAD_BYTES + ASP_SLOT_BYTES];
    const struct asp_usage usage = {bytes, sizeof bytes};
    const struct asp_usage none = {0};

    begin_store();
    ck_assert(record("7k", 5000));
    ck_assert(record("zz", 5000));
    asp_usage_write_head(&head, bytes);
    asp_usage_write_slot(&use, bytes + ASP_HEAD_BYTES);
    ck_assert_int_eq(asp_store_put_usage(&store, "alice", &usage, NULL), ASP_OK);
    ck_assert_int_eq(last_of("7k"), ASP_NEVER);
    ck_assert_int_eq(last_of("zz"), 6000);
    ck_assert_int_eq(begun(), 4000);
    ck_assert(record("7k", 7000));
    ck_assert_int_eq(last_of("7k"), 7000);
    ck_assert_int_eq(asp_store_put_usage(&store, "alice", &none, NULL), ASP_OK);
    ck_assert_int_eq(begun(), ASP_NEVER);
    ck_assert_int_eq(asp_store_put_usage(&store, "alice", &none, NULL), ASP_OK);
    ck_assert_int_eq(asp_store_put_usage(&store, "nobody", &usage, NULL), ASP_OK);
    ck_assert_int_eq(asp_store_peek_usage(&store, "nobody", &(struct asp_usage){0}, NULL), ASP_OK);
    asp_store_close(&store);
}
END_TEST

START_TEST(uses_that_cannot_be_put_are_told_of)
{
    const struct asp_usage_head head = {.begun = 4000};
    uint8_t bytes[ASP_HEAD_BYTES];
    const struct asp_usage usage = {bytes, sizeof bytes};
    struct asp_error error = {0};
    int fd;

    begin_store();
    asp_usage_write_head(&head, bytes);
    ck_assert(record("7k", 5000));
    ck_assert_uint_eq(unit_mode(in_store("used/alice")), 0600);
    fd = open(in_store("used/alice"), O_RDWR | O_CLOEXEC);
    ck_assert_int_eq(flock(fd, LOCK_EX), 0);
    ck_assert_int_eq(asp_store_put_usage(&store, "alice", &usage, &error), ASP_BUSY);
    ck_assert(strstr(error.text, "used/alice is being written by another") != NULL);
    (void)close(fd);
    ck_assert_int_eq(last_of("7k"), 5000);
    asp_store_close(&store);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add_on_local_engines(suite, uses_that_are_put_are_all_that_is_known);
    unit_add(suite, uses_that_cannot_be_put_are_told_of);
    unit_add_on_local_engines(suite, a_use_that_was_recorded_is_known);
    unit_add_on_local_engines(suite, a_file_is_begun_once);
    unit_add_on_local_engines(suite, a_file_that_was_begun_by_a_clock_that_was_ahead_is_set_right);
    unit_add_on_local_engines(suite, what_was_compared_is_remembered_beside_the_uses);
    unit_add_on_local_engines(suite, what_is_written_after_the_account_was_removed_is_not_kept);
    unit_add(suite, a_use_is_written_in_its_place_in_the_same_file);
    unit_add(suite, what_was_compared_begins_a_file_that_is_missing);
    unit_add(suite, usage_that_is_damaged_is_begun_anew);
    unit_add(suite, what_is_no_file_of_ours_is_neither_read_nor_written_nor_waited_for);
    unit_add(suite, a_lock_that_is_held_is_not_waited_for);
    unit_add(suite, first_uses_at_once_take_different_places);
    unit_add(suite, no_failure_is_more_than_a_use_that_is_not_known);
}

int main(void)
{
    return unit_run("used", fill);
}
