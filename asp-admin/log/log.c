/* log: the command. Which log is read, and how the answer looks. */
#include "log.h"

#include "journal.h"
#include "log_file.h"

#include "asp-admin/ui/answer.h"
#include "asp-admin/ui/plural.h"
#include "asp-admin/ui/progress.h"
#include "asp/buffer.h"
#include "asp/time_text.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#define JOURNAL "journal"

static const char *verdict_of(const struct tally_row *row)
{
    return asp_verdict_word(row->verdict);
}

static json_t *json_from_let_in(const struct reading *reading, const struct tally_row *row)
{
    return reading_knows_let_in(reading, row) ? json_integer((json_int_t)row->let_in) : json_null();
}

static json_t *json_from_row(const struct reading *reading, const struct tally_row *row)
{
    const json_int_t count = (json_int_t)row->count;

    switch (reading->tally.view) {
    case TALLY_PRIMARY:
        return json_pack("{s:o, s:o, s:o, s:I, s:o, s:o, s:o}", "user", json_from_text(row->user),
                         "service", json_from_text(row->service), "rhost",
                         json_from_text(row->host), "count", count, "let_in",
                         json_from_let_in(reading, row), "first", json_from_time(row->first),
                         "last", json_from_time(row->last));
    case TALLY_REFUSED:
        return json_pack(
            "{s:o, s:s, s:o, s:s, s:o, s:o, s:I, s:o, s:o}", "user", json_from_text(row->user),
            "id", row->id, "label", json_from_text(row->label), "verdict", verdict_of(row),
            "service", json_from_text(row->service), "rhost", json_from_text(row->host), "count",
            count, "first", json_from_time(row->first), "last", json_from_time(row->last));
    case TALLY_ALL:
        break;
    }
    return json_pack("{s:o, s:o, s:o, s:s, s:I, s:o, s:o, s:o}", "user", json_from_text(row->user),
                     "service", json_from_text(row->service), "rhost", json_from_text(row->host),
                     "verdict", verdict_of(row), "count", count, "let_in",
                     json_from_let_in(reading, row), "first", json_from_time(row->first), "last",
                     json_from_time(row->last));
}

/* On a terminal all rows stand in 80 columns, and FIRST has no room there. */
static size_t columns_of_all(const struct admin *admin)
{
    return admin->console->terminal ? 7 : 8;
}

static void add_heading(const struct admin *admin, enum tally_view view, struct table *table)
{
    switch (view) {
    case TALLY_ALL:
        table_add(table, columns_of_all(admin),
                  (const char *[]){"USER", "SERVICE", "FROM", "VERDICT", "COUNT", "LET IN", "LAST",
                                   "FIRST"});
        break;
    case TALLY_PRIMARY:
        table_add(table, 7,
                  (const char *[]){"USER", "SERVICE", "FROM", "COUNT", "LET IN", "FIRST", "LAST"});
        break;
    case TALLY_REFUSED:
        table_add(
            table, 8,
            (const char *[]){"USER", "ID", "LABEL", "VERDICT", "COUNT", "LAST", "SERVICE", "FROM"});
        break;
    }
}

static void add_row(const struct admin *admin, const struct reading *reading,
                    const struct tally_row *row, struct table *table)
{
    const char *user = row->user;
    const char *service = row->service;
    const char *host = row->host;
    struct asp_buffer count = {0};
    struct asp_buffer let_in = {0};
    struct asp_buffer first = {0};
    struct asp_buffer last = {0};

    asp_buffer_add_number(&count, row->count);
    if (reading_knows_let_in(reading, row))
        asp_buffer_add_number(&let_in, row->let_in);
    add_when(admin->console, &first, admin->now, row->first, "");
    add_when(admin->console, &last, admin->now, row->last, "");
    switch (reading->tally.view) {
    case TALLY_ALL:
        table_add(table, columns_of_all(admin),
                  (const char *[]){user, service, host, verdict_of(row), table_cell(&count),
                                   table_cell(&let_in), table_cell(&last), table_cell(&first)});
        break;
    case TALLY_PRIMARY:
        table_add(table, 7,
                  (const char *[]){user, service, host, table_cell(&count), table_cell(&let_in),
                                   table_cell(&first), table_cell(&last)});
        break;
    case TALLY_REFUSED:
        table_add(table, 8,
                  (const char *[]){user, row->id, row->label, verdict_of(row), table_cell(&count),
                                   table_cell(&last), service, host});
        break;
    }
    asp_buffer_free(&count);
    asp_buffer_free(&let_in);
    asp_buffer_free(&first);
    asp_buffer_free(&last);
}

