/* A request, from the load of the account to the use that is recorded. */
#include "login.h"

#include "network.h"
#include "redact.h"
#include "shadow.h"
#include "time_text.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is carried through one login. */
struct login {
    const struct asp_conf *conf;
    const struct asp_name_service *names;
    const struct asp_request *request;
    struct asp_store store;
    struct asp_scope scope;
    struct asp_facts facts; /* `now` is of the store's clock */
    time_t clock;           /* of this machine, as the times of its files are */
    struct asp_use use;     /* the entry's last one; where none is known its service is empty */
    struct asp_usage_head head;
    struct asp_shadow shadow; /* empty: it was not read */
    struct asp_primary_now now;
    struct asp_account_name user;     /* whose account it is */
    char verifier[ASP_VERIFIER_SIZE]; /* of the entry whose secret was proven */
    enum asp_action action;           /* that the check has asked for when it was last made */
    struct asp_outcome *outcome;
};

/* What this process was not allowed, another one may be. */
static void note_denied(struct login *login, enum asp_status status)
{
    if (status == ASP_DENIED)
        login->outcome->denied = true;
}

static void name_entry(struct asp_outcome *outcome, const struct asp_entry *entry)
{
    memcpy(outcome->id, entry->id, sizeof outcome->id);
    memcpy(outcome->label, entry->label, sizeof outcome->label);
}

/* All of it is set but its app and the bytes behind its texts. */
static void begin_outcome(struct asp_outcome *outcome)
{
    outcome->verdict = ASP_UNAVAILABLE;
    outcome->account[0] = outcome->id[0] = outcome->label[0] = '\0';
    outcome->revoked = NULL;
    outcome->revoked_count = 0;
    outcome->denied = outcome->question = outcome->slow = false;
    asp_error_begin(&outcome->cause);
}

/* It is not there any more. */
static void forget_entry(struct asp_outcome *outcome)
{
    memset(outcome->id, 0, sizeof outcome->id);
    memset(outcome->label, 0, sizeof outcome->label);
}

static void forget_revoked(struct asp_outcome *outcome)
{
    asp_entries_free(outcome->revoked, outcome->revoked_count);
    outcome->revoked = NULL;
    outcome->revoked_count = 0;
}

/* Who has given up was told something else, and what is written now would belie that. */
static bool nobody_waits(struct login *login)
{
    const struct asp_request *request = login->request;
    struct asp_outcome *outcome = login->outcome;

    if (request->gone == NULL || !request->gone(request->asker))
        return false;
    outcome->verdict = ASP_UNAVAILABLE;
    (void)asp_fail(&outcome->cause, ASP_BUSY, "who asked waits no more: nothing was written");
    return true;
}

static void bind_entry(struct asp_entry *entry, const struct login *login)
{
    memcpy(entry->app, login->scope.app, sizeof entry->app);
    memcpy(entry->bound_service, login->scope.service, sizeof entry->bound_service);
    entry->bound = login->facts.now;
}

/* Before it is looked at. */
static struct asp_primary_now shadow_unread(const struct asp_conf *conf)
{
    return (struct asp_primary_now){
        .source = ASP_SOURCE_SHADOW, .realm = asp_realm_of(conf), .expires = ASP_NEVER};
}

/* What the shadow file says of the user now; it is read once for a login, and only when its state
 * is not known. */
static const struct asp_primary_now *look_at_shadow(struct login *login,
                                                    const struct asp_account *account)
{
    struct asp_outcome *outcome = login->outcome;
    enum asp_status status;

    if (login->shadow.text != NULL && !asp_primary_is_overtaken(account, &login->now))
        return &login->now;
    asp_shadow_free(&login->shadow);
    login->now = shadow_unread(login->conf);
    status = asp_shadow_read(ASP_SHADOW_PATH, &login->shadow, &outcome->cause);
    note_denied(login, status);
    if (status == ASP_OK) {
        asp_shadow_find(&login->shadow, account->user, account->follows, &login->now);
        login->now.realm = asp_realm_of(login->conf);
        if (login->now.says == ASP_SAYS_NOTHING)
            (void)asp_fail(&outcome->cause, ASP_IO,
                           ASP_SHADOW_PATH ": the user's line is not whole");
    }
    return &login->now;
}

/* True when the file is as it was when this very fingerprint was found to be the same: then one
 * stat tells. */
