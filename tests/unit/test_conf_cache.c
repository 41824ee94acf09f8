/* The configuration that a process keeps: read once while its file is the same, freed by its last
 * holder. */
#include "unit.h"

#include "pam_asp/conf_cache.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

static char path[UNIT_PATH];
static struct asp_error error;
static bool is_busy; /* another thread is at the cache */
static pthread_mutex_t *of_cache;
static bool is_taken;

/* Nobody but the cache tries a mutex. */
int __wrap_pthread_mutex_trylock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    of_cache = mutex;
    if (is_busy)
        return EBUSY;
    unit_need(!is_taken, "it is taken twice");
    is_taken = true;
    return 0;
}

int __real_pthread_mutex_unlock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    if (mutex != of_cache)
        return __real_pthread_mutex_unlock(mutex);
    unit_need(is_taken, "it is given back, and was not taken");
    is_taken = false;
    return 0;
}

/* Each has another size, so that the file is another one by more than its time. */
static void write_limit(int limit)
{
    char text[64];
    int length = snprintf(text, sizeof text, "limit = %d;%*s\n", limit, limit, "");

    if (path[0] == '\0')
        (void)snprintf(path, sizeof path, "%s", unit_path(unit_folder(), "asp.conf"));
    file_write(path, text, (size_t)length);
    ck_assert_int_eq(chmod(path, 0644), 0);
}

static struct shared_conf *acquire(const char *where, bool required)
{
    struct shared_conf *shared = NULL;

    ck_assert_int_eq(conf_cache_acquire(where, required, &shared, &error), ASP_OK);
    ck_assert_ptr_nonnull(shared);
    return shared;
}

static int limit_of(const struct shared_conf *shared)
{
    return conf_cache_read(shared)->limit;
}

START_TEST(the_same_file_is_read_once)
{
    struct shared_conf *first;
    struct shared_conf *second;

    write_limit(7);
    first = acquire(path, true);
    ck_assert_int_eq(limit_of(first), 7);
    unit_calls_begin(NULL);
    (void)conf_cache_acquire(path, true, &second, &error);
    (void)unit_calls_end();
    ck_assert_ptr_eq(second, first);
    ck_assert_uint_eq(unit_calls("read") + unit_calls("malloc"), 0);
    conf_cache_release(second);
    conf_cache_release(first);
    conf_cache_release(NULL);
    second = acquire(path, true);
    ck_assert_ptr_eq(second, first);
    ck_assert_int_eq(limit_of(second), 7);
    conf_cache_release(second);
}
END_TEST

/* An empty path is no file's: it is that of a cache which is empty. */
START_TEST(before_any_is_read_none_is_kept)
{
    struct shared_conf *first = (struct shared_conf *)path;

    ck_assert_int_ne(conf_cache_acquire("", false, &first, &error), ASP_OK);
    ck_assert_ptr_null(first);
}
END_TEST

/* It may have stayed there for good, where the process was forked meanwhile. */
START_TEST(while_another_thread_is_at_the_cache_the_file_is_read_and_not_kept)
{
    struct shared_conf *kept;
    struct shared_conf *read;
    struct shared_conf *again;

    write_limit(7);
    kept = acquire(path, true);
    is_busy = true;
    read = acquire(path, true);
    is_busy = false;
    ck_assert_ptr_ne(read, kept);
    ck_assert_int_eq(limit_of(read), 7);
    again = acquire(path, true);
    ck_assert_ptr_eq(again, kept);
    conf_cache_release(read);
    conf_cache_release(again);
    conf_cache_release(kept);
}
END_TEST

/* What was built in for want of a file is none of a file of which nothing is known. */
START_TEST(where_the_file_cannot_be_looked_at_there_is_no_configuration)
{
    static const struct unit_plan plan = {
        .call = "fstatat", .first = 1, .times = 1, .number = EACCES};
    struct shared_conf *one;
    enum asp_status status;

    write_limit(7);
    ck_assert_int_eq(unlink(path), 0);
    conf_cache_release(acquire(path, false));
    one = (struct shared_conf *)path;
    unit_calls_begin(&plan);
    status = conf_cache_acquire(path, false, &one, &error);
    ck_assert(unit_calls_end());
    ck_assert_int_eq(status, ASP_DENIED);
    ck_assert_ptr_null(one);
}
END_TEST

/* What is known of its store is kept, and no descriptor of it. */
START_TEST(the_store_is_looked_at_once_and_not_left_open)
{
    static const struct asp_store_kept nothing;
    struct asp_store store;
    struct shared_conf *shared;
    char text[UNIT_PATH + 16];
    size_t before;

    unit_store(&store);
    write_limit(7);
    (void)snprintf(text, sizeof text, "store = \"%s\";\n", store.path);
    file_write(path, text, strlen(text));
    before = unit_names("/proc/self/fd");
    shared = acquire(path, true);
    ck_assert_uint_eq(unit_names("/proc/self/fd"), before);
    ck_assert_mem_ne(conf_cache_kept(shared), &nothing, sizeof nothing);
    conf_cache_release(shared);
    asp_store_close(&store);
}
END_TEST

