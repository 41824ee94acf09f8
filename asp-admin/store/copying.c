/* A copy of a whole store, pass by pass. */
#include "copying.h"

#include "asp-admin/ui/progress.h"
#include "asp/account_file.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static enum asp_status no_memory(struct asp_error *error)
{
    return asp_fail(error, ASP_NO_MEMORY, "out of memory");
}

/* Whose it is; how it is called in its store, where nobody can tell. */
static const char *name_of(const struct asp_copied *copied)
{
    return copied->user + (copied->user[0] == '/');
}

static enum asp_status read_account(const struct asp_copied *copied, struct asp_account *account,
                                    struct asp_error *error)
{
    struct asp_error why = {0};
    enum asp_status status =
        asp_account_read(copied->bytes, copied->length, copied->user, NULL, account, &why);

    return status == ASP_OK ? ASP_OK : asp_fail(error, status, "%s: %s", name_of(copied), why.text);
}

static bool needs_realm(const struct asp_fingerprint *primary)
{
    return primary->taken && primary->source == ASP_SOURCE_SHADOW && primary->realm[0] == '\0';
}

/* What is of files alone goes: a realm is named, and what is due is told by the database. True:
 * something has. */
static bool change(const struct copying *copying, struct asp_account *account)
{
    bool changed = false;

    if (needs_realm(&account->primary) && copying->realm != NULL) {
        memcpy(account->primary.realm, copying->realm, strlen(copying->realm) + 1);
        changed = true;
    }
    for (size_t i = 0; i < account->count; i++) {
        changed = changed || account->entries[i].hook_due;
        account->entries[i].hook_due = false;
    }
    return changed;
}

static enum asp_status put_text(const struct asp_account *account, struct asp_copied *copied,
                                struct asp_error *error)
{
    struct asp_buffer text = {0};
    uint8_t *bytes;

    asp_account_write(account, &text);
    bytes = text.failed ? NULL : malloc(text.length + 1);
    if (bytes != NULL) {
        memcpy(bytes, text.text, text.length + 1);
        sodium_memzero(copied->bytes, copied->length);
        free(copied->bytes);
        copied->bytes = bytes;
        copied->length = text.length;
    }
    asp_buffer_free(&text);
    return bytes != NULL ? ASP_OK : no_memory(error);
}

/* Makes of an account what it is to be where it goes. */
static enum asp_status convert(const struct copying *copying, struct asp_copied *copied,
                               struct asp_error *error)
{
    struct asp_account account;
    enum asp_status status = read_account(copied, &account, error);

    if (status != ASP_OK)
        return status;
    if (copying->to_database && change(copying, &account))
        status = put_text(&account, copied, error);
    asp_account_free(&account);
    return status;
}

/* Looking */

static enum asp_status look_at(struct copying *copying, const struct asp_copied *copied,
                               struct asp_error *error)
{
    struct asp_account account;
    struct asp_error why = {0};
    enum asp_status status = read_account(copied, &account, &why);

    if (status == ASP_NO_MEMORY)
        return no_memory(error);
    copying->accounts++;
    if (status != ASP_OK) {
        console_say(copying->admin->console, "%s", why.text);
        copying->damaged++;
        return ASP_OK;
    }
    copying->entries += account.count;
    if (needs_realm(&account.primary) && copying->without_realm[0] == '\0')
        memcpy(copying->without_realm, copied->user, sizeof copying->without_realm);
    asp_account_free(&account);
    return ASP_OK;
}

/* An asp_copy_visit. */
static enum asp_status look_at_page(struct asp_copy_page *page, void *context,
                                    struct asp_error *error)
{
    enum asp_status status = ASP_OK;

    for (size_t i = 0; status == ASP_OK && i < page->count; i++) {
        status = look_at(context, &page->accounts[i], error);
        progress_count();
    }
    return status;
}

enum asp_status copying_look(struct copying *copying, struct asp_error *error)
{
    progress_say("accounts read");
    copying->accounts = copying->entries = 0;
    copying->damaged = 0;
    copying->without_realm[0] = '\0';
    return copying->from.each(copying->from.own, look_at_page, copying, error);
}

