/* The signature of a profile, by openssl(1). */
#include "sign.h"

#include "asp-admin/system/program.h"

#include <string.h>

enum {
    TIMEOUT = 10,           /* seconds */
    SIGNED_MAX = 256 * 1024 /* of which certificates are the most */
};

struct signing {
    struct asp_buffer *out;
    char said[ASP_ERROR_TEXT / 4]; /* the first line of its standard error */
    size_t length;
};

bool sign_is_wanted(const struct asp_conf *conf)
{
    return conf->profile.sign_certificate[0] != '\0';
}

static bool take_output(void *context, const char *bytes, size_t length)
{
    struct signing *signing = context;

    asp_buffer_add_bytes(signing->out, bytes, length);
    return !signing->out->failed && signing->out->length <= SIGNED_MAX;
}

static bool take_errors(void *context, const char *bytes, size_t length)
{
    struct signing *signing = context;

    for (size_t i = 0; i < length && signing->length + 1 < sizeof signing->said; i++) {
        if (memchr(signing->said, '\n', signing->length) == NULL)
            signing->said[signing->length++] = bytes[i];
    }
    return true;
}

enum asp_status sign_add(struct asp_buffer *out, const struct asp_conf *conf,
                         const struct asp_buffer *profile, struct asp_error *error)
{
    const char *certificate = conf->profile.sign_certificate;
    const char *const words[] = {"openssl",
                                 "smime",
                                 "-sign",
                                 "-binary",
                                 "-nodetach",
                                 "-outform",
                                 "der",
                                 "-signer",
                                 certificate,
                                 "-inkey",
                                 conf->profile.sign_key,
                                 "-certfile",
                                 certificate,
                                 NULL};
    struct signing signing = {.out = out};
    struct asp_error why = {0};
    char path[PROGRAM_PATH_SIZE];
    struct program run = {
        .path = path,
        .arguments = (char *const *)words,
        .environment = program_environment,
        .input = profile->text,
        .input_length = profile->length,
        .timeout = TIMEOUT,
        .take_output = take_output,
        .take_errors = take_errors,
        .context = &signing,
    };

    if (!program_find("openssl", path)) {
        (void)asp_fail(error, ASP_IO, "the profile cannot be signed: there is no openssl");
        return asp_advise(error, ASP_IO, "install it, or take profile.sign out of asp.conf");
    }
    if (program_run(&run, &why) == PROGRAM_DONE && out->length > 0)
        return ASP_OK;
    signing.said[strcspn(signing.said, "\n")] = '\0';
    (void)asp_fail(error, ASP_IO, "the profile cannot be signed: openssl: %s",
                   signing.said[0] != '\0' ? signing.said : why.text);
    return asp_advise(error, ASP_IO, "see profile.sign in asp.conf");
}
