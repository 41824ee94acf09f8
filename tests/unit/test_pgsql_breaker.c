/* Whether a database answers, as the processes of a program know it together. */
#include "unit.h"

#include "asp/pgsql/breaker.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <sys/mman.h>

enum { NOW = 5000000, WAIT = 800, MINUTE = 60 * 1000, LINES = 8, LINE_SIZE = 256 };

static char lines[LINES][LINE_SIZE];
static size_t count;
static struct pgsql_breaker *breaker;
static int refused; /* which of the next mappings is; 0: none */
static int mapped;  /* how many there are */

static void *refuse(void)
{
    errno = ENOMEM;
    return MAP_FAILED;
}

void *__real_mmap(void *at, size_t size, int protection, int kind, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int kind, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int kind, int fd, off_t offset)
{
    void *found = refused > 0 && --refused == 0
                      ? refuse()
                      : __real_mmap(at, size, protection, kind, fd, offset);

    mapped += found != MAP_FAILED;
    return found;
}

/* The same, where a file's size is of more bits than a long. */
void *__wrap_mmap64(void *at, size_t size, int protection, int kind, int fd, off_t offset);
void *__wrap_mmap64(void *at, size_t size, int protection, int kind, int fd, off_t offset)
{
    return __wrap_mmap(at, size, protection, kind, fd, offset);
}

int __real_munmap(void *at, size_t size);
int __wrap_munmap(void *at, size_t size);
int __wrap_munmap(void *at, size_t size)
{
    mapped--;
    return __real_munmap(at, size);
}

static void note(bool is_fault, const char *line)
{
    ck_assert_uint_lt(count, LINES);
    (void)snprintf(lines[count++], LINE_SIZE, "%s %s", is_fault ? "fault:" : "notice:", line);
}

static void begin(void)
{
    ck_assert_int_ge(sodium_init(), 0);
    count = 0;
    breaker = pgsql_breaker_make(note);
    ck_assert_ptr_nonnull(breaker);
}

static bool lets(int64_t now)
{
    return pgsql_breaker_lets(breaker, now, now + WAIT);
}

static void falls(int64_t now)
{
    pgsql_breaker_fell(breaker, now - WAIT, now, "db1", "no answer");
}

START_TEST(while_it_answers_everybody_may_ask)
{
    begin();
    for (int i = 0; i < 3; i++)
        ck_assert(lets(NOW));
    ck_assert(!pgsql_breaker_is_down(breaker));
    ck_assert_int_eq(pgsql_breaker_next_ms(breaker, NOW), -1);
}
END_TEST

START_TEST(once_it_is_down_one_at_a_time_tries_it_after_a_pause)
{
    begin();
    falls(NOW);
    ck_assert(pgsql_breaker_is_down(breaker));
    ck_assert_int_eq(pgsql_breaker_next_ms(breaker, NOW), PGSQL_TRY_MS);
    ck_assert(!lets(NOW));
    ck_assert(!lets(NOW + PGSQL_TRY_MS - 1));
    ck_assert_int_eq(pgsql_breaker_next_ms(breaker, NOW + PGSQL_TRY_MS), 0);
    ck_assert(lets(NOW + PGSQL_TRY_MS));
    ck_assert(!lets(NOW + PGSQL_TRY_MS));
    ck_assert(!lets(NOW + PGSQL_TRY_MS + 300));
    falls(NOW + PGSQL_TRY_MS + 300);
    ck_assert(!lets(NOW + 2 * PGSQL_TRY_MS + 299));
    ck_assert(lets(NOW + 2 * PGSQL_TRY_MS + 300));
}
END_TEST

START_TEST(one_who_tries_and_is_heard_of_no_more_is_followed_when_its_time_is_over)
{
    begin();
    falls(NOW);
    ck_assert(lets(NOW + PGSQL_TRY_MS));
    ck_assert(!lets(NOW + PGSQL_TRY_MS + WAIT - 1));
    ck_assert(lets(NOW + PGSQL_TRY_MS + WAIT));
}
END_TEST

START_TEST(whoever_tries_it_for_very_long_is_not_waited_for)
{
    begin();
    falls(NOW);
    ck_assert(pgsql_breaker_lets(breaker, NOW + PGSQL_TRY_MS, NOW + 100 * MINUTE));
    ck_assert(!lets(NOW + PGSQL_TRY_MS));
    ck_assert(!lets(NOW + PGSQL_TRY_MS + MINUTE - 1));
    ck_assert(lets(NOW + PGSQL_TRY_MS + MINUTE));
}
END_TEST

