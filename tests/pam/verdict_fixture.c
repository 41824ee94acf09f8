#include "verdict_fixture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct scene *add(struct cast *cast, const char *verdict, int code, const char *user,
                         const char *service, const char *password)
{
    ck_assert(cast->count < SCENES_MAX);
    struct scene *scene = &cast->scenes[cast->count++];
    *scene = (struct scene){
        .verdict = verdict,
        .code = code,
        .user = user,
        .service = service,
        .rhost = "192.0.2.7",
    };
    (void)snprintf(scene->password, sizeof scene->password, "%s", password);
    return scene;
}

static void add_proven(struct cast *cast, const char *verdict, int code, const char *label,
                       const char *password)
{
    struct scene *scene = add(cast, verdict, code, "alice", "imap", password);
    scene->label = label;
    scene->hashed = true;
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

void cast_make(struct cast *cast, const char *settings)
{
    enum { MAIL, EXPIRED, UNUSED, REVOKED, FENCED, HERS, OTHER, COUNT };
    const struct world *world = &cast->world;
    char passwords[COUNT][PASSWORD_MAX], made_up[PASSWORD_MAX], theirs[PASSWORD_MAX];
    static const struct {
        const char *label, *option, *value;
    } hers[COUNT] = {
        [MAIL] = {"Phone", "--app", "mail"},
        [EXPIRED] = {"Loan \"for a day\"", "--expires", "1s"},
        [UNUSED] = {"Drawer", "--unused", "1s"},
        [REVOKED] = {"Old phone", "--app", "mail"},
        [FENCED] = {"B\xc3\xbcro", "--from", "198.51.100.0/24"},
        [HERS] = {"Tablet", "--app", "mail"},
        [OTHER] = {"Calendar", "--app", "calendar"},
    };

    memset(cast, 0, sizeof *cast);
    world_make(&cast->world, settings);
    for (int i = 0; i < COUNT; i++)
        create(world, passwords[i], "alice", "--label", hers[i].label, hers[i].option,
               hers[i].value, NULL);
    admin_do(world, "revoke", "alice", id_of(passwords[REVOKED]), NULL);
    create(world, theirs, "broken", "--label", "Phone", NULL);
    damage(world, "broken");

    add_proven(cast, "accepted", PAM_SUCCESS, hers[MAIL].label, passwords[MAIL]);
    add_proven(cast, "revoked", PAM_AUTH_ERR, hers[REVOKED].label, passwords[REVOKED]);
    add_proven(cast, "expired", PAM_AUTH_ERR, hers[EXPIRED].label, passwords[EXPIRED]);
    add_proven(cast, "unused", PAM_AUTH_ERR, hers[UNUSED].label, passwords[UNUSED]);
    add_proven(cast, "wrong-app", PAM_AUTH_ERR, hers[OTHER].label, passwords[OTHER]);
    add_proven(cast, "wrong-network", PAM_AUTH_ERR, hers[FENCED].label, passwords[FENCED]);
    with_other_secret(made_up, passwords[HERS]);
    add(cast, "wrong-secret", PAM_AUTH_ERR, "alice", "imap", made_up)->hashed = true;
    add(cast, "no-account", PAM_USER_UNKNOWN, "nobody-here", "imap", passwords[MAIL]);
    with_other_id(made_up, passwords, COUNT);
    add(cast, "not-an-app-password", PAM_CRED_INSUFFICIENT, "alice", "imap", made_up)->hashed =
        true;
    add(cast, "not-an-app-password", PAM_CRED_INSUFFICIENT, "alice", "imap", "correct horse");
    add(cast, "unavailable", PAM_AUTHINFO_UNAVAIL, "broken", "imap", theirs);
    (void)sleep(2);
}

const struct scene *cast_find(const struct cast *cast, const char *verdict)
{
    for (size_t i = 0; i < cast->count; i++) {
        if (strcmp(cast->scenes[i].verdict, verdict) == 0)
            return &cast->scenes[i];
    }
    ck_abort_msg("no scene for %s", verdict);
}

int cast_login(const struct cast *cast, const struct scene *scene)
{
    return login(&cast->world, scene->service, scene->user, scene->rhost, scene->password);
}
