/*
 * What asp-web reads of a request: a cookie, the address that a proxy tells, a one-time address,
 * the languages of a browser, the document in the body; and the document of create, which has a
 * profile in it. The first byte says which.
 */
#include "fuzz.h"

#include "asp-web/address.h"
#include "asp-web/body.h"
#include "asp-web/cookie.h"
#include "asp-web/once.h"
#include "asp-web/once_page.h"

#include <sodium.h>

static struct cookie_jar jar;

/* A cookie is read as it was written, and none that was not made here is a fresh one. */
static void read_cookie(const char *text)
{
    struct cookie cookie;
    char written[COOKIE_TEXT_SIZE];
    char header[COOKIE_TEXT_SIZE + sizeof "__Host-asp="];
    struct cookie again;
    char token[COOKIE_TOKEN_SIZE];

    if (!cookie_read(text, &cookie))
        return;
    FUZZ_NEED(strstr(text, "__Host-asp=") != NULL);
    FUZZ_NEED(cookie.length == COOKIE_RANDOM || cookie.length == COOKIE_FRESH_BYTES);
    FUZZ_NEED(!cookie_is_fresh(&jar, 1000, &cookie));
    cookie_write(&cookie, written);
    FUZZ_NEED(strstr(text, written) != NULL);
    (void)snprintf(header, sizeof header, "__Host-asp=%s", written);
    FUZZ_NEED(cookie_read(header, &again) && again.length == cookie.length);
    FUZZ_NEED(memcmp(again.bytes, cookie.bytes, cookie.length) == 0);
    cookie_token(&jar, &cookie, token);
    FUZZ_NEED(strlen(token) == COOKIE_TOKEN_SIZE - 1 && cookie_token_is(&jar, &cookie, token));
    FUZZ_NEED(!cookie_token_is(&jar, &cookie, written));
}

/* An address is one alone, in one form, and that is read as the same. */
static void read_address(const char *text)
{
    char address[ASP_NETWORK_SIZE];
    char again[ASP_NETWORK_SIZE];

    if (!address_read(text, address)) {
        FUZZ_NEED(address[0] == '\0');
        return;
    }
    FUZZ_NEED(strspn(address, "0123456789abcdef.:") == strlen(address));
    FUZZ_NEED(strpbrk(text, " ,;%/[]") == NULL);
    FUZZ_NEED(address_read(address, again) && strcmp(address, again) == 0);
    FUZZ_NEED(address_is_near(address, again));
}

static unsigned depth_of(const json_t *value)
{
    unsigned deepest = 0;
    unsigned depth;
    const char *name;
    json_t *inner;
    size_t i;

    if (json_is_object(value)) {
        json_object_foreach((json_t *)(uintptr_t)value, name, inner)
        {
            depth = depth_of(inner);
            deepest = depth > deepest ? depth : deepest;
        }
    } else if (json_is_array(value)) {
        json_array_foreach(value, i, inner)
        {
            depth = depth_of(inner);
            deepest = depth > deepest ? depth : deepest;
        }
    } else {
        return 0;
    }
    return deepest + 1;
}

/* What is read is bounded, whatever was sent. */
static void read_body(const char *text, size_t length)
{
    json_t *document;
    const char *words[BODY_WORDS_MAX];
    const char *answer;
    size_t count;

    if (body_read(text, length, &document) != ASP_OK) {
        FUZZ_NEED(document == NULL);
        return;
    }
    FUZZ_NEED(length <= BODY_MAX && json_is_object(document));
    FUZZ_NEED(depth_of(document) <= BODY_DEPTH);
    answer = body_text(document, "answer", BODY_ANSWER_MAX);
    FUZZ_NEED(answer == NULL || strlen(answer) <= BODY_ANSWER_MAX);
    (void)body_number(document, "number");
    count = body_words(document, words);
    FUZZ_NEED(count <= BODY_WORDS_MAX);
    for (size_t i = 0; i < count; i++)
        FUZZ_NEED(strlen(words[i]) <= BODY_MAX);
    json_decref(document);
}

/* A one-time address has one form. */
static void read_once(const char *text)
{
    struct once_token token;
    struct asp_buffer again = {0};

    if (!once_token_read(text, &token))
        return;
    once_token_add(&again, "", &token);
    FUZZ_NEED(strcmp(again.text, text) == 0);
    asp_buffer_free(&again);
}

static void read_languages(const char *text)
{
    const enum once_language language = once_page_language(text);

    FUZZ_NEED(language < ONCE_LANGUAGES);
    FUZZ_NEED(language == ONCE_ENGLISH || strpbrk(text, "dDfF") != NULL);
}

/* A profile that is kept is bounded, and goes. */
static void read_made(const char *text, size_t length)
{
    struct once once = {0};
    const enum asp_status status = once_keep(&once, text, length, 0);

    FUZZ_NEED((once.profile != NULL) == (status == ASP_OK));
    FUZZ_NEED(once.length <= ONCE_PROFILE_MAX && (once.length > 0) == (status == ASP_OK));
    once_end(&once);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text;

    if (size == 0)
        return 0;
    if (jar.since == 0) {
        FUZZ_NEED(sodium_init() >= 0);
        cookie_jar_open(&jar);
    }
    text = fuzz_text(data + 1, size - 1);
    if (data[0] == 'c')
        read_cookie(text);
    else if (data[0] == 'a')
        read_address(text);
    else if (data[0] == 'o')
        read_once(text);
    else if (data[0] == 'l')
        read_languages(text);
    else if (data[0] == 'm')
        read_made(text, size - 1);
    else
        read_body(text, size - 1);
    free(text);
    return 0;
}
