/* One pass over all accounts, against what the source of primaries says now. */
#include "compare_all.h"

#include "signals.h"

#include "asp-admin/primary/primary_source.h"
#include "asp-admin/system/name_list.h"
#include "asp-admin/ui/progress.h"
#include "asp/reconcile.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    /* A faulty program would sign everybody out, and so would a shadow file that is half restored,
     * or a directory that is down and says that there is nobody: more than this many, and more than
     * this share of all accounts, is held back. */
    HELD_ABOVE = 20,
    HELD_ABOVE_PERCENT = 5,
};

struct pass {
    struct admin *admin;
    struct primary_lease *lease; /* NULL: the pass needs none */
    struct asp_error *error;     /* why it does not go on */
    struct primary_source source;
    time_t clock; /* of this machine, as the time of its shadow file is */
    struct name_list changed;
    struct name_list due;                 /* their fingerprint is to be taken */
    struct name_list gone;                /* they had a line, and have none */
    struct name_questions *questions;     /* of those who have no line and had none */
    const struct name_questions *answers; /* to those of the pass before */
    bool confirmed;
    bool asks;          /* the name service, of those who follow somebody */
    bool asks_unlisted; /* and of the others who have no line */
    bool is_virtual;    /* whom it does not know need not be gone */
    struct compare_result *result;
};

static void count_failure(const struct pass *pass, const char *user, struct asp_error *error)
{
    struct compare_result *result = pass->result;

    if (result->failed == 0) {
        admin_complete_advice(pass->admin, user, error);
        result->failure = *error;
    }
    result->failed++;
    result->unknown++;
}

/* Before each account: ASP_OK, or why the pass ends here. */
static enum asp_status go_on(const struct pass *pass)
{
    if (signals_stop_is_pending())
        return ASP_INTERRUPTED;
    return pass->lease == NULL ? ASP_OK : primary_lease_keep(pass->lease, pass->admin, pass->error);
}

/* Where nothing is compared. */
static enum asp_status count_account(const char *user, void *context)
{
    struct pass *pass = context;

    (void)user;
    progress_count();
    pass->result->accounts++;
    return go_on(pass);
}

/* What is written from here on is of the store's clock. Where that does not answer, nothing will be
 * written. */
static void take_clock(const struct pass *pass)
{
    struct admin *admin = pass->admin;

    admin->now = time(NULL);
    (void)asp_store_now(&admin->store, &admin->now, NULL);
}

/* Puts a user who has no line on the list that she belongs on, if any. False: out of memory. */
static bool list_absent(struct pass *pass, const struct asp_account *account,
                        enum asp_primary primary)
{
    const struct asp_identity *read = &pass->source.shadow.identity;
    const struct asp_fingerprint *stored = &account->primary;
    const char *user = account->user;

    if (primary == ASP_PRIMARY_SAME || stored->had == ASP_HAD_NO_LINE)
        return !pass->asks_unlisted || name_questions_add(pass->questions, user, account->follows);
    if (primary != ASP_PRIMARY_ABSENT || stored->absent)
        return true;
    if (asp_shadow_is_settled(read, pass->clock))
        return name_list_add(&pass->gone, user);
    /* A file of a time that is still to come says that the clock was wrong. */
    pass->result->gone_fresh += read->ctime_s <= pass->clock;
    return true;
}

/* Nothing is written while the folder is read: a file that is replaced may come twice. */
static enum asp_status look(const char *user, void *context)
{
    struct pass *pass = context;
    struct compare_result *result = pass->result;
    struct asp_error error = {0};
    struct asp_primary_now now;
    struct asp_account account;
    enum asp_primary primary;
    enum asp_status status;
    struct name_list *list = NULL;
    bool listed = true;
    bool is_ours; /* of this realm */

