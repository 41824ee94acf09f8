/* What the look at a configuration's text lets through, against what libconfig makes of it: it does
 * not end the process, and reads each number as it stands there. */
#include "fuzz.h"

#include "asp/conf_place.h"
#include "asp/conf_text.h"

#include <errno.h>
#include <libconfig.h>
#include <strings.h>

const char *__lsan_default_options(void);

/* libconfig 1.5 loses the text that it has just read when it finds a syntax error; to look for what
 * is lost after each costs sixteen times as much as the reading. What asp/ loses itself is found
 * with the target conf. */
const char *__lsan_default_options(void)
{
    return "detect_leaks=0";
}

/* The first bytes are a number, as it stands in a setting; the rest is the text of a file. */
static void compare_number(const char *token, size_t length)
{
    char text[64];
    config_t conf;
    int value;

    if (length == 0 || length > 32 || strcspn(token, "0123456789") != (token[0] == '-'))
        return;
    (void)snprintf(text, sizeof text, "n = %.*s;", (int)length, token);
    if (strlen(text) != length + 5 || asp_conf_text_check("n", text, strlen(text), NULL) != ASP_OK)
        return;
    config_init(&conf);
    if (config_read_string(&conf, text) == CONFIG_TRUE &&
        config_lookup_int(&conf, "n", &value) == CONFIG_TRUE &&
        config_setting_type(config_lookup(&conf, "n")) == CONFIG_TYPE_INT &&
        config_setting_length(config_root_setting(&conf)) == 1) {
        const char *digits = text + 4 + (token[0] == '-');
        int base = strncasecmp(digits, "0x", 2) == 0 ? 16 : 10;

        errno = 0;
        FUZZ_NEED(strtoll(text + 4, NULL, base) == value && errno == 0);
    }
    config_destroy(&conf);
}

/* Each is of a line that there is. */
static void find_places(const char *text, size_t size)
{
    struct asp_conf_place place;
    struct asp_conf_slip slip;
    size_t lines = 1;

    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';
    if (asp_conf_place_twice(text, size, &place))
        FUZZ_NEED(place.first >= 1 && place.first <= place.line && place.line <= lines);
    if (asp_conf_place_slip(text, size, &slip)) {
        FUZZ_NEED(slip.place.line >= 1 && slip.place.line <= lines);
        FUZZ_NEED(slip.word[0] != '\0' || strstr(text, "''") != NULL);
    }
    for (size_t line = 1; line <= lines && line < 8; line++) {
        if (asp_conf_place_before(text, size, line, &place))
            FUZZ_NEED(place.line <= line && place.key[0] != '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    size_t line = strcspn(text, "\n");
    struct asp_error error = {0};
    config_t conf;

    compare_number(text, line);
    if (asp_conf_text_check("fuzz", text, size, &error) == ASP_OK) {
        FUZZ_NEED(strlen(text) == size);
        find_places(text, size);
        config_init(&conf);
        (void)config_read_string(&conf, text);
        config_destroy(&conf);
    } else {
        FUZZ_NEED(error.status == ASP_INVALID && strncmp(error.text, "fuzz:", 5) == 0);
    }
    free(text);
    return 0;
}