static bool show(const struct admin *admin, const struct reading *reading)
{
    static const char *const none[] = {
        [TALLY_ALL] = "no logins\n",
        [TALLY_PRIMARY] = "nobody has come with another password than an app password\n",
        [TALLY_REFUSED] = "no app password that was right was refused\n",
    };
    const struct tally *tally = &reading->tally;
    const bool json = admin->options->json;
    json_t *document = json ? json_array() : NULL;
    struct table table = {0};

    if (!json)
        add_heading(admin, tally->view, &table);
    table.hangs = tally->view == TALLY_REFUSED ? 8 : 3; /* FROM: an address of IPv6 is one word */
    for (size_t i = 0; i < tally->count; i++) {
        if (json)
            json_add(&document, json_from_row(reading, tally->rows[i]));
        else
            add_row(admin, reading, tally->rows[i], &table);
    }
    return answer_write(admin->console, json, document, &table, none[tally->view]);
}

/* Whether there is something in this folder of a journal. */
static bool has_journal(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry = NULL;

    if (folder == NULL)
        return false;
    do {
        entry = readdir(folder);
    } while (entry != NULL && entry->d_name[0] == '.');
    (void)closedir(folder);
    return entry != NULL;
}

/* Where the system log is, if nobody says. NULL: it is at none of the usual places. */
static const char *find_log(void)
{
    static const char *const files[] = {"/var/log/auth.log", "/var/log/secure"};

    if (has_journal("/var/log/journal"))
        return JOURNAL;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (access(files[i], F_OK) == 0)
            return files[i];
    }
    return has_journal("/run/log/journal") ? JOURNAL : NULL;
}

static bool is_journal(const char *name)
{
    return strcmp(name, JOURNAL) == 0;
}

static const char *called(const char *name)
{
    if (is_journal(name))
        return "the journal";
    return strcmp(name, "-") == 0 ? "standard input" : name;
}

/* What has to be known of how much the answer is of. Where the journal begins is not known if it
 * was asked for a part of it. */
static void tell_reach(const struct admin *admin, const struct reading *reading,
                       const char *const names[], size_t count)
{
    const bool of_journal = count == 1 && is_journal(names[0]);
    const char *what = count == 1 ? called(names[0]) : "these logs";
    char begins[ASP_TIME_SIZE];

    asp_time_format(reading->begins, begins);
    if (reading->begins == ASP_NEVER)
        console_say(admin->console, "there is nothing in %s%s", what,
                    of_journal && reading->since > 0 ? " since then" : "");
    else if (!of_journal && reading->since > 0 && reading->begins > reading->since)
        console_say(admin->console, "%s begins at %s: what was before is not in it", what, begins);
    else if (admin->console->terminal && !admin->options->json)
        console_say(admin->console, "this is of %s, which begins at %s", what, begins);
}

static void tell_not_counted(const struct admin *admin, unsigned long long lines, const char *which)
{
    if (lines > 0)
        console_say(admin->console, "not counted: %llu line%s %s", lines, plural(lines), which);
}

/* What of an answer with too many rows was not asked for yet. */
static const char *narrower(const struct options *options)
{
    if (options->primary || options->refused)
        return options->since != NULL ? "a later --since" : "--since";
    return options->since != NULL ? "a later --since, --primary or --refused"
                                  : "--since, --primary or --refused";
}

