/* How many logins of each kind there were, and when. */
#include "tally.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

/* By all that rows are counted by. */
static int compare(const void *a, const void *b)
{
    const struct tally_row *x = a;
    const struct tally_row *y = b;
    int order = strcmp(x->user, y->user);

    if (order == 0)
        order = strcmp(x->id, y->id);
    if (order == 0)
        order = strcmp(x->label, y->label);
    if (order == 0)
        order = strcmp(x->service, y->service);
    if (order == 0)
        order = strcmp(x->host, y->host);
    return order != 0 ? order : (int)x->verdict - (int)y->verdict;
}

static int compare_rows(const void *a, const void *b)
{
    return compare(*(struct tally_row *const *)a, *(struct tally_row *const *)b);
}

static int compare_counts(unsigned long long a, unsigned long long b)
{
    return a > b ? -1 : a < b;
}

/* Who was let in most often first, then who has tried most often. */
static int compare_primary(const void *a, const void *b)
{
    const struct tally_row *x = *(struct tally_row *const *)a;
    const struct tally_row *y = *(struct tally_row *const *)b;
    int order = compare_counts(x->let_in, y->let_in);

    if (order == 0)
        order = compare_counts(x->count, y->count);
    return order != 0 ? order : compare(x, y);
}

static bool is_wanted(enum tally_view view, const struct decision *decision)
{
    switch (view) {
    case TALLY_ALL:
        return true;
    case TALLY_PRIMARY:
        return decision->let_in || decision->verdict == ASP_NOT_AN_APP_PASSWORD ||
               decision->verdict == ASP_NO_ACCOUNT;
    case TALLY_REFUSED:
        return !decision->let_in && decision->id[0] != '\0' && decision->verdict != ASP_ACCEPTED;
    }
    return false;
}

/* Of the primary, one that was unavailable is counted where it is known to have been it. */
static bool is_counted(enum tally_view view, const struct decision *decision)
{
    return !decision->let_in || (view == TALLY_PRIMARY && decision->verdict == ASP_UNAVAILABLE);
}

/* The row that is looked for, or begun, with texts that are the decision's. */
static struct tally_row key_of(enum tally_view view, const struct decision *decision, time_t when)
{
    const bool by_entry = view == TALLY_REFUSED;

    return (struct tally_row){
        .user = decision->user,
        .service = decision->service,
        .host = decision->host,
        .id = by_entry ? decision->id : "",
        .label = by_entry ? decision->label : "",
        .verdict = view == TALLY_PRIMARY ? ASP_NOT_AN_APP_PASSWORD : decision->verdict,
        .no_account = decision->verdict == ASP_NO_ACCOUNT,
        .first = when,
        .last = when,
    };
}

static const char *put(char **at, const char *text)
{
    const char *copy = *at;
    const size_t size = strlen(text) + 1;

    memcpy(*at, text, size);
    *at += size;
    return copy;
}

/* With texts of its own. NULL without memory. */
static struct tally_row *make_row(const struct tally_row *key)
{
    const size_t size = strlen(key->user) + strlen(key->service) + strlen(key->host) +
                        strlen(key->id) + strlen(key->label) + 5;
    struct tally_row *row = calloc(1, sizeof *row + size);
    char *at;

    if (row == NULL)
        return NULL;
    at = row->texts;
    row->user = put(&at, key->user);
    row->service = put(&at, key->service);
    row->host = put(&at, key->host);
    row->id = put(&at, key->id);
    row->label = put(&at, key->label);
    row->verdict = key->verdict;
    row->no_account = key->no_account;
    row->first = key->first;
    row->last = key->last;
    return row;
}

static bool make_room(struct tally *tally)
{
    const size_t room = tally->room == 0 ? 64 : 2 * tally->room;
    void *grown;

    if (tally->count < tally->room)
        return true;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): it holds pointers */
    grown = reallocarray(tally->rows, room, sizeof *tally->rows);
    if (grown == NULL)
        return false;
    tally->rows = grown;
    tally->room = room;
    return true;
}

