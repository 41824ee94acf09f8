/* Whose account a name stands for. */
#include "account_name.h"

#include <string.h>

/* One search. */
struct search {
    const struct asp_conf *conf;
    const struct asp_store *store;
    const struct asp_name_service *names;
    const char *only;
    struct asp_account *account; /* NULL: whether it is there is all that is asked */
    struct asp_account_name *found;
    struct asp_error *error;
};

static bool is_same_folded(const char *a, const char *b, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (asp_fold(a[i]) != asp_fold(b[i]))
            return false;
    }
    return true;
}

static bool is_listed(const struct asp_names *domains, const char *domain, size_t length)
{
    for (size_t i = 0; i < domains->count; i++) {
        const char *listed = domains->names[i];

        if (strlen(listed) == length && is_same_folded(listed, domain, length))
            return true;
    }
    return false;
}

/* What stands before a listed domain or, where there is none, after one. A name that is nothing
 * but a domain keeps it. */
static const char *without_domain(const struct asp_names *domains, const char *typed,
                                  size_t *length)
{
    const char *at = strrchr(typed, '@');
    const char *slash = strchr(typed, '\\');

    *length = strlen(typed);
    if (at != NULL && at != typed && is_listed(domains, at + 1, strlen(at + 1)))
        *length = (size_t)(at - typed);
    else if (slash != NULL && slash[1] != '\0' &&
             is_listed(domains, typed, (size_t)(slash - typed))) {
        *length = strlen(slash + 1);
        return slash + 1;
    }
    return typed;
}

void asp_account_spell(const struct asp_conf *conf, const char *typed,
                       char spelled[ASP_USER_MAX + 1])
{
    size_t length;
    const char *from = without_domain(&conf->user_domains, typed, &length);

    spelled[0] = '\0';
    if (length > ASP_USER_MAX)
        return;
    memcpy(spelled, from, length);
    for (size_t i = 0; conf->fold_user_names && i < length; i++)
        spelled[i] = asp_fold(from[i]);
    spelled[length] = '\0';
}

/* Writes S. True: it is another than T. */
static bool is_respelled(const struct asp_conf *conf, const char *typed,
                         char spelled[ASP_USER_MAX + 1])
{
    asp_account_spell(conf, typed, spelled);
    return spelled[0] != '\0' && strcmp(spelled, typed) != 0;
}

/* An account that is there and cannot be read is somebody's all the same. */
static bool is_damaged(enum asp_status status)
{
    return status == ASP_CORRUPT || status == ASP_NEWER || status == ASP_UNSAFE;
}

/* ASP_OK: there is an account of it. */
static enum asp_status look_whether_it_is(const struct search *search, const char *name)
{
    struct asp_account account;
    enum asp_status status = asp_store_load(search->store, name, "", &account, search->error);

    if (status == ASP_OK)
        asp_account_free(&account);
    return is_damaged(status) ? ASP_OK : status;
}

/* There can be an account of it that an older version has made: nobody logs in with that. */
static enum asp_status look_for_ill_formed(const struct search *search, const char *name)
{
    char encoded[ASP_USER_ENCODED + 1];
    enum asp_status status = ASP_NOT_FOUND;

    if (search->store != NULL && asp_user_encode(name, encoded))
        status = look_whether_it_is(search, name);
    if (status == ASP_OK)
        return asp_advise(search->error,
                          asp_fail(search->error, ASP_AMBIGUOUS,
                                   "\"%s\" has app passwords, and is no well-formed name: it %s",
                                   name, asp_user_fault(name)),
                          "make new ones for the user who is meant, and say: asp-admin remove, "
                          "with this spelling");
    if (status != ASP_NOT_FOUND)
        return status;
    return asp_fail(search->error, ASP_NOT_FOUND, "the user's name is not well-formed");
}

