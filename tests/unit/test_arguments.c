/* The words behind pam_asp.so in a PAM file. */
#include "unit.h"

#include "pam_asp/arguments.h"

#include <string.h>

static struct arguments arguments;

static const char *read_words(const char *one, const char *two, const char *three)
{
    const char *words[] = {one, two, three};
    int count = 0;

    while (count < 3 && words[count] != NULL)
        count++;
    memset(&arguments, 'x', sizeof arguments);
    return arguments_read(count, words, &arguments);
}

START_TEST(without_a_word_all_is_as_it_is_built_in)
{
    ck_assert_ptr_null(read_words(NULL, NULL, NULL));
    ck_assert_str_eq(arguments.conf_path, ASP_CONF_DEFAULT);
    ck_assert(!arguments.conf_required && !arguments.use_first_pass && !arguments.debug);
    ck_assert_ptr_null(arguments.app);
}
END_TEST

START_TEST(each_word_says_one_thing)
{
    ck_assert_ptr_null(read_words("debug", NULL, NULL));
    ck_assert(arguments.debug && !arguments.conf_required && !arguments.use_first_pass);
    ck_assert_ptr_null(read_words("use_first_pass", NULL, NULL));
    ck_assert(arguments.use_first_pass && !arguments.debug);
    ck_assert_ptr_null(read_words("config=/x", NULL, NULL));
    ck_assert_str_eq(arguments.conf_path, "/x");
    ck_assert(arguments.conf_required && !arguments.debug);
    ck_assert_ptr_null(read_words("app=mail", NULL, NULL));
    ck_assert_str_eq(arguments.app, "mail");
    ck_assert_str_eq(arguments.conf_path, ASP_CONF_DEFAULT);
}
END_TEST

START_TEST(words_are_read_together_and_the_last_one_counts)
{
    ck_assert_ptr_null(read_words("debug", "app=mail", "config=/x"));
    ck_assert(arguments.debug && arguments.conf_required);
    ck_assert_str_eq(arguments.app, "mail");
    ck_assert_str_eq(arguments.conf_path, "/x");
    ck_assert_ptr_null(read_words("use_first_pass", "try_first_pass", NULL));
    ck_assert(!arguments.use_first_pass);
    ck_assert_ptr_null(read_words("try_first_pass", "use_first_pass", NULL));
    ck_assert(arguments.use_first_pass);
    ck_assert_ptr_null(read_words("app=mail", "app=web", NULL));
    ck_assert_str_eq(arguments.app, "web");
}
END_TEST

START_TEST(the_first_wrong_word_is_told)
{
    static const char *const wrong[] = {
        "",         "nullok",    "Debug",      "debug=1",    "debugg",    "use_first_pas",
        "app",      "app=",      "app=any",    "app=ANY",    "app=a/b",   "app=first-use",
        "config",   "config=",   "config=x",   "config= /x", "CONFIG=/x", "try_first_pass=",
        "xapp=web", "app =mail", "xconfig=/x",
    };

    for (size_t i = 0; i < UNIT_COUNT(wrong); i++) {
        ck_assert_ptr_eq(read_words(wrong[i], NULL, NULL), wrong[i]);
        ck_assert_ptr_eq(read_words("debug", wrong[i], "other"), wrong[i]);
    }
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, without_a_word_all_is_as_it_is_built_in);
    unit_add(suite, each_word_says_one_thing);
    unit_add(suite, words_are_read_together_and_the_last_one_counts);
    unit_add(suite, the_first_wrong_word_is_told);
}

int main(void)
{
    return unit_run("arguments", fill);
}