    progress_count();
    status = go_on(pass);
    if (status != ASP_OK)
        return status;
    status = asp_store_load(&pass->admin->store, user, "", &account, &error);
    if (status == ASP_NOT_FOUND) {
        /* Its maker was killed, or the power went. */
        asp_store_drop_stale(&pass->admin->store, user);
        return ASP_OK;
    }
    result->accounts++;
    if (status != ASP_OK) {
        count_failure(pass, user, &error);
        return ASP_OK;
    }
    primary_source_find(&pass->source, user, account.follows, &now);
    primary = asp_primary_compare(&account.primary, &now, pass->clock);
    is_ours = primary != ASP_PRIMARY_ELSEWHERE;
    if (primary == ASP_PRIMARY_UNKNOWN)
        result->unknown++;
    else if (primary == ASP_PRIMARY_CHANGED)
        list = &pass->changed;
    else if (asp_primary_is_due(&account.primary, &now))
        list = &pass->due;
    /* The directory may have made it a user of its own. */
    if (is_ours && account.follows[0] != '\0' && pass->asks && now.says != ASP_SAYS_ABSENT)
        listed = name_questions_add(pass->questions, user, account.follows);
    else if (is_ours && now.says == ASP_SAYS_ABSENT)
        listed = list_absent(pass, &account, primary);
    asp_account_free(&account);
    return listed && (list == NULL || name_list_add(list, user)) ? ASP_OK : ASP_NO_MEMORY;
}

/* `found` begins as {0}. */
static void look_up(const struct pass *pass, const char *user, struct asp_look *found)
{
    found->tries = 1;
    asp_look_begin(&pass->admin->store, user, found);
    primary_source_find(&pass->source, user, found->follows, &found->now);
}

/* Shadow, and whom the account follows, are others by now. */
static bool look_again(const struct pass *pass, const char *user, struct asp_look *found,
                       struct asp_error *error)
{
    asp_look_begin(&pass->admin->store, user, found);
    return asp_look_again(user, found, error);
}

/* What was revoked, which is freed. */
static void tell_revoked(struct pass *pass, const char *user, struct asp_reconciled *done)
{
    pass->result->revoked += done->count;
    for (size_t i = 0; i < done->count; i++)
        admin_log_change(pass->admin, user, "revoked", &done->revoked[i], ASP_REASON_PRIMARY);
    asp_reconciled_free(done);
}

static void settle(struct pass *pass, const char *user, bool changed)
{
    struct admin *admin = pass->admin;
    struct compare_result *result = pass->result;
    struct asp_revocation how = asp_revocation_of(admin->conf, admin->now, admin->by);
    struct asp_error error = {0};
    struct asp_reconciled done = {.count = 0};
    struct asp_look found = {.tries = 0};
    enum asp_status status;
    bool again;

    look_up(pass, user, &found);
    /* Overtaken: the pass goes on with the next user, or whoever runs passwd in a loop would hold
     * up all others. */
    do {
        asp_reconciled_free(&done);
        status = asp_reconcile(&admin->store, user, &found.now, &how, false, &done, &error);
        again = status == ASP_OK && done.primary == ASP_PRIMARY_UNKNOWN &&
                found.now.says != ASP_SAYS_NOTHING && look_again(pass, user, &found, &error);
    } while (again);
    if (error.status != ASP_OK && status != ASP_NOT_FOUND)
        count_failure(pass, user, &error);
    else if (status == ASP_OK && done.primary == ASP_PRIMARY_UNKNOWN)
        result->unknown++;
    else if (status == ASP_OK && changed)
        result->changed++;
    tell_revoked(pass, user, &done);
    asp_look_end(&found);
}

static enum asp_status settle_all(struct pass *pass, const struct name_list *names, bool changed)
{
    enum asp_status status = ASP_OK;

    for (size_t i = 0; status == ASP_OK && i < names->count; i++) {
        status = go_on(pass);
        if (status == ASP_OK)
            settle(pass, names->list[i], changed);
    }
    return status;
}

/* What is noted of a user without a line, and told where that makes a difference to her. */
static void note(struct pass *pass, const char *user, enum asp_sight sight)
{
    struct admin *admin = pass->admin;
    struct asp_error error = {0};
    struct asp_noted noted = {0};
    struct asp_look found = {.tries = 0};
    enum asp_status status;

    look_up(pass, user, &found);
    do {
        status = asp_reconcile_note(&admin->store, user, &found.now, sight, &noted, &error);
    } while (status == ASP_OK && noted.overtaken && look_again(pass, user, &found, &error));
    asp_look_end(&found);
    if (error.status != ASP_OK && status != ASP_NOT_FOUND)
        count_failure(pass, user, &error);
    if (noted.is_absent == noted.was_absent)
        return;
    pass->result->gone += noted.is_absent;
    admin_log_change(admin, user, noted.is_absent ? "absent" : "found", NULL, NULL);
}

