/* A user's own account: whose it is, and what her primary password is. */
#include "self_account.h"

#include "asp/buffer.h"
#include "pam_asp/name_service.h"

#include <string.h>
#include <syslog.h>

/* ASP_OK: it is there. ASP_NOT_FOUND: it is not. */
static enum asp_status find(struct admin *admin, const char *name, struct asp_account_name *found,
                            struct asp_error *error)
{
    struct asp_store store;
    bool is_open = admin_open_beside(admin, &store, NULL) == ASP_OK;
    enum asp_status status =
        asp_account_name(admin->conf, is_open ? &store : NULL, &name_service, name, found, error);

    asp_store_close(&store);
    if (status != ASP_OK && status != ASP_NOT_FOUND)
        return status;
    (void)asp_fail(error, ASP_DENIED, "%s is no account of yours here: ask the administrator",
                   found->name[0] != '\0' ? found->name : name);
    memcpy(admin->user, found->name, sizeof admin->user);
    admin->known = found->known;
    admin->typed = NULL;
    return status;
}

bool self_account_find(struct admin *admin, const char *name, struct asp_error *error)
{
    struct asp_account_name found;
    const enum asp_status status = find(admin, name, &found, error);

    return (status == ASP_OK || status == ASP_NOT_FOUND) && found.name[0] != '\0' &&
           (found.known || strcmp(found.name, name) == 0);
}

bool self_account_find_typed(struct admin *admin, const char *typed, struct asp_error *error)
{
    struct asp_account_name found;
    const enum asp_status status = find(admin, typed, &found, error);
    const bool is_there = status == ASP_OK;
    const bool may_be_made = status == ASP_NOT_FOUND && (found.known || admin->conf->virtual_users);

    if ((is_there || may_be_made) && found.name[0] != '\0') {
        admin->known = true; /* one that is not there yet is empty */
        return true;
    }
    admin->user[0] = '\0';
    return false;
}

enum asp_status self_account_ask(const char *account, bool *is_user, struct asp_error *error)
{
    char name[ASP_USER_MAX + 1];
    const enum asp_answer answer =
        name_service.ask(name_service.context, account, name, sizeof name);

    *is_user = answer == ASP_USER_KNOWN;
    return answer == ASP_USER_NOT_TOLD
               ? asp_fail(error, ASP_IO, "the name service does not say who you are: try again")
               : ASP_OK;
}

enum asp_status self_account_print(const struct admin *admin, const struct own_primary_key *key,
                                   struct own_primary *own, struct asp_error *error)
{
    struct asp_account account;
    struct asp_store store;
    enum asp_status status = admin_open_beside(admin, &store, error);
    enum asp_status taken;

    if (status == ASP_OK)
        status = asp_store_load(&store, admin->user, NULL, &account, error);
    status = own_primary_unread(status, error);
    if (status != ASP_OK)
        asp_account_init(&account, admin->user);
    taken = own_primary_take(key, admin->conf, &store, &account, admin->now, own, error);
    asp_account_free(&account);
    asp_store_close(&store);
    if (taken != ASP_OK)
        return taken;
    return status == ASP_NOT_FOUND ? ASP_OK : status;
}

static void add_browser(struct asp_buffer *line, const char *address)
{
    asp_buffer_add(line, " rhost=");
    asp_buffer_add(line, address);
    asp_buffer_add(line, " via=\"web\"");
}

static void log_and_free(int level, struct asp_buffer *line)
{
    if (!line->failed)
        syslog(level, "%s", line->text);
    asp_buffer_free(line);
}

void self_account_log_refusal(const char *name, const char *cause, const char *address)
{
    struct asp_buffer line = {0};

    asp_buffer_add(&line, "self-service refused: user=");
    asp_buffer_add_logged(&line, name);
    asp_buffer_add(&line, " cause=");
    asp_buffer_add_logged(&line, cause);
    if (address != NULL)
        add_browser(&line, address);
    log_and_free(LOG_NOTICE, &line);
}

void self_account_log_admission(const char *name, const char *account, const char *address)
{
    struct asp_buffer line = {0};

    asp_buffer_add(&line, "self-service admitted: user=");
    asp_buffer_add_logged(&line, name);
    if (strcmp(name, account) != 0) {
        asp_buffer_add(&line, " account=");
        asp_buffer_add_logged(&line, account);
    }
    add_browser(&line, address);
    log_and_free(LOG_INFO, &line);
}
