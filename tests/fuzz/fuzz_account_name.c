/* A name as a user types it, with a domain or without one, and whose account it stands for. */
#include "fuzz.h"

#include "asp/account_name.h"
#include "asp/conf.h"

static const char conf_text[] = "user_domains = [ \"EXAMPLE\", \"example.org\" ];";

/* Made once, and kept. */
static struct asp_conf *get_conf(void)
{
    static struct asp_conf *conf;

    FUZZ_NEED(conf != NULL ||
              asp_conf_read("fuzz", conf_text, sizeof conf_text - 1, &conf, NULL) == ASP_OK);
    return conf;
}

static bool same_folded(const char *one, const char *other, size_t length, bool fold)
{
    for (size_t i = 0; i < length; i++) {
        if ((fold ? asp_fold(one[i]) : one[i]) != other[i])
            return false;
    }
    return true;
}

/* What it stands for is a part of it, from one of its ends, and a domain more changes nothing. */
static void spell(const char *typed, bool fold)
{
    struct asp_conf conf = *get_conf();
    char spelled[ASP_USER_MAX + 1];
    char again[ASP_USER_MAX + 1];
    char with[ASP_USER_MAX + sizeof "@example.org"];
    size_t typed_length = strlen(typed);
    size_t length;

    conf.fold_user_names = fold;
    asp_account_spell(&conf, typed, spelled);
    length = strlen(spelled);
    FUZZ_NEED(length <= ASP_USER_MAX && length <= typed_length);
    FUZZ_NEED(length > 0 || typed_length == 0 || typed_length > ASP_USER_MAX);
    FUZZ_NEED(same_folded(typed, spelled, length, fold) ||
              same_folded(typed + typed_length - length, spelled, length, fold));
    if (length == 0)
        return;
    (void)snprintf(with, sizeof with, "%s@example.ORG", spelled);
    asp_account_spell(&conf, with, again);
    FUZZ_NEED(strcmp(again, spelled) == 0);
    if (strchr(spelled, '@') == NULL) {
        (void)snprintf(with, sizeof with, "Example\\%s", spelled);
        asp_account_spell(&conf, with, again);
        FUZZ_NEED(strcmp(again, spelled) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);

    spell(text, false);
    spell(text, true);
    free(text);
    return 0;
}