static enum asp_status note_all(struct pass *pass, const struct name_list *names,
                                enum asp_sight sight)
{
    for (size_t i = 0; i < names->count; i++) {
        if (signals_stop_is_pending())
            return ASP_INTERRUPTED;
        note(pass, names->list[i], sight);
    }
    return ASP_OK;
}

static bool is_too_many(const struct pass *pass, const struct name_list *names)
{
    return names->count > HELD_ABOVE &&
           names->count * 100 > pass->result->accounts * HELD_ABOVE_PERCENT;
}

static bool is_held(const struct pass *pass, const struct name_list *names)
{
    return !pass->confirmed && is_too_many(pass, names);
}

static enum asp_status settle_changed(struct pass *pass)
{
    if (!asp_source_traits(pass->source.kind).is_program || !is_held(pass, &pass->changed))
        return settle_all(pass, &pass->changed, true);
    pass->result->changed = pass->result->held = pass->changed.count;
    return ASP_OK;
}

static enum asp_status note_gone(struct pass *pass)
{
    if (!is_held(pass, &pass->gone))
        return note_all(pass, &pass->gone, ASP_SIGHT_GONE);
    pass->result->gone_held += pass->gone.count;
    return ASP_OK;
}

/* An account, and what the source says of its user; the caller frees the account. */
static bool load(const struct pass *pass, const char *user, struct asp_account *account,
                 struct asp_primary_now *now)
{
    if (asp_store_load(&pass->admin->store, user, "", account, NULL) != ASP_OK)
        return false;
    primary_source_find(&pass->source, user, account->follows, now);
    return true;
}

/* True when it says something new of the user that the name service does not know her. */
static bool would_be_missed(const struct pass *pass, const char *user)
{
    struct asp_primary_now now;
    struct asp_account account;
    bool missed;

    if (!load(pass, user, &account, &now))
        return false;
    missed = asp_primary_note(&account.primary, &now, ASP_SIGHT_MISSED);
    asp_account_free(&account);
    return missed;
}

/* True when the primary password that the account hangs on is the one that it was: a change, or a
 * lock, is settled first. */
static bool is_as_before(const struct pass *pass, const char *user)
{
    struct asp_primary_now now;
    struct asp_account account;
    bool same;

    if (!load(pass, user, &account, &now))
        return false;
    same = asp_primary_compare(&account.primary, &now, pass->clock) == ASP_PRIMARY_SAME;
    asp_account_free(&account);
    return same;
}

/*
 * The account is another spelling of a user who has a line, or of nobody else: it is its own
 * user's, of whom `now` is said. Who is called otherwise since is still the same person, unless the
 * one whom the account followed is known as well: whatever was made there was hers. What cannot be
 * written now is written at the next pass.
 */
static void follow(struct pass *pass, const struct name_question *question, const char *follows,
                   struct asp_primary_now *now)
{
    struct admin *admin = pass->admin;
    const struct asp_revocation how = asp_revocation_of(admin->conf, admin->now, admin->by);
    const bool is_another = question->followed_is_known;
    struct asp_error error = {0};
    struct asp_reconciled done = {.count = 0};
    enum asp_status status;

    if (!is_another && question->follows[0] != '\0' && !is_as_before(pass, question->user))
        return;
    now->follows = question->follows; /* else it was overtaken */
    status = asp_reconcile_follow(&admin->store, question->user, follows, now,
                                  is_another ? &how : NULL, &done, &error);
    if (status < ASP_OK && status != ASP_NOT_FOUND)
        count_failure(pass, question->user, &error);
    tell_revoked(pass, question->user, &done);
}

/* Of one whom the name service knows. */
static void note_known(struct pass *pass, const struct name_question *question)
{
    const bool is_own = strcmp(question->name, question->user) == 0;
    const char *follows = is_own ? "" : question->name;
    struct asp_primary_now now;

    primary_source_find(&pass->source, question->name, NULL, &now);
    if (strcmp(question->follows, follows) != 0 && (is_own || now.says == ASP_SAYS_HASH))
        follow(pass, question, follows, &now);
    if (!pass->is_virtual)
        note(pass, question->user, ASP_SIGHT_KNOWN);
}