static enum exit_code tell_rest(const struct admin *admin, const struct reading *reading)
{
    const struct tally *tally = &reading->tally;

    tell_not_counted(admin, reading->broken, "like those of pam_asp, and not as it writes them");
    tell_not_counted(admin, reading->others, "by programs that are not root's, as anybody's is");
    tell_not_counted(admin, tally->view == TALLY_REFUSED ? 0 : services_lost(&reading->services),
                     "of pam_warn, with no line of pam_asp before them that they belong to");
    if (tally->view == TALLY_PRIMARY && tally->count > 0 && !services_any_tells(&reading->services))
        console_say(
            admin->console,
            "whether a primary password was right is not in this log: with the stacks in " DOCDIR
            "/migration in the place of those in " DOCDIR "/pam.d it is");
    if (tally->left_out == 0)
        return EXIT_DONE;
    return fail_with(admin->console, EXIT_STORE,
                     "%llu logins are in no row: there are more than %d rows; ask with %s",
                     tally->left_out, TALLY_ROWS, narrower(admin->options));
}

/* Reads one log after the other. */
static enum exit_code read_logs(const struct admin *admin, const char *const names[], size_t count,
                                struct reading *reading)
{
    struct asp_error error = {0};
    enum asp_status status = ASP_OK;

    progress_begin("reading the log");
    for (size_t i = 0; i < count && status == ASP_OK; i++)
        status = is_journal(names[i]) ? journal_read(reading, &error)
                                      : log_file_read(reading, names[i], &error);
    progress_end();
    return status == ASP_OK ? EXIT_DONE : fail_unreadable(admin->console, &error);
}

static enum exit_code read_since(const struct admin *admin, time_t *since)
{
    const char *text = admin->options->since;
    const char *fault;

    *since = 0;
    if (text == NULL)
        return EXIT_DONE;
    if (!asp_since_read(text, admin->now, since)) {
        fault = asp_when_fault(text);
        return fail_with(admin->console, EXIT_USAGE, "--since %s: %s", text,
                         fault != NULL ? fault
                                       : "neither a time nor how long ago: 30d, 2031-01-31 or "
                                         "2031-01-31T12:00:00Z");
    }
    if (*since > admin->now)
        return fail_with(admin->console, EXIT_USAGE, "--since %s is in the future", text);
    return EXIT_DONE;
}

static enum exit_code answer(const struct admin *admin, struct reading *reading)
{
    const struct options *options = admin->options;
    const char *found = options->file_count == 0 ? find_log() : NULL;
    const char *const *names = found != NULL ? &found : options->files;
    const size_t count = found != NULL ? 1 : options->file_count;
    enum exit_code code;

    if (count == 0)
        return fail_with(admin->console, EXIT_STORE,
                         "there is no log of the system at any of the usual places: name it with "
                         "--file");
    code = read_logs(admin, names, count, reading);
    if (code != EXIT_DONE)
        return code;
    tally_sort(&reading->tally);
    if (!show(admin, reading))
        return EXIT_STORE;
    tell_reach(admin, reading, names, count);
    return tell_rest(admin, reading);
}

enum exit_code command_log(struct admin *admin)
{
    const struct options *options = admin->options;
    struct reading reading = {.now = admin->now, .begins = ASP_NEVER};
    enum exit_code code;

    if (options->primary && options->refused)
        return fail_with(admin->console, EXIT_USAGE,
                         "--primary and --refused are two questions: ask one");
    code = read_since(admin, &reading.since);
    if (code != EXIT_DONE)
        return code;
    if (geteuid() != 0)
        return fail_with(admin->console, EXIT_STORE, "log is for root: run asp-admin as root");
    if (options->primary)
        reading.tally.view = TALLY_PRIMARY;
    else if (options->refused)
        reading.tally.view = TALLY_REFUSED;
    code = answer(admin, &reading);
    reading_free(&reading);
    return code;
}
