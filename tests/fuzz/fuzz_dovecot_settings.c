/* What doveconf prints, and what it means for app passwords. */
#include "fuzz.h"

#include "asp-admin/doctor/dovecot_settings.h"

/* What is kept, or asked by the protocol, is what PAM has answered; and no passdb is two things. */
static void look_at(const struct dovecot_settings *settings)
{
    FUZZ_NEED(settings->asks_pam || (!settings->keeps_pam && !settings->by_protocol));
    FUZZ_NEED(strlen(settings->primary) < DOVECOT_DRIVER_SIZE);
    FUZZ_NEED(strlen(settings->other) < DOVECOT_DRIVER_SIZE);
    FUZZ_NEED(settings->primary[0] == '\0' || strcmp(settings->primary, "shadow") == 0 ||
              strcmp(settings->primary, "passwd") == 0 ||
              strcmp(settings->primary, "bsdauth") == 0);
    FUZZ_NEED(strcmp(settings->other, "pam") != 0 && strcmp(settings->other, "shadow") != 0);
}

/* With a setting of somebody else's between any two lines it means the same. */
static char *spread(const char *text)
{
    static const char between[] = "\n    name = x\n";
    size_t lines = 1;
    char *out;
    char *to;

    for (const char *at = text; *at != '\0'; at++)
        lines += *at == '\n';
    out = malloc(strlen(text) + lines * sizeof between + 1);
    FUZZ_NEED(out != NULL);
    to = out;
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            to = stpcpy(to, between);
        else
            *to++ = *text;
    }
    *to = '\0';
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    char *other = spread(text);
    struct dovecot_settings settings;
    struct dovecot_settings again;

    memset(&settings, 0, sizeof settings);
    memset(&again, 0, sizeof again);
    dovecot_settings_read(text, &settings);
    look_at(&settings);
    dovecot_settings_read(other, &again);
    FUZZ_NEED(memcmp(settings.has_protocol, again.has_protocol, sizeof again.has_protocol) == 0);
    FUZZ_NEED(settings.has_cache == again.has_cache && settings.asks_pam == again.asks_pam);
    FUZZ_NEED(settings.keeps_pam == again.keeps_pam && settings.by_protocol == again.by_protocol);
    FUZZ_NEED(strcmp(settings.primary, again.primary) == 0);
    FUZZ_NEED(strcmp(settings.other, again.other) == 0);
    free(other);
    free(text);
    return 0;
}
