/* The world in which each verdict is reached. */
#include "verdict_fixture.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct verdict_sample *add(struct verdict_fixture *fixture, const char *verdict, int code,
                                  const char *user, const char *service, const char *password)
{
    ck_assert(fixture->count < VERDICT_SAMPLES_MAX);
    struct verdict_sample *sample = &fixture->samples[fixture->count++];
    *sample = (struct verdict_sample){
        .verdict = verdict,
        .code = code,
        .user = user,
        .service = service,
        .rhost = "192.0.2.7",
    };
    (void)snprintf(sample->password, sizeof sample->password, "%s", password);
    return sample;
}

static void add_proven(struct verdict_fixture *fixture, const char *verdict, int code,
                       const char *label, const char *password)
{
    struct verdict_sample *sample = add(fixture, verdict, code, "alice", "imap", password);
    sample->label = label;
    sample->hashed = true;
    (void)snprintf(sample->id, sizeof sample->id, "%.2s", password);
    for (char *at = sample->id; *at != '\0'; at++)
        *at = (char)tolower(*at);
}

static void in_capitals(char out[PASSWORD_MAX], const char *password)
{
    size_t at = 0;

    for (; password[at] != '\0'; at++)
        out[at] = (char)toupper(password[at]);
    out[at] = '\0';
}

/* A password whose id none of COUNT others has. */
static void with_other_id(char out[PASSWORD_MAX], char others[][PASSWORD_MAX], size_t count)
{
    static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

    memcpy(out, others[0], PASSWORD_MAX);
    for (size_t first = 0; first < 32; first++) {
        bool taken = false;
        out[0] = alphabet[first];
        for (size_t i = 0; i < count; i++)
            taken = taken || strncmp(out, others[i], 2) == 0;
        if (!taken)
            return;
    }
    ck_abort_msg("no id is free");
}

static void damage(const struct world *world, const char *user)
{
    char path[WORLD_PATH_MAX];
    char bytes[8192];
    (void)snprintf(path, sizeof path, "users/%s", user);
    size_t length = file_read(store_path(world, path), bytes, sizeof bytes);
    ck_assert(length > 1 && truncate(store_path(world, path), (off_t)length / 2) == 0);
}

void verdict_fixture_make(struct verdict_fixture *fixture, const char *settings)
{
    enum { MAIL, EXPIRED, UNUSED, REVOKED, LIMITED, HERS, OTHER, COUNT };
    const struct world *world = &fixture->world;
    char passwords[COUNT][PASSWORD_MAX], made_up[PASSWORD_MAX], theirs[PASSWORD_MAX];
    char capitals[PASSWORD_MAX];
    static const struct {
        const char *label, *option, *value;
    } hers[COUNT] = {
        [MAIL] = {"Phone", "--app", "mail"},
        [EXPIRED] = {"Loan \"for a day\"", "--expires", "1s"},
        [UNUSED] = {"Drawer", "--unused", "1s"},
        [REVOKED] = {"Old phone", "--app", "mail"},
        [LIMITED] = {"B\xc3\xbcro", "--from", "198.51.100.0/24"},
        [HERS] = {"Tablet", "--app", "mail"},
        [OTHER] = {"Calendar", "--app", "calendar"},
    };

    memset(fixture, 0, sizeof *fixture);
    world_make(&fixture->world, settings);
    for (int i = 0; i < COUNT; i++)
        create(world, passwords[i], "alice", "--label", hers[i].label, hers[i].option,
               hers[i].value, NULL);
    admin_do(world, "revoke", "alice", id_of(passwords[REVOKED]), NULL);
    create(world, theirs, "broken", "--label", "Phone", NULL);
    damage(world, "broken");

    add_proven(fixture, "accepted", PAM_SUCCESS, hers[MAIL].label, passwords[MAIL]);
    add_proven(fixture, "revoked", PAM_AUTH_ERR, hers[REVOKED].label, passwords[REVOKED]);
    add_proven(fixture, "expired", PAM_AUTH_ERR, hers[EXPIRED].label, passwords[EXPIRED]);
    add_proven(fixture, "unused", PAM_AUTH_ERR, hers[UNUSED].label, passwords[UNUSED]);
    add_proven(fixture, "wrong-app", PAM_AUTH_ERR, hers[OTHER].label, passwords[OTHER]);
    add_proven(fixture, "wrong-network", PAM_AUTH_ERR, hers[LIMITED].label, passwords[LIMITED]);
    in_capitals(capitals, passwords[HERS]);
    add_proven(fixture, "wrong-case", PAM_AUTH_ERR, hers[HERS].label, capitals);
    in_capitals(capitals, passwords[REVOKED]);
    add_proven(fixture, "wrong-case", PAM_AUTH_ERR, hers[REVOKED].label, capitals);
    with_other_secret(made_up, passwords[HERS]);
    add(fixture, "wrong-secret", PAM_AUTH_ERR, "alice", "imap", made_up)->hashed = true;
    in_capitals(capitals, made_up);
    add(fixture, "not-an-app-password", PAM_CRED_INSUFFICIENT, "alice", "imap", capitals)->hashed =
        true;
    add(fixture, "no-account", PAM_USER_UNKNOWN, "nobody-here", "imap", passwords[MAIL]);
    with_other_id(made_up, passwords, COUNT);
    add(fixture, "not-an-app-password", PAM_CRED_INSUFFICIENT, "alice", "imap", made_up)->hashed =
        true;
    in_capitals(capitals, made_up);
    add(fixture, "not-an-app-password", PAM_CRED_INSUFFICIENT, "alice", "imap", capitals)->hashed =
        true;
    add(fixture, "not-an-app-password", PAM_CRED_INSUFFICIENT, "alice", "imap", "correct horse");
    add(fixture, "unavailable", PAM_AUTHINFO_UNAVAIL, "broken", "imap", theirs);
    (void)sleep(2);
}

const struct verdict_sample *verdict_fixture_find(const struct verdict_fixture *fixture,
                                                  const char *verdict)
{
    for (size_t i = 0; i < fixture->count; i++) {
        if (strcmp(fixture->samples[i].verdict, verdict) == 0)
            return &fixture->samples[i];
    }
    ck_abort_msg("no sample for %s", verdict);
}

int verdict_fixture_login(const struct verdict_fixture *fixture,
                          const struct verdict_sample *sample)
{
    return login(&fixture->world, sample->service, sample->user, sample->rhost, sample->password);
}
