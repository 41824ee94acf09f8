/* A user, her one entry, and a request in a word. */
#include "login_fixture.h"

#include "asp/network.h"
#include "asp/usage.h"

#include <stdio.h>
#include <string.h>

struct asp_conf *conf;
char typed[ASP_SECRET_SHOWN + 1];
struct asp_outcome outcome;
struct asp_name_service login_names;
const char *login_user = "alice";

void begin(const char *text, void (*prepare)(struct asp_entry *entry))
{
    struct asp_entry entry;
    struct asp_secret secret = unit_entry(&entry, login_user, "7k", "Phone");
    char whole[2048];

    login_names = unit_strangers;
    unit_store(&store);
    (void)snprintf(whole, sizeof whole, "store = \"%s\"; primary: { source = \"none\"; };\n%s",
                   store.path, text);
    conf = unit_conf(whole);
    entry.created = NOW - 1000;
    if (prepare != NULL)
        prepare(&entry);
    unit_put(&store, login_user, &entry, 1);
    asp_store_begin_usage(&store, login_user, entry.created);
    asp_secret_show(&secret, typed);
}

void end(void)
{
    asp_conf_free(conf);
    asp_store_close(&store);
}

struct asp_request request_of(const char *user, const char *service, const char *secret)
{
    return (struct asp_request){
        .user = user, .service = service, .secret = secret, .secret_length = strlen(secret)};
}

const char *decide(const struct asp_request *request, time_t later)
{
    memset(&outcome, 'x', sizeof outcome);
    asp_login(conf, unit_kept(), &login_names, request, NOW + later, &outcome);
    return asp_verdict_word(outcome.verdict);
}

const char *try(const char *user, const char *service, const char *secret)
{
    struct asp_request request = request_of(user, service, secret);

    return decide(&request, 0);
}

struct asp_entry entry_now(void)
{
    struct asp_account account;
    struct asp_entry entry;

    ck_assert_int_eq(asp_store_load(&store, login_user, NULL, &account, &store_error), ASP_OK);
    ck_assert_uint_ge(account.count, 1);
    entry = account.entries[0];
    asp_account_free(&account);
    return entry;
}

bool use_now(struct asp_use *use)
{
    struct asp_usage usage = unit_usage(&store, login_user);
    bool found = asp_usage_find(&usage, "7k", NOW - 1000, use);

    asp_usage_free(&usage);
    return found;
}

void for_mail(struct asp_entry *entry)
{
    strcpy(entry->app, "mail");
}

void for_any(struct asp_entry *entry)
{
    strcpy(entry->app, ASP_APP_ANY);
}

void revoked(struct asp_entry *entry)
{
    (void)asp_entry_revoke(entry, NOW - 500, "ann", "lost", false);
}

void from_office(struct asp_entry *entry)
{
    for_mail(entry);
    entry->network_count = 1;
    ck_assert(asp_network_read("192.0.2.0/24", &entry->networks[0]));
}

void soon_over(struct asp_entry *entry)
{
    for_mail(entry);
    entry->expires = NOW + 100;
}

void soon_unused(struct asp_entry *entry)
{
    for_mail(entry);
    entry->unused_limit = 2000;
}