/* Lists who is not known as `missed`. */
static enum asp_status take_answers(struct pass *pass, struct name_list *missed)
{
    for (size_t i = 0; i < pass->answers->answered; i++) {
        const struct name_question *question = &pass->answers->list[i];

        if (signals_stop_is_pending())
            return ASP_INTERRUPTED;
        if (question->name != NULL)
            note_known(pass, question);
        else if (!pass->is_virtual && would_be_missed(pass, question->user) &&
                 !name_list_add(missed, question->user))
            return ASP_NO_MEMORY;
    }
    return ASP_OK;
}

/* What a name service says of who is missing, and then fails, is not believed either. */
static enum asp_status note_answers(struct pass *pass, struct asp_error *error)
{
    struct name_list missed = {0};
    enum asp_status status;

    (void)error;
    take_clock(pass);
    status = take_answers(pass, &missed);

    if (status == ASP_OK && pass->answers->answered < pass->answers->count)
        name_list_clear(&missed);
    if (status == ASP_OK && is_held(pass, &missed))
        pass->result->gone_held += missed.count;
    else if (status == ASP_OK)
        status =
            note_all(pass, &missed, is_too_many(pass, &missed) ? ASP_SIGHT_GONE : ASP_SIGHT_MISSED);
    name_list_clear(&missed);
    return status;
}

static enum asp_status settle_pass(struct pass *pass)
{
    enum asp_status status = settle_changed(pass);

    if (status == ASP_OK)
        status = settle_all(pass, &pass->due, false);
    if (status == ASP_OK)
        status = note_gone(pass);
    return status;
}

static enum asp_status look_at_all(struct pass *pass, struct asp_error *error)
{
    const struct asp_store *store = &pass->admin->store;
    enum asp_status status = asp_source_traits(pass->source.kind).is_compared
                                 ? asp_store_each_account(store, look, pass, error)
                                 : asp_store_each(store, count_account, pass, error);

    /* What was loaded has told the store's clock. */
    if (status == ASP_OK)
        take_clock(pass);
    return status == ASP_OK ? settle_pass(pass) : status;
}

/* Reads the source, and does `work` by it. */
static enum asp_status make_pass(struct pass *pass,
                                 enum asp_status (*work)(struct pass *pass,
                                                         struct asp_error *error),
                                 struct asp_error *error)
{
    enum asp_status status = primary_source_read(pass->admin->conf, &pass->source, error);

    pass->error = error;
    pass->clock = time(NULL);
    if (status == ASP_OK)
        status = work(pass, error);
    if (status == ASP_NO_MEMORY)
        (void)asp_fail(error, status, "out of memory");
    name_list_clear(&pass->changed);
    name_list_clear(&pass->due);
    name_list_clear(&pass->gone);
    primary_source_close(&pass->source);
    return status;
}

enum asp_status compare_all(struct admin *admin, bool confirmed, enum whom whom,
                            struct primary_lease *lease, struct name_questions *questions,
                            struct compare_result *result, struct asp_error *error)
{
    /* A command tells of nobody that she has no line. */
    const bool asks = asp_source_traits(admin->conf->primary_source).at_login;
    struct pass pass = {
        .admin = admin,
        .lease = lease,
        .questions = questions,
        .result = result,
        .confirmed = confirmed,
        .asks = asks && whom != ASK_OF_NOBODY,
        .asks_unlisted =
            asks && (whom == ASK_OF_ALL || (whom == ASK_OF_SOME && !admin->conf->virtual_users)),
    };

    memset(result, 0, sizeof *result);
    return make_pass(&pass, look_at_all, error);
}

enum asp_status compare_answers(struct admin *admin, bool confirmed,
                                const struct name_questions *questions,
                                struct compare_result *result, struct asp_error *error)
{
    struct pass pass = {
        .admin = admin,
        .answers = questions,
        .result = result,
        .confirmed = confirmed,
        .is_virtual = admin->conf->virtual_users,
    };

    return make_pass(&pass, note_answers, error);
}
