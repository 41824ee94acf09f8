#include "login.h"

#include "store.h"
#include "when.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* What is carried through one login. */
struct login {
    const struct asp_conf *conf;
    const struct asp_request *request;
    struct asp_store store;
    struct asp_scope scope;
    struct asp_facts facts;
    struct asp_use
        use; /* the last one that is known of the entry; last is ASP_NEVER when none is */
    char user[ASP_USER_MAX + 1];
    char verifier[ASP_VERIFIER_SIZE]; /* of the entry whose secret was proven */
    struct asp_outcome *outcome;
};

static void name_entry(struct asp_outcome *outcome, const struct asp_entry *entry)
{
    memcpy(outcome->id, entry->id, sizeof outcome->id);
    memcpy(outcome->label, entry->label, sizeof outcome->label);
}

static void bind_entry(struct asp_entry *entry, const struct login *login)
{
    memcpy(entry->app, login->scope.app, sizeof entry->app);
    memcpy(entry->bound_service, login->scope.service, sizeof entry->bound_service);
    entry->bound = login->facts.now;
}

/*
 * Under the lock: the check is made again on what was read there, since it may have been changed by
 * another. The secret needs no second hash: it was proven against this very verifier.
 */
static enum asp_status apply(struct asp_account *account, void *context, struct asp_error *error)
{
    struct login *login = context;
    struct asp_outcome *outcome = login->outcome;
    struct asp_entry *entry = asp_account_find(account, outcome->id);
    enum asp_action action = ASP_WRITE_NOTHING;

    (void)error;
    if (entry == NULL || strcmp(entry->verifier, login->verifier) != 0) {
        outcome->verdict = ASP_NOT_AN_APP_PASSWORD;
        return ASP_UNCHANGED;
    }
    outcome->verdict = asp_check_entry(entry, &login->facts, &action);
    if (action != ASP_WRITE_BINDING)
        return ASP_UNCHANGED;
    bind_entry(entry, login);
    return ASP_OK;
}

/* What the verdict asks to be written, before it is told. */
static void write_action(struct login *login, enum asp_action action)
{
    struct asp_outcome *outcome = login->outcome;
    enum asp_status status;

    if (action == ASP_WRITE_NOTHING || login->request->dry)
        return;
    status = asp_store_update(&login->store, login->user, false, apply, login, &outcome->cause);
    if (status != ASP_OK && status != ASP_UNCHANGED)
        outcome->verdict = status == ASP_NOT_FOUND ? ASP_NO_ACCOUNT : ASP_UNAVAILABLE;
}

/* A new service or host is written at once, else the time alone and not more often than the
 * interval. */
static bool use_is_due(const struct login *login, const struct asp_use *use)
{
    const struct asp_use *known = &login->use;

    return known->last == ASP_NEVER || strcmp(known->service, use->service) != 0 ||
           strcmp(known->host, use->host) != 0 || use->last < known->last ||
           use->last - known->last >= login->conf->usage_interval;
}

static void record_use(struct login *login, time_t created)
{
    const char *host = login->request->host;
    struct asp_use use = {.created = created, .last = login->facts.now};

    memcpy(use.id, login->outcome->id, sizeof use.id);
    memcpy(use.service, login->scope.service, sizeof use.service);
    if (host != NULL && asp_host_valid(host))
        memcpy(use.host, host, strlen(host) + 1);
    if (use_is_due(login, &use))
        (void)asp_store_record(&login->store, login->user, &use);
}

static void look_up_use(struct login *login, const struct asp_entry *entry)
{
    struct asp_usage usage;

    asp_store_usage(&login->store, login->user, &usage);
    if (!asp_usage_find(&usage, entry->id, entry->created, &login->use))
        login->use.last = ASP_NEVER;
    if (entry->unused_limit != ASP_NEVER)
        login->facts.used = asp_usage_since(&usage, entry->id, entry->created, login->facts.now);
    asp_usage_free(&usage);
}

/* The secret was proven: now, and not before, the rest is looked up. */
static void judge(struct login *login, const struct asp_entry *entry)
{
    struct asp_outcome *outcome = login->outcome;
    enum asp_action action;

    name_entry(outcome, entry);
    memcpy(login->verifier, entry->verifier, sizeof login->verifier);
    look_up_use(login, entry);
    login->facts.primary = ASP_PRIMARY_SAME;

    outcome->verdict = asp_check_entry(entry, &login->facts, &action);
    write_action(login, action);
    if (outcome->verdict == ASP_ACCEPTED && !login->request->dry)
        record_use(login, entry->created);
}

static void decide(struct login *login, const struct asp_secret *secret, bool well_shaped)
{
    struct asp_outcome *outcome = login->outcome;
    const struct asp_entry *entry = NULL;
    struct asp_folder known = login->request->store;
    struct asp_account account;
    enum asp_status status;

    status = asp_store_open(&login->store, login->conf->store, &known, &outcome->cause);
    if (status == ASP_OK)
        status = asp_store_load(&login->store, login->user, secret->id, &account, &outcome->cause);
    if (status == ASP_NOT_FOUND)
        outcome->verdict = ASP_NO_ACCOUNT;
    if (status != ASP_OK)
        return;

    outcome->verdict =
        asp_check_secret(&account, well_shaped ? secret : NULL, &login->conf->cost, &entry);
    if (outcome->verdict == ASP_UNAVAILABLE)
        (void)asp_fail(&outcome->cause, ASP_NO_MEMORY, "there is no memory for the hash");
    if (entry != NULL)
        judge(login, entry);
    asp_account_free(&account);
}

void asp_login(const struct asp_conf *conf, const struct asp_request *request, time_t now,
               struct asp_outcome *outcome)
{
    struct login login = {
        .conf = conf,
        .request = request,
        .store = ASP_STORE_CLOSED,
        .facts = {.scope = &login.scope, .host = request->host, .used = ASP_NEVER, .now = now},
        .outcome = outcome,
    };
    struct asp_secret secret;
    bool well_shaped;

    memset(outcome, 0, sizeof *outcome);
    outcome->verdict = ASP_UNAVAILABLE;
    asp_scope_of(conf, request->service, request->app, &login.scope);
    memcpy(outcome->app, login.scope.app, sizeof outcome->app);
    if (!asp_user_canonical(request->user, conf->fold_user_names, login.user)) {
        outcome->verdict = ASP_NO_ACCOUNT;
        return;
    }
    well_shaped = asp_secret_read(request->secret, request->secret_length, &secret);
    decide(&login, &secret, well_shaped);
    asp_secret_wipe(&secret);
    asp_store_close(&login.store);
    sodium_memzero(&login, sizeof login);
}
