/* The document in the body of a request, and what is taken out of it. */
#include "unit.h"

#include "asp-web/body.h"

#include <stdlib.h>
#include <string.h>

static json_t *read_text(const char *text)
{
    json_t *document = NULL;

    ck_assert_msg(body_read(text, strlen(text), &document) == ASP_OK, "%s", text);
    ck_assert_ptr_nonnull(document);
    return document;
}

static void is_refused(const char *text, size_t length)
{
    json_t *document = (json_t *)1;

    ck_assert_msg(body_read(text, length, &document) == ASP_INVALID, "%s", text);
    ck_assert_ptr_null(document);
}

START_TEST(an_object_is_read_and_nothing_else)
{
    static const char *const others[] = {
        "",
        "[]",
        "7",
        "null",
        "\"words\"",
        "{",
        "{}}",
        "{} {}",
        "{\"a\": 1, \"a\": 1}",
        "{\"a\"}",
        "{\"a\": \"\\u0000\"}",
        "}{",
    };

    json_decref(read_text("{}"));
    json_decref(read_text(" {\"a\": [1, \"b\"]} "));
    for (size_t i = 0; i < UNIT_COUNT(others); i++)
        is_refused(others[i], strlen(others[i]));
}
END_TEST

START_TEST(four_in_one_another_are_the_most)
{
    json_decref(read_text("{\"a\": [{\"b\": []}]}"));
    json_decref(read_text("{\"a\": [[[]]]}"));
    json_decref(read_text("{\"a\": [[[]], [[]], {\"b\": {}}], \"c\": [[[], []]]}"));
    is_refused("{\"a\": [{\"b\": [[]]}]}", 20);
    is_refused("{\"a\": [{\"b\": [{}]}]}", 20);
    is_refused("{\"a\": {\"b\": {\"c\": {\"d\": {}}}}}", 30);
}
END_TEST

START_TEST(brackets_in_a_text_are_none)
{
    json_decref(read_text("{\"a\": \"[[[[[{{{{{\"}"));
    json_decref(read_text("{\"a\": \"\\\"[[[[[\\\\\"}"));
    json_decref(read_text("{\"a\": \"]]]]\", \"b\": \"\\\\\", \"c\": [[[]]]}"));
    is_refused("{\"a\": \"]]]]\", \"c\": [[[[]]]]}", 28);
    is_refused("{\"a\": \"\\\\\", \"c\": [[[[]]]]}", 26);
}
END_TEST

START_TEST(sixteen_kib_are_the_most)
{
    static char text[BODY_MAX + 2];
    json_t *document = NULL;

    memset(text, ' ', sizeof text - 1);
    memcpy(text, "{}", 2);
    ck_assert_int_eq(body_read(text, BODY_MAX, &document), ASP_OK);
    json_decref(document);
    is_refused(text, BODY_MAX + 1);
}
END_TEST

START_TEST(without_memory_it_is_not_called_wrong)
{
    static const char text[] = "{\"words\": [\"create\"]}";
    json_t *document = NULL;
    enum asp_status status = ASP_NO_MEMORY;
    unsigned at = 0;

    /* What Jansson had read when there was no more it loses itself. */
    if (unit_is_watched())
        return;
    while (status == ASP_NO_MEMORY) {
        unit_calls_begin(&(const struct unit_plan){.call = "malloc", .first = ++at, .times = 1});
        status = body_read(text, strlen(text), &document);
        (void)unit_calls_end();
        ck_assert((status == ASP_OK) == (document != NULL));
    }
    ck_assert_int_eq(status, ASP_OK);
    ck_assert_uint_gt(at, 1);
    json_decref(document);
}
END_TEST

START_TEST(a_text_is_one_of_that_name_and_no_longer_than_may_be)
{
    json_t *document = read_text("{\"a\": \"12345\", \"b\": 12345, \"c\": null}");

    ck_assert_str_eq(body_text(document, "a", 5), "12345");
    ck_assert_ptr_null(body_text(document, "a", 4));
    ck_assert_ptr_null(body_text(document, "b", 9));
    ck_assert_ptr_null(body_text(document, "c", 9));
    ck_assert_ptr_null(body_text(document, "A", 9));
    json_decref(document);
}
END_TEST

START_TEST(a_number_is_whole_and_from_1_on)
{
    static const struct {
        const char *text;
        unsigned number;
    } rows[] = {
        {"{\"n\": 1}", 1},          {"{\"n\": 4294967295}", 4294967295U},
        {"{\"n\": 4294967296}", 0}, {"{\"n\": 4294967297}", 0},
        {"{\"n\": 0}", 0},          {"{\"n\": -1}", 0},
        {"{\"n\": 1.0}", 0},        {"{\"n\": \"1\"}", 0},
        {"{\"n\": true}", 0},       {"{\"m\": 1}", 0},
    };

    for (size_t i = 0; i < UNIT_COUNT(rows); i++) {
        json_t *document = read_text(rows[i].text);

        ck_assert_msg(body_number(document, "n") == rows[i].number, "%s", rows[i].text);
        json_decref(document);
    }
}
END_TEST

static size_t words_of(const char *text)
{
    const char *words[BODY_WORDS_MAX];
    json_t *document = read_text(text);
    const size_t count = body_words(document, words);

    json_decref(document);
    return count;
}

START_TEST(words_are_texts_in_their_order)
{
    const char *words[BODY_WORDS_MAX];
    json_t *document = read_text("{\"words\": [\"create\", \"\", \"Phone\"]}");

    ck_assert_uint_eq(body_words(document, words), 3);
    ck_assert_str_eq(words[0], "create");
    ck_assert_str_eq(words[1], "");
    ck_assert_str_eq(words[2], "Phone");
    json_decref(document);
    ck_assert_uint_eq(words_of("{}"), 0);
    ck_assert_uint_eq(words_of("{\"words\": []}"), 0);
    ck_assert_uint_eq(words_of("{\"words\": \"create\"}"), 0);
    ck_assert_uint_eq(words_of("{\"words\": {\"0\": \"create\"}}"), 0);
    ck_assert_uint_eq(words_of("{\"words\": [\"create\", 7]}"), 0);
    ck_assert_uint_eq(words_of("{\"words\": [null, \"create\"]}"), 0);
}
END_TEST

START_TEST(sixty_four_words_are_the_most)
{
    char text[16 + 4 * (BODY_WORDS_MAX + 1)] = "{\"words\": [\"a\"";

    for (int i = 1; i < BODY_WORDS_MAX; i++)
        (void)strcat(text, ",\"a\"");
    ck_assert_uint_eq(words_of(strcat(text, "]}")), BODY_WORDS_MAX);
    (void)strcpy(text + strlen(text) - 2, ",\"a\"]}");
    ck_assert_uint_eq(words_of(text), 0);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, an_object_is_read_and_nothing_else);
    unit_add(suite, four_in_one_another_are_the_most);
    unit_add(suite, brackets_in_a_text_are_none);
    unit_add(suite, sixteen_kib_are_the_most);
    unit_add(suite, without_memory_it_is_not_called_wrong);
    unit_add(suite, a_text_is_one_of_that_name_and_no_longer_than_may_be);
    unit_add(suite, a_number_is_whole_and_from_1_on);
    unit_add(suite, words_are_texts_in_their_order);
    unit_add(suite, sixty_four_words_are_the_most);
}

int main(void)
{
    return unit_run("web_body", fill);
}