/* Filling */

/* An asp_copy_visit. */
static enum asp_status put_page(struct asp_copy_page *page, void *context, struct asp_error *error)
{
    struct copying *copying = context;
    enum asp_status status = database_copy_hold(&copying->database, copying->holder, error);

    for (size_t i = 0; status == ASP_OK && i < page->count; i++) {
        status = convert(copying, &page->accounts[i], error);
        copying->accounts++;
        progress_count();
    }
    return status == ASP_OK ? copying->to.put(copying->to.own, page, error) : status;
}

enum asp_status copying_fill(struct copying *copying, struct asp_error *error)
{
    progress_say("accounts copied");
    copying->accounts = 0;
    return copying->from.each(copying->from.own, put_page, copying, error);
}

/* Comparing */

struct comparing {
    struct copying *copying;
    bool is_copy;                /* else it is what was there before */
    unsigned long long accounts; /* that are the same */
};

static bool is_same(const struct asp_copied *a, const struct asp_copied *b)
{
    return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

static enum asp_status differs(const struct comparing *comparing, const struct asp_copied *copied,
                               struct asp_error *error)
{
    if (comparing->is_copy)
        return asp_fail(error, ASP_IO, "%s: what was copied is not what it was copied from",
                        name_of(copied));
    return asp_fail(error, ASP_TAKEN,
                    "there are accounts already where the copy is to be, which are not the same: "
                    "that of %s, for one",
                    name_of(copied));
}

/* `made` is where the copy is; `of` is what it was made of, if that is there. */
static enum asp_status compare(struct comparing *comparing, const struct asp_copied *made,
                               struct asp_copied *of, struct asp_copy_page *stale,
                               struct asp_error *error)
{
    enum asp_status status;

    if (of->bytes == NULL && comparing->is_copy)
        return asp_copy_page_add(stale, made->user) != NULL ? ASP_OK : no_memory(error);
    if (of->bytes == NULL)
        return differs(comparing, made, error);
    status = convert(comparing->copying, of, error);
    if (status == ASP_OK && !is_same(made, of))
        status = differs(comparing, made, error);
    comparing->accounts++;
    return status;
}

/* An asp_copy_visit. */
static enum asp_status compare_page(struct asp_copy_page *page, void *context,
                                    struct asp_error *error)
{
    struct comparing *comparing = context;
    struct copying *copying = comparing->copying;
    struct asp_copy_page found = {0};
    struct asp_copy_page stale = {0};
    enum asp_status status = copying->from.get(copying->from.own, page, &found, error);

    for (size_t i = 0; status == ASP_OK && i < page->count; i++) {
        status = compare(comparing, &page->accounts[i], &found.accounts[i], &stale, error);
        progress_count();
    }
    if (status == ASP_OK && comparing->is_copy)
        status = database_copy_hold(&copying->database, copying->holder, error);
    if (status == ASP_OK && stale.count > 0)
        status = copying->to.drop(copying->to.own, &stale, error);
    copying->dropped += stale.count;
    asp_copy_page_free(&found);
    asp_copy_page_free(&stale);
    return status;
}

enum asp_status copying_check(struct copying *copying, struct asp_error *error)
{
    struct comparing comparing = {.copying = copying};

    progress_say("accounts compared");
    return copying->to.each(copying->to.own, compare_page, &comparing, error);
}

enum asp_status copying_compare(struct copying *copying, struct asp_error *error)
{
    struct comparing comparing = {.copying = copying, .is_copy = true};
    enum asp_status status;

    progress_say("accounts compared");
    copying->dropped = 0;
    status = copying->to.each(copying->to.own, compare_page, &comparing, error);
    if (status == ASP_OK && comparing.accounts != copying->accounts)
        status = asp_fail(error, ASP_IO, "%llu accounts were copied, and %llu are there",
                          copying->accounts, comparing.accounts);
    return status;
}