START_TEST(the_first_answer_lets_all_ask)
{
    begin();
    falls(NOW);
    ck_assert(lets(NOW + PGSQL_TRY_MS));
    pgsql_breaker_answered(breaker, NOW + PGSQL_TRY_MS, "db1");
    for (int i = 0; i < 3; i++)
        ck_assert(lets(NOW + PGSQL_TRY_MS));
    ck_assert_int_eq(pgsql_breaker_next_ms(breaker, NOW), -1);
}
END_TEST

START_TEST(one_who_has_no_answer_while_others_have_is_alone_with_that)
{
    begin();
    pgsql_breaker_answered(breaker, NOW - 1, "db1");
    falls(NOW);
    ck_assert(lets(NOW));
    pgsql_breaker_answered(breaker, NOW - WAIT, "db1");
    falls(NOW);
    ck_assert(!lets(NOW));
    /* Once it is down that is no news to who has tried it. */
    pgsql_breaker_fell(breaker, NOW, NOW + WAIT, "db1", "no answer");
    ck_assert(!lets(NOW + WAIT));
    /* Nor is it where one had an answer before it was down, and since this one began. */
    begin();
    pgsql_breaker_answered(breaker, NOW - WAIT / 2, "db1");
    pgsql_breaker_fell(breaker, NOW - 1, NOW, "db1", "no answer");
    falls(NOW + 1);
    ck_assert_int_eq(pgsql_breaker_next_ms(breaker, NOW + 1), PGSQL_TRY_MS);
}
END_TEST

START_TEST(it_is_logged_once_when_it_is_down_and_once_when_it_answers_again)
{
    begin();
    pgsql_breaker_answered(breaker, NOW - WAIT, "db1");
    for (int i = 0; i < 3; i++)
        falls(NOW + i);
    for (int i = 0; i < 3; i++)
        pgsql_breaker_answered(breaker, NOW + 3400, "db1");
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(lines[0], "fault: database=down host=\"db1\" cause=\"no answer\"");
    ck_assert_str_eq(lines[1], "notice: database=up host=\"db1\" after=3.4s");
}
END_TEST

START_TEST(another_host_is_logged_once_and_the_first_is_none)
{
    static const char *const met[] = {"db1", "db1", "db2", "db2", "db1"};

    begin();
    for (size_t i = 0; i < UNIT_COUNT(met); i++)
        pgsql_breaker_met(breaker, met[i]);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(lines[0], "notice: database=other-primary host=\"db2\"");
    ck_assert_str_eq(lines[1], "notice: database=other-primary host=\"db1\"");
}
END_TEST

START_TEST(nothing_of_a_host_or_a_cause_disturbs_the_line)
{
    begin();
    pgsql_breaker_fell(breaker, NOW - 1, NOW, "db\n1", "a \"word\"\x1b");
    ck_assert_str_eq(lines[0], "fault: database=down host=\"db\\x0a1\" "
                               "cause=\"a \\x22word\\x22\\x1b\"");
}
END_TEST

static void fall_in_child(void *context)
{
    falls(*(const int64_t *)context);
    ck_assert_uint_eq(count, 1);
}

START_TEST(what_one_process_finds_the_others_know)
{
    int64_t now = NOW;

    begin();
    unit_forked(fall_in_child, &now);
    ck_assert(pgsql_breaker_is_down(breaker));
    ck_assert(!lets(NOW));
    falls(NOW);
    ck_assert_uint_eq(count, 0);
}
END_TEST

static bool has_log(const uint8_t *at, const uint8_t *end)
{
    pgsql_log *const log = note;

    for (; at + sizeof log <= end; at += sizeof log) {
        if (memcmp(at, &log, sizeof log) == 0)
            return true;
    }
    return false;
}

/* Some of them may be root, and others not. */
START_TEST(what_others_can_write_has_nothing_that_is_called)
{
    FILE *maps;
    char line[512];
    size_t shared = 0;

    begin();
    maps = fopen("/proc/self/maps", "re");
    ck_assert_ptr_nonnull(maps);
    while (fgets(line, sizeof line, maps) != NULL) {
        uintptr_t from;
        uintptr_t to;

        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " rw-s", &from, &to) != 2 ||
            strstr(line, " rw-s ") == NULL)
            continue;
        shared++;
        ck_assert(!has_log((const uint8_t *)from, (const uint8_t *)to));
    }
    ck_assert_uint_gt(shared, 0);
    (void)fclose(maps);
}
END_TEST