static bool shadow_is_known(const struct login *login, const struct asp_account *account)
{
    const struct asp_compared *known = &login->head.compared;
    struct asp_identity identity;

    return known->identity.present && asp_identity_at(ASP_SHADOW_PATH, &identity, NULL) == ASP_OK &&
           asp_identity_same(&identity, &known->identity) &&
           known->checksum == asp_primary_checksum(&account->primary);
}

static enum asp_primary compare_primary(struct login *login, const struct asp_account *account)
{
    time_t expires = login->head.compared.expires;

    /* What the command says is for watch and create, which can wait for it. */
    if (!asp_source_traits(login->conf->primary_source).at_login)
        return ASP_PRIMARY_SAME;
    if (asp_primary_is_elsewhere(&account->primary, &login->now))
        return ASP_PRIMARY_ELSEWHERE;
    if (shadow_is_known(login, account))
        return expires != ASP_NEVER && login->clock >= expires ? ASP_PRIMARY_LOCKED
                                                               : ASP_PRIMARY_SAME;
    return asp_primary_compare(&account->primary, look_at_shadow(login, account), login->clock);
}

void asp_login_by(const struct asp_request *request, char by[ASP_BY_SIZE])
{
    (void)snprintf(by, ASP_BY_SIZE, "pam:%.*s", ASP_SERVICE_MAX, request->service);
}

/* Under the lock: what the shadow file was found to say is written, if it still has to be. */
static bool settle_primary(struct login *login, struct asp_account *account)
{
    struct asp_outcome *outcome = login->outcome;
    char by[ASP_BY_SIZE];
    struct asp_revocation how;
    bool written;

    asp_login_by(login->request, by);
    how = asp_revocation_of(login->conf, login->facts.now, by);
    /* Without memory for the copies nobody is told of them, and they are revoked all the same. */
    if (outcome->verdict == ASP_PRIMARY_CHANGED_SINCE)
        (void)asp_account_copy(account, false, &outcome->revoked, &outcome->revoked_count);
    (void)asp_primary_settle(account, &login->now, &how, false, &written);
    return written;
}

/* The second half of the check. Shadow is looked at for nobody whom the entry itself refuses. */
static enum asp_verdict check(struct login *login, const struct asp_account *account,
                              const struct asp_entry *entry)
{
    enum asp_verdict verdict;

    login->facts.primary = ASP_PRIMARY_SAME;
    verdict = asp_check_entry(entry, &login->facts, &login->action);
    if (verdict != ASP_ACCEPTED)
        return verdict;
    login->facts.primary = compare_primary(login, account);
    if (login->facts.primary == ASP_PRIMARY_SAME)
        return verdict;
    return asp_check_entry(entry, &login->facts, &login->action);
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
    bool written = false;

    (void)error;
    forget_revoked(outcome);
    if (entry == NULL || strcmp(entry->verifier, login->verifier) != 0) {
        outcome->verdict = ASP_NOT_AN_APP_PASSWORD;
        forget_entry(outcome);
        return ASP_UNCHANGED;
    }
    outcome->verdict = check(login, account, entry);
    if (outcome->verdict == ASP_ACCEPTED && nobody_waits(login))
        return ASP_UNCHANGED;
    if (login->action == ASP_WRITE_BINDING)
        bind_entry(entry, login);
    if (outcome->verdict == ASP_ACCEPTED || login->action == ASP_REVOKE_ALL)
        written = settle_primary(login, account);
    return login->action == ASP_WRITE_BINDING || written ? ASP_OK : ASP_UNCHANGED;
}

/*
 * What the verdict asks to be written, before it is told. A changed primary password refuses, also
 * when that cannot be written; a fingerprint that cannot be taken yet refuses nobody.
 */
static void write_action(struct login *login)
{
    struct asp_outcome *outcome = login->outcome;
    enum asp_status status;

    asp_error_begin(&outcome->cause);
    status =
        asp_store_update(&login->store, login->user.name, false, apply, login, &outcome->cause);
    note_denied(login, status);
    if (status == ASP_OK || status == ASP_UNCHANGED)
        return;
    forget_revoked(outcome);
    if (status == ASP_NOT_FOUND) {
        outcome->verdict = ASP_NO_ACCOUNT;
        forget_entry(outcome);
    } else if (login->action == ASP_WRITE_BINDING)
        outcome->verdict = ASP_UNAVAILABLE;
}