START_TEST(another_file_is_another_configuration_and_who_has_the_old_one_keeps_it)
{
    struct shared_conf *old;
    struct shared_conf *new;

    write_limit(7);
    old = acquire(path, true);
    write_limit(9);
    new = acquire(path, true);
    ck_assert_int_eq(limit_of(new), 9);
    ck_assert_int_eq(limit_of(old), 7);
    conf_cache_release(old);
    conf_cache_release(new);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(conf_cache_acquire(path, true, &new, &error), ASP_NOT_FOUND);
    ck_assert_ptr_null(new);
    new = acquire(path, false);
    ck_assert_int_eq(limit_of(new), 25);
    conf_cache_release(new);
    /* What is built in is no answer to who needs the file. */
    ck_assert_int_eq(conf_cache_acquire(path, true, &new, &error), ASP_NOT_FOUND);
}
END_TEST

START_TEST(one_file_by_two_names_is_two)
{
    char other[UNIT_PATH];
    struct shared_conf *one;
    struct shared_conf *two;

    write_limit(7);
    (void)snprintf(other, sizeof other, "%s", unit_path(unit_folder(), "other.conf"));
    ck_assert_int_eq(link(path, other), 0);
    one = acquire(path, true);
    two = acquire(other, true);
    ck_assert_ptr_ne(one, two);
    ck_assert_int_eq(limit_of(one), limit_of(two));
    conf_cache_release(one);
    conf_cache_release(two);
}
END_TEST

START_TEST(what_is_wrong_is_told_each_time_and_what_was_good_stays_with_its_holder)
{
    struct shared_conf *good;
    struct shared_conf *none;

    write_limit(7);
    good = acquire(path, true);
    write_limit(0);
    for (int i = 0; i < 2; i++) {
        error = (struct asp_error){0};
        ck_assert_int_eq(conf_cache_acquire(path, true, &none, &error), ASP_INVALID);
        ck_assert_ptr_null(none);
        ck_assert_ptr_nonnull(strstr(error.text, "limit"));
    }
    ck_assert_int_eq(limit_of(good), 7);
    conf_cache_release(good);
    write_limit(8);
    good = acquire(path, true);
    ck_assert_int_eq(limit_of(good), 8);
    conf_cache_release(good);
}
END_TEST

START_TEST(without_memory_it_says_so)
{
    static const struct unit_plan no_memory = {
        .call = "malloc", .first = 1, .times = 1, .number = ENOMEM};
    struct shared_conf *shared;
    enum asp_status status;

    write_limit(7);
    unit_calls_begin(&no_memory);
    status = conf_cache_acquire(path, true, &shared, &error);
    ck_assert(unit_calls_end());
    ck_assert_int_eq(status, ASP_NO_MEMORY);
    ck_assert_str_eq(error.text, "out of memory");
    ck_assert_ptr_null(shared);
}
END_TEST

/* Each is read, kept, held twice, and pushed out by the next. */
static void change(int times)
{
    for (int i = 0; i < times; i++) {
        struct shared_conf *one;
        struct shared_conf *two;

        write_limit(i % 2 == 0 ? 7 : 9);
        one = acquire(path, true);
        two = acquire(path, true);
        ck_assert_ptr_eq(one, two);
        conf_cache_release(one);
        conf_cache_release(two);
    }
}

START_TEST(what_nobody_holds_any_more_is_freed)
{
    enum { TIMES = 50, LESS = TIMES * 64 };
    size_t before;
    size_t after;

    if (unit_is_watched() || !heap_bytes(&before)) {
        puts("skipped: memory that is not given back: what watches has an allocator of its own, or "
             "it does not count");
        return;
    }
    change(10); /* the allocator keeps some pieces of each size */
    (void)heap_bytes(&before);
    change(TIMES);
    (void)heap_bytes(&after);
    ck_assert_uint_lt(after, before + LESS);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, the_same_file_is_read_once);
    unit_add(suite, before_any_is_read_none_is_kept);
    unit_add(suite, while_another_thread_is_at_the_cache_the_file_is_read_and_not_kept);
    unit_add(suite, where_the_file_cannot_be_looked_at_there_is_no_configuration);
    unit_add(suite, the_store_is_looked_at_once_and_not_left_open);
    unit_add(suite, another_file_is_another_configuration_and_who_has_the_old_one_keeps_it);
    unit_add(suite, one_file_by_two_names_is_two);
    unit_add(suite, what_is_wrong_is_told_each_time_and_what_was_good_stays_with_its_holder);
    unit_add(suite, without_memory_it_says_so);
    unit_add(suite, what_nobody_holds_any_more_is_freed);
}

int main(void)
{
    return unit_run("conf-cache", fill);
}