/* NULL without memory. */
static struct tally_row *add_row(struct tally *tally, const struct tally_row *key)
{
    struct tally_row *row = make_room(tally) ? make_row(key) : NULL;

    if (row != NULL && tsearch(row, &tally->tree, compare) == NULL) {
        free(row);
        row = NULL;
    }
    if (row == NULL)
        return NULL;
    tally->rows[tally->count++] = row;
    return row;
}

/*
 * The next row of who was not let in: those of no account first, for names are the cheapest that
 * strangers can make up. NULL: there is none left. It never looks back: in a full table no row
 * becomes one that may go.
 */
static struct tally_row **find_spare(struct tally *tally)
{
    for (; tally->tried < 2 * tally->count; tally->tried++) {
        struct tally_row **at = &tally->rows[tally->tried % tally->count];
        const bool may_go =
            tally->tried < tally->count ? (*at)->no_account : (*at)->verdict != ASP_ACCEPTED;

        if (may_go && (*at)->let_in == 0)
            return at;
    }
    return NULL;
}

/* A row in the place of that one, the logins of which are in none from now on. NULL without
 * memory. */
static struct tally_row *replace_row(struct tally *tally, struct tally_row **at,
                                     const struct tally_row *key)
{
    struct tally_row *row = make_row(key);

    if (row != NULL && tsearch(row, &tally->tree, compare) == NULL) {
        free(row);
        row = NULL;
    }
    if (row == NULL)
        return NULL;
    tally->left_out += (*at)->count;
    (void)tdelete(*at, &tally->tree, compare);
    free(*at);
    *at = row;
    return row;
}

/* A row in a full table, if the decision may have one: `*row` is NULL else. What of her was counted
 * as left out before it was known that she was let in is in it. False: no memory. */
static bool squeeze_in(struct tally *tally, const struct decision *decision,
                       const struct tally_row *key, unsigned times, struct tally_row **row)
{
    const bool counted = is_counted(tally->view, decision);
    struct tally_row **spare = decision->let_in ? find_spare(tally) : NULL;

    *row = NULL;
    if (spare == NULL) {
        tally->left_out += counted ? times : 0;
        return true;
    }
    *row = replace_row(tally, spare, key);
    if (*row != NULL && !counted) {
        const unsigned long long known = times < tally->left_out ? times : tally->left_out;

        tally->left_out -= known;
        (*row)->count = known;
    }
    return *row != NULL;
}

static void count_in(struct tally_row *row, enum tally_view view, const struct decision *decision,
                     time_t when, unsigned times)
{
    row->first = when < row->first ? when : row->first;
    row->last = when > row->last ? when : row->last;
    row->no_account = row->no_account && decision->verdict == ASP_NO_ACCOUNT;
    row->count += is_counted(view, decision) ? times : 0;
    row->let_in += decision->let_in ? times : 0;
}

bool tally_add(struct tally *tally, const struct decision *decision, time_t when, unsigned times)
{
    const struct tally_row key = key_of(tally->view, decision, when);
    struct tally_row *row = NULL;
    void *found;

    if (!is_wanted(tally->view, decision))
        return true;
    found = tfind(&key, &tally->tree, compare);
    if (found != NULL)
        row = *(struct tally_row **)found;
    else if (tally->count < TALLY_ROWS)
        row = add_row(tally, &key);
    else if (!squeeze_in(tally, decision, &key, times, &row))
        return false;
    else if (row == NULL)
        return true;
    if (row == NULL)
        return false;
    count_in(row, tally->view, decision, when, times);
    return true;
}

void tally_sort(struct tally *tally)
{
    if (tally->count > 0)
        /* NOLINTNEXTLINE(bugprone-sizeof-expression): it holds pointers */
        qsort(tally->rows, tally->count, sizeof *tally->rows,
              tally->view == TALLY_PRIMARY ? compare_primary : compare_rows);
}

void tally_free(struct tally *tally)
{
    tdestroy(tally->tree, free);
    free(tally->rows);
    memset(tally, 0, sizeof *tally);
}