/*
 * So that the next login needs one stat. What is remembered is that the fingerprint is the same; a
 * password that is locked is that from the beginning of time, while the file stays as it is. Of an
 * account that has expired neither need be true, whatever the clock says.
 */
static void remember_shadow(struct login *login, const struct asp_account *account)
{
    struct asp_compared compared = {
        .identity = login->shadow.identity,
        .expires = login->now.expires,
        .checksum = asp_primary_checksum(&account->primary),
    };
    enum asp_primary timeless;

    if (asp_primary_is_due(&account->primary, &login->now) ||
        !asp_shadow_is_settled(&compared.identity, login->clock))
        return;
    timeless = asp_primary_compare(&account->primary, &login->now, 0);
    if (timeless == ASP_PRIMARY_LOCKED)
        compared.expires = 0;
    else if (timeless != ASP_PRIMARY_SAME)
        return;
    (void)asp_store_compared(&login->store, login->user.name, &compared, login->clock);
}

/* A new service or host is written at once, else the time alone and not more often than the
 * interval. What ends for not having been used keeps the later time: this clock may be behind. */
static bool use_is_due(const struct login *login, const struct asp_use *use, bool limited)
{
    const struct asp_use *known = &login->use;

    if (limited && use->last < known->last)
        return false;
    return strcmp(known->service, use->service) != 0 || strcmp(known->host, use->host) != 0 ||
           use->last < known->last || use->last - known->last >= login->conf->usage_interval;
}

static void record_use(struct login *login, const struct asp_entry *entry)
{
    const char *host = login->request->host;
    struct asp_use use = {.created = entry->created, .last = login->facts.now};

    memcpy(use.id, login->outcome->id, sizeof use.id);
    memcpy(use.service, login->scope.service, sizeof use.service);
    if (host != NULL && asp_host_valid(host) && !asp_redact_needed(host))
        memcpy(use.host, host, strlen(host) + 1);
    if (use_is_due(login, &use, entry->unused_limit != ASP_NEVER))
        note_denied(login, asp_store_record(&login->store, login->user.name, &use));
}

/* A clock that is behind what is stored is wrong, and what it says now would destroy later. */
static bool clock_is_behind(const struct login *login, const struct asp_entry *entry)
{
    return login->facts.now < entry->created || login->facts.now < entry->bound;
}

/* What was read tells nothing of the entry: it was being written, or it is damaged. What cannot be
 * mended here another process perhaps can. */
static enum asp_status read_use_again(struct login *login, const struct asp_entry *entry,
                                      struct asp_usage *usage)
{
    const struct asp_mending mending = {.now = login->facts.now};
    bool may_write = !login->request->dry && !clock_is_behind(login, entry);
    enum asp_status mended;
    enum asp_status status;

    asp_usage_free(usage);
    status = asp_store_mend_usage(&login->store, login->user.name, may_write ? &mending : NULL,
                                  usage, &mended, &login->outcome->cause);
    if (may_write)
        note_denied(login, mended);
    /* A dry one says what another would, which may write. */
    if (login->request->dry && mended != ASP_BUSY)
        (void)asp_usage_mend(usage, login->facts.now);
    if (status == ASP_OK)
        asp_error_begin(&login->outcome->cause);
    return status;
}

/* False when it could not be read, and the verdict hangs on it. */
static bool look_up_use(struct login *login, const struct asp_entry *entry)
{
    const bool limited = entry->unused_limit != ASP_NEVER;
    struct asp_usage usage;
    enum asp_status status =
        asp_store_peek_usage(&login->store, login->user.name, &usage, &login->outcome->cause);

    if (status == ASP_OK && limited && !asp_usage_tells(&usage, entry->id, entry->created))
        status = read_use_again(login, entry, &usage);
    note_denied(login, status);
    (void)asp_usage_read_head(&usage, &login->head);
    if (!asp_usage_find(&usage, entry->id, entry->created, &login->use))
        login->use = (struct asp_use){.last = ASP_NEVER};
    if (limited)
        login->facts.used = asp_usage_since(&usage, entry->id, entry->created);
    asp_usage_free(&usage);
    return status == ASP_OK || !limited;
}