/* Notes whose it would be, and looks for it. */
static enum asp_status look(const struct search *search, const char *name, bool known)
{
    search->found->known = known;
    search->found->name[0] = '\0';
    if (asp_user_fault(name) != NULL)
        return look_for_ill_formed(search, name);
    memmove(search->found->name, name, strlen(name) + 1);
    if (search->store == NULL)
        return ASP_NOT_FOUND;
    if (search->account != NULL)
        return asp_store_load(search->store, search->found->name, search->only, search->account,
                              search->error);
    return look_whether_it_is(search, search->found->name);
}

/* ASP_OK: `name` is what she is called. ASP_NOT_FOUND: she is not known. */
static enum asp_status ask(const struct search *search, const char *typed,
                           char name[ASP_USER_MAX + 1])
{
    const struct asp_name_service *names = search->names;

    if (names == NULL || names->ask == NULL)
        return ASP_QUESTION;
    switch (names->ask(names->context, typed, name, ASP_USER_MAX + 1)) {
    case ASP_USER_KNOWN:
        return ASP_OK;
    case ASP_USER_NOT_KNOWN:
        return ASP_NOT_FOUND;
    case ASP_USER_NOT_TOLD:
        break;
    }
    return asp_advise(search->error,
                      asp_fail(search->error, ASP_IO,
                               "the name service does not say who this user is: it failed"),
                      "see to passwd in /etc/nsswitch.conf, and to what it names");
}

/* The account of T is there, and another one is found. */
static enum asp_status would_pass_over(const struct search *search, const char *typed)
{
    return asp_advise(
        search->error,
        asp_fail(search->error, ASP_AMBIGUOUS,
                 "%.256s has app passwords under this spelling of the name, which stands for %s",
                 typed, search->found->name[0] != '\0' ? search->found->name : "another"),
        "make new ones for that user, and say: asp-admin remove, with this spelling");
}

/* What T is not known as: S, or whom S is known as. */
static enum asp_status find_respelled(const struct search *search, const char *spelled)
{
    char name[ASP_USER_MAX + 1];
    enum asp_status status = look(search, spelled, false);

    if (status != ASP_NOT_FOUND)
        return status;
    status = ask(search, spelled, name);
    return status == ASP_OK ? look(search, name, true) : status;
}

/* Nothing of what was loaded is left where it is not handed on. */
static void let_go(const struct search *search, enum asp_status status)
{
    if (status == ASP_OK && search->account != NULL)
        asp_account_free(search->account);
}

static enum asp_status find_asked(const struct search *search, const char *typed,
                                  const char *spelled, bool respelled)
{
    char name[ASP_USER_MAX + 1];
    enum asp_status status = ask(search, typed, name);

    if (status == ASP_OK)
        return look(search, name, true);
    if (status == ASP_NOT_FOUND && respelled)
        return find_respelled(search, spelled);
    return status;
}

static enum asp_status find(const struct search *search, const char *typed)
{
    char spelled[ASP_USER_MAX + 1];
    bool respelled = is_respelled(search->conf, typed, spelled);
    enum asp_status own = look(search, typed, false);
    enum asp_status status;

    if (own != ASP_NOT_FOUND && (own != ASP_OK || !respelled))
        return own;
    let_go(search, own);
    status = find_asked(search, typed, spelled, respelled);
    if (own == ASP_OK && (status == ASP_OK || status == ASP_NOT_FOUND) &&
        strcmp(search->found->name, typed) != 0) {
        let_go(search, status);
        return would_pass_over(search, typed);
    }
    return status;
}

enum asp_status asp_account_load(const struct asp_conf *conf, const struct asp_store *store,
                                 const struct asp_name_service *names, const char *typed,
                                 const char *only, struct asp_account *account,
                                 struct asp_account_name *found, struct asp_error *error)
{
    struct search search = {conf, store, names, only, NULL, NULL, error};

    memset(found, 0, sizeof *found);
    search.account = account;
    search.found = found;
    return find(&search, typed);
}

enum asp_status asp_account_name(const struct asp_conf *conf, const struct asp_store *store,
                                 const struct asp_name_service *names, const char *typed,
                                 struct asp_account_name *found, struct asp_error *error)
{
    return asp_account_load(conf, store, names, typed, NULL, NULL, found, error);
}
