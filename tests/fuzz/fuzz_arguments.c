/* The words behind pam_asp.so in a PAM file, one a line: what was taken of them, said again, is
 * taken as the same. */
#include "fuzz.h"

#include "asp/conf.h"
#include "asp/entry.h"
#include "pam_asp/arguments.h"

enum { WORDS_MAX = 32, WORD_SIZE = 8300 };

static bool same(const char *one, const char *other)
{
    return one == other || (one != NULL && other != NULL && strcmp(one, other) == 0);
}

static void say_again(const struct arguments *arguments)
{
    static char app[WORD_SIZE];
    static char conf[WORD_SIZE];
    const char *words[4];
    struct arguments again;
    int count = 0;

    (void)snprintf(conf, sizeof conf, "config=%s", arguments->conf_path);
    (void)snprintf(app, sizeof app, "app=%s", arguments->app == NULL ? "" : arguments->app);
    if (arguments->conf_required)
        words[count++] = conf;
    if (arguments->app != NULL)
        words[count++] = app;
    if (arguments->debug)
        words[count++] = "debug";
    words[count++] = arguments->use_first_pass ? "use_first_pass" : "try_first_pass";
    FUZZ_NEED(arguments_read(count, words, &again) == NULL);
    FUZZ_NEED(again.use_first_pass == arguments->use_first_pass && again.debug == arguments->debug);
    FUZZ_NEED(again.conf_required == arguments->conf_required);
    FUZZ_NEED(same(again.conf_path, arguments->conf_path) && same(again.app, arguments->app));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    const char *words[WORDS_MAX];
    char *rest = text;
    struct arguments arguments;
    const char *wrong;
    int count = 0;

    while (rest != NULL && count < WORDS_MAX)
        words[count++] = strsep(&rest, "\n");
    wrong = arguments_read(count, words, &arguments);
    FUZZ_NEED(arguments.conf_path != NULL);
    if (wrong == NULL) {
        FUZZ_NEED(arguments.conf_path[0] == '/');
        FUZZ_NEED(arguments.app == NULL ||
                  (asp_service_valid(arguments.app) && !asp_app_is_reserved(arguments.app)));
        say_again(&arguments);
    } else {
        bool is_one = false;

        for (int i = 0; i < count; i++)
            is_one = is_one || words[i] == wrong;
        FUZZ_NEED(is_one);
    }
    free(text);
    return 0;
}