/* The numbers that are shared go round after 49 days. */
START_TEST(so_it_is_however_long_the_machine_has_been_up)
{
    static const int64_t times[] = {1000, UINT32_MAX - 100, UINT32_MAX, (int64_t)UINT32_MAX * 100};

    for (size_t i = 0; i < UNIT_COUNT(times); i++) {
        begin();
        falls(times[i]);
        ck_assert(!lets(times[i] + PGSQL_TRY_MS - 1));
        ck_assert(lets(times[i] + PGSQL_TRY_MS));
        ck_assert(!lets(times[i] + PGSQL_TRY_MS));
        /* Nobody has logged in for so long. */
        ck_assert(lets(times[i] + UINT32_MAX / 2));
        pgsql_breaker_answered(breaker, times[i] + 10000, "db1");
        ck_assert_str_eq(lines[1], "notice: database=up host=\"db1\" after=10.0s");
    }
}
END_TEST

START_TEST(so_it_is_where_it_has_just_been_started)
{
    begin();
    pgsql_breaker_fell(breaker, 0, 50, "db1", "no answer");
    ck_assert(pgsql_breaker_is_down(breaker));
    pgsql_breaker_answered(breaker, 350, "db1");
    ck_assert_str_eq(lines[1], "notice: database=up host=\"db1\" after=0.2s");
}
END_TEST

START_TEST(it_was_down_for_no_time_where_it_fell_after_the_answer)
{
    begin();
    falls(NOW);
    pgsql_breaker_answered(breaker, NOW - 200, "db1");
    ck_assert_str_eq(lines[1], "notice: database=up host=\"db1\" after=0.0s");
    begin();
    falls(NOW);
    pgsql_breaker_answered(breaker, NOW + (int64_t)(UINT32_MAX / 2) * 100, "db1");
    ck_assert_str_eq(lines[1], "notice: database=up host=\"db1\" after=214748364.7s");
}
END_TEST

START_TEST(without_memory_there_is_none_and_nothing_is_kept)
{
    for (int i = 1; i <= 2; i++) {
        mapped = 0;
        refused = i;
        ck_assert_ptr_null(pgsql_breaker_make(note));
        ck_assert_int_eq(mapped, 0);
    }
}
END_TEST

START_TEST(what_there_is_no_memory_for_is_not_said)
{
    const struct unit_plan once = {.call = "malloc", .first = 1, .times = 1, .number = ENOMEM};
    const struct unit_plan always = {.call = "malloc", .first = 1, .number = ENOMEM};

    begin();
    unit_calls_begin(&once);
    falls(NOW);
    (void)unit_calls_end();
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(lines[0], "fault: database=down host=\"db1\" cause=-");
    begin();
    unit_calls_begin(&always);
    falls(NOW);
    (void)unit_calls_end();
    ck_assert_uint_eq(count, 0);
    ck_assert(pgsql_breaker_is_down(breaker));
}
END_TEST

START_TEST(one_who_is_alone_asks_whatever_came_of_it)
{
    pgsql_breaker_fell(NULL, NOW - 1, NOW, "db1", "no answer");
    ck_assert(pgsql_breaker_lets(NULL, NOW, NOW + WAIT));
    ck_assert(!pgsql_breaker_is_down(NULL));
    ck_assert_int_eq(pgsql_breaker_next_ms(NULL, NOW), -1);
    pgsql_breaker_met(NULL, "db1");
    pgsql_breaker_answered(NULL, NOW, "db1");
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, while_it_answers_everybody_may_ask);
    unit_add(suite, once_it_is_down_one_at_a_time_tries_it_after_a_pause);
    unit_add(suite, one_who_tries_and_is_heard_of_no_more_is_followed_when_its_time_is_over);
    unit_add(suite, whoever_tries_it_for_very_long_is_not_waited_for);
    unit_add(suite, the_first_answer_lets_all_ask);
    unit_add(suite, one_who_has_no_answer_while_others_have_is_alone_with_that);
    unit_add(suite, it_is_logged_once_when_it_is_down_and_once_when_it_answers_again);
    unit_add(suite, another_host_is_logged_once_and_the_first_is_none);
    unit_add(suite, nothing_of_a_host_or_a_cause_disturbs_the_line);
    unit_add(suite, what_one_process_finds_the_others_know);
    unit_add(suite, what_others_can_write_has_nothing_that_is_called);
    unit_add(suite, so_it_is_however_long_the_machine_has_been_up);
    unit_add(suite, so_it_is_where_it_has_just_been_started);
    unit_add(suite, it_was_down_for_no_time_where_it_fell_after_the_answer);
    unit_add(suite, without_memory_there_is_none_and_nothing_is_kept);
    unit_add(suite, what_there_is_no_memory_for_is_not_said);
    unit_add(suite, one_who_is_alone_asks_whatever_came_of_it);
}

int main(void)
{
    return unit_run("pgsql-breaker", fill);
}