/* The secret was proven: now, and not before, the rest is looked up. */
static void judge(struct login *login, const struct asp_account *account,
                  const struct asp_entry *entry)
{
    struct asp_outcome *outcome = login->outcome;
    bool to_write;
    bool due;

    name_entry(outcome, entry);
    memcpy(login->verifier, entry->verifier, sizeof login->verifier);
    if (!look_up_use(login, entry)) {
        outcome->verdict = ASP_UNAVAILABLE;
        return;
    }
    outcome->verdict = check(login, account, entry);
    due = asp_primary_is_due(&account->primary, &login->now);
    to_write = login->action != ASP_WRITE_NOTHING || (due && outcome->verdict == ASP_ACCEPTED);
    if (login->request->dry)
        return;
    if (to_write)
        write_action(login);
    if (outcome->verdict == ASP_PRIMARY_IS_LOCKED)
        remember_shadow(login, account);
    if (outcome->verdict != ASP_ACCEPTED || (!to_write && nobody_waits(login)) ||
        clock_is_behind(login, entry))
        return;
    record_use(login, entry);
    /* After an update the account is not the one that was compared here: the next login's turn. */
    if (!to_write)
        remember_shadow(login, account);
}

static void ask_elsewhere(struct asp_outcome *outcome)
{
    outcome->question = true;
    (void)asp_fail(&outcome->cause, ASP_IO, "the name service was not asked who this user is");
}

/* What is kept stays as it is: others may be reading it. */
static void decide(struct login *login, struct asp_store_kept kept, const struct asp_secret *secret,
                   bool well_shaped)
{
    struct asp_outcome *outcome = login->outcome;
    const struct asp_entry *entry = NULL;
    struct asp_account account;
    enum asp_status status;

    status = asp_store_open(&login->store, login->conf, &kept, &outcome->cause);
    login->store.deadline = login->request->deadline;
    if (status == ASP_OK)
        status = asp_account_load(login->conf, &login->store, login->names, login->request->user,
                                  secret->id, &account, &login->user, &outcome->cause);
    note_denied(login, status);
    if (status == ASP_NOT_FOUND)
        outcome->verdict = ASP_NO_ACCOUNT;
    if (status == ASP_QUESTION)
        ask_elsewhere(outcome);
    if (status != ASP_OK)
        return;

    (void)asp_store_now(&login->store, &login->facts.now, NULL); /* told with the account */
    memcpy(outcome->account, login->user.name, sizeof outcome->account);
    outcome->slow = login->request->quick && well_shaped &&
                    asp_check_is_slow(&account, secret, &login->conf->cost);
    if (outcome->slow) {
        asp_account_free(&account);
        return;
    }
    outcome->verdict =
        asp_check_secret(&account, well_shaped ? secret : NULL, &login->conf->cost, &entry);
    if (outcome->verdict == ASP_UNAVAILABLE)
        (void)asp_fail(&outcome->cause, ASP_IO,
                       "there is no memory for the hash, or its line is damaged");
    if (outcome->verdict == ASP_WRONG_CASE)
        name_entry(outcome, entry);
    else if (entry != NULL)
        judge(login, &account, entry);
    asp_account_free(&account);
}

/* Parts of a secret stay in registers when they are done with, and the loader puts those on the
 * stack when a function that its caller calls next is bound. So they are cleared at the end. */
#if defined(__has_attribute) && __has_attribute(zero_call_used_regs)
#define WITHOUT_TRACE __attribute__((zero_call_used_regs("all")))
#else
#define WITHOUT_TRACE
#endif

WITHOUT_TRACE
void asp_login(const struct asp_conf *conf, const struct asp_store_kept *kept,
               const struct asp_name_service *names, const struct asp_request *request, time_t now,
               struct asp_outcome *outcome)
{
    struct login login = {
        .conf = conf,
        .names = names,
        .request = request,
        .store = ASP_STORE_CLOSED,
        .facts = {.scope = &login.scope, .host = request->host, .used = ASP_NEVER, .now = now},
        .clock = now,
        .now = shadow_unread(conf),
        .outcome = outcome,
    };
    struct asp_secret secret;
    bool well_shaped;

    begin_outcome(outcome);
    asp_scope_of(conf, request->service, request->app, &login.scope);
    memcpy(outcome->app, login.scope.app, sizeof outcome->app);
    well_shaped = asp_secret_read(request->secret, request->secret_length, &secret);
    decide(&login, kept != NULL ? *kept : (struct asp_store_kept){0}, &secret, well_shaped);
    asp_secret_wipe(&secret);
    asp_shadow_free(&login.shadow);
    asp_store_close(&login.store);
    sodium_memzero(&login, sizeof login);
}

void asp_outcome_free(struct asp_outcome *outcome)
{
    forget_revoked(outcome);
}
