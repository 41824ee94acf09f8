/* doctor: the services of PAM that ask the module: what is proven of each. */
#include "pam.h"

#include "package.h"
#include "pam_fix.h"
#include "pam_lines.h"
#include "pam_module.h"
#include "pam_proof.h"

#include "asp-admin/app.h"
#include "asp/buffer.h"
#include "asp/scope.h"

#include <stdio.h>
#include <string.h>

#define OTHER "other"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool is_ours(const struct pam_entry *entry)
{
    return !entry->is_start && pam_line_has(entry->line, MODULE_FILE);
}

/* Says it once of each line. */
static bool is_new(struct pam_line *line, unsigned what)
{
    bool new = (line->told & what) == 0;

    line->told |= what;
    return new;
}

/* Files that stand for many services, su and sudo among them. */
static bool is_shared(const struct pam_file *file)
{
    static const char *const names[] = {
        "system-auth",        "system-auth-ac",      "password-auth",
        "password-auth-ac",   "system-login",        "base-auth",
        "system-local-login", "system-remote-login", "system-services"};

    for (size_t i = 0; i < COUNT(names); i++) {
        if (strcmp(file->name, names[i]) == 0)
            return true;
    }
    return strncmp(file->name, "common-", 7) == 0;
}

/* Guarded, and of no app: where people become somebody. */
static bool is_closed(const struct examination *exam, const char *service)
{
    const struct asp_conf *conf = exam->admin->conf;

    return conf != NULL && asp_scope_is_guarded(conf, service) &&
           asp_scope_listed(conf, service) == NULL;
}

/* A file that others bring in is a service as well when the configuration knows it by its name. */
static bool is_service(const struct examination *exam, const struct pam_file *file)
{
    const struct asp_conf *conf = exam->admin->conf;

    if (file->name[0] == '/')
        return false;
    return !file->included || (conf != NULL && (asp_scope_is_guarded(conf, file->name) ||
                                                asp_scope_listed(conf, file->name) != NULL));
}

static void tell_guarded(struct examination *exam, const struct pam_file *service,
                         const struct pam_entry *entry)
{
    if (!is_new(entry->line, TOLD_GUARDED))
        return;
    if (is_shared(entry->file)) {
        finding_fault(&exam->findings, CHECK_PAM,
                      "%s:%zu asks pam_asp for every service that brings this file in, sudo and su "
                      "among them",
                      entry->file->path, entry->line->number);
        finding_fix(&exam->findings, "take that line out, and give each service that is meant a "
                                     "stack of its own; see Stacks in pam_asp(8)");
    } else {
        finding_fault(&exam->findings, CHECK_PAM, "%s:%zu asks pam_asp for the guarded service %s",
                      entry->file->path, entry->line->number, service->name);
        finding_fix(&exam->findings,
                    "take that line out; if it is meant, put %s into an app in "
                    "asp.conf, whose app passwords then open it",
                    service->name);
    }
}

/* What is to bar everybody stands above the line that ends the account lines. */
static void check_bars(struct examination *exam, const struct pam_file *file,
                       const struct pam_stack *account)
{
    static const char *const bars[] = {"pam_nologin.so", "pam_access.so", "pam_time.so",
                                       "pam_listfile.so", "pam_shells.so"};
    const struct pam_entry *ours = NULL;

    for (size_t i = 0; i < account->count; i++) {
        const struct pam_entry *entry = &account->entries[i];
        bool is_bar = false;

        if (is_ours(entry) && entry->line->actions[REPLY_SUCCESS] == ACTION_DONE)
            ours = entry;
        for (size_t k = 0; k < COUNT(bars); k++)
            is_bar = is_bar || pam_line_has(entry->line, bars[k]);
        if (ours == NULL || !is_bar)
            continue;
        finding_note(&exam->findings, CHECK_PAM,
                     "%s: the account line of pam_asp (%s:%zu) stands above %s, which bars no app "
                     "password there",
                     file->path, ours->file->path, ours->line->number, entry->line->word);
        return;
    }
}

/* Adds "file:line (module) refuses it", and upon which answer where others would do. */
static void add_refusal(struct asp_buffer *out, const struct pam_opening *opening)
{
    const struct pam_entry *where = opening->where;

    if (where == NULL) {
        asp_buffer_add(out, "its lines come to no success");
        return;
    }
    asp_buffer_add(out, where->file->path);
    asp_buffer_add(out, ":");
    asp_buffer_add_number(out, where->line->number);
    if (where->line->kind == LINE_MODULE) {
        asp_buffer_add(out, " (");
        asp_buffer_add(out, where->line->word);
        asp_buffer_add(out, where->line->missing ? ", which is not there)" : ")");
    }
    if (where->line->kind != LINE_MODULE)
        asp_buffer_add(out, " brings in a file that is not there");
    else if (where->line->actions[opening->reply] > ACTION_IGNORE)
        asp_buffer_add(out, " jumps past the last line");
    else if (is_ours(where) && pam_line_has_argument(where->line, "use_first_pass"))
        asp_buffer_add(out, " has use_first_pass, and no line above asks for a password");
    else
        asp_buffer_add(out, " refuses it");
    if (opening->can) {
        asp_buffer_add(out, " when it answers ");
        asp_buffer_add(out, pam_reply_name(opening->reply));
    }
}

/* Adds "no app password opens NAME: " and why. */
static void add_opening(struct asp_buffer *out, const struct pam_file *file,
                        const struct pam_opening *opening)
{
    asp_buffer_add(out,
                   opening->can ? "no app password is certain to open " : "no app password opens ");
    asp_buffer_add(out, file->name);
    asp_buffer_add(out, ": ");
    add_refusal(out, opening);
}

/* A file that stands for one service. */
static bool is_own(const struct pam_file *file)
{
    return strcmp(file->name, OTHER) != 0 && !is_shared(file);
}

/* What to do where no change of one place is proven to be well. */
static void add_whole_stack(struct asp_buffer *out, const struct pam_file *file,
                            enum facility facility)
{
    if (!is_own(file)) {
        asp_buffer_add(out, "take pam_asp out of that file, and give each service that is meant "
                            "one of its own in /etc/pam.d, with the lines of asp-only or "
                            "asp-either");
    } else {
        asp_buffer_add(out, "in /etc/pam.d/");
        asp_buffer_add(out, file->name);
        asp_buffer_add(out, facility == FACILITY_AUTH
                                ? " write the auth lines of asp-only, `auth required pam_asp.so`, "
                                  "in place of them all, or those of asp-either where the primary "
                                  "password is to open it too"
                                : " write the account lines of asp-only in place of them all");
        asp_buffer_add(out, ", and above them what is to bar app passwords as well");
    }
    asp_buffer_add(out, "; see Stacks in pam_asp(8)");
}

static void tell(struct examination *exam, const struct pam_file *file, enum facility facility,
                 const struct asp_buffer *message, struct asp_buffer *fix)
{
    if (fix->length == 0)
        add_whole_stack(fix, file, facility);
    exam->findings.failed = exam->findings.failed || message->failed || fix->failed;
    if (exam->findings.failed)
        return;
    finding_fault(&exam->findings, CHECK_PAM, "%s", message->text);
    finding_fix(&exam->findings, "%s", fix->text);
}

static void add_place(struct asp_buffer *out, const struct pam_entry *entry)
{
    asp_buffer_add(out, entry->file->path);
    asp_buffer_add(out, ":");
    asp_buffer_add_number(out, entry->line->number);
    asp_buffer_add(out, ": ");
}

/* The worst first. False: nothing is wrong. */
static bool describe_auth(const struct pam_file *file, const struct pam_auth_proof *proof,
                          struct asp_buffer *out)
{
    const char *between = "";

    if (proof->goes_on != NULL) {
        add_place(out, proof->goes_on);
        asp_buffer_add(out, "what pam_asp refuses there, a revoked app password too, goes on to "
                            "the lines below");
        asp_buffer_add(out, proof->goes_on->file == file ? "" : " in ");
        asp_buffer_add(out, proof->goes_on->file == file ? "" : file->path);
    } else if (proof->open != NULL) {
        add_place(out, proof->open);
        asp_buffer_add(out, "what is no app password gets in there, and no line asks for another");
    } else if (!proof->opening.sure || proof->counted != NULL) {
        add_place(out, proof->ours);
    } else {
        return false;
    }
    between = proof->goes_on != NULL || proof->open != NULL ? "; and " : "";
    if (!proof->opening.sure) {
        asp_buffer_add(out, between);
        add_opening(out, file, &proof->opening);
        between = "; and ";
    }
    if (proof->counted != NULL) {
        asp_buffer_add(out, between);
        asp_buffer_add(out, "an app password is counted as a failed login by ");
        asp_buffer_add(out, proof->counted->file->path);
        asp_buffer_add(out, ":");
        asp_buffer_add_number(out, proof->counted->line->number);
        asp_buffer_add(out, ", which shuts the account");
    }
    return true;
}

/* Nothing is wrong, but app passwords are counted at times. */
static void tell_of_count(struct examination *exam, const struct pam_file *file,
                          const struct pam_stack *auth, const struct pam_auth_proof *proof)
{
    const struct pam_barred_count barred = pam_prove_barred_count(auth);

    exam->findings.failed = exam->findings.failed || barred.failed;
    if (proof->counted_unavailable != NULL)
        finding_note(&exam->findings, CHECK_PAM,
                     "%s: while the store cannot be read, each app password is counted as a "
                     "failed login by %s:%zu; without authinfo_unavail=ignore it is not",
                     file->path, proof->counted_unavailable->file->path,
                     proof->counted_unavailable->line->number);
    if (barred.rule != NULL)
        finding_note(&exam->findings, CHECK_PAM,
                     "%s: who is refused by %s:%zu (%s) and has a right app password is counted as "
                     "a failed login by %s:%zu all the same, which shuts the account; with "
                     "requisite in place of required there, the login ends before that",
                     file->path, barred.rule->file->path, barred.rule->line->number,
                     barred.rule->line->word, barred.counter->file->path,
                     barred.counter->line->number);
}

static void check_auth(struct examination *exam, const struct pam_file *file,
                       const struct pam_stack *auth, const struct pam_auth_proof *proof)
{
    struct asp_buffer message = {0};
    struct asp_buffer fix = {0};

    if (describe_auth(file, proof, &message)) {
        if (is_own(file) && !pam_fix_auth(&exam->pam, file, proof, &fix))
            exam->findings.failed = true;
        if (fix.length > 0 && proof->primary != 0)
            asp_buffer_add(&fix, "; where app passwords alone are to open it, `auth required "
                                 "pam_asp.so` in place of all lines that ask for a password");
        tell(exam, file, FACILITY_AUTH, &message, &fix);
    } else {
        tell_of_count(exam, file, auth, proof);
    }
    asp_buffer_free(&message);
    asp_buffer_free(&fix);
}

/* False: nothing is wrong. */
static bool describe_account(const struct pam_file *file, const struct pam_auth_proof *auth,
                             const struct pam_account_proof *proof, struct asp_buffer *out)
{
    bool primary = (auth->primary & (PRIMARY_OF_ENROLLED | PRIMARY_OF_OTHERS)) != 0;

    if (proof->opening.sure && (proof->primary || !primary))
        return false;
    asp_buffer_add(out, file->path);
    asp_buffer_add(out, ": ");
    if (proof->ages) {
        asp_buffer_add(out, "no account line lets an app password in when the primary password is "
                            "too old");
    } else if (!proof->opening.sure) {
        asp_buffer_add(out, "of the account lines ");
        add_opening(out, file, &proof->opening);
    } else {
        asp_buffer_add(out, "the primary password gets past the auth lines, and no account line "
                            "lets it in");
    }
    return true;
}

static void check_account(struct examination *exam, const struct pam_file *file,
                          const struct pam_stack *account, const struct pam_auth_proof *auth)
{
    struct pam_account_proof proof = pam_prove_account(account, NULL);
    struct asp_buffer message = {0};
    struct asp_buffer fix = {0};

    exam->findings.failed = exam->findings.failed || proof.failed;
    if (describe_account(file, auth, &proof, &message)) {
        if (is_own(file) && !pam_fix_account(&exam->pam, file, auth, &proof, &fix))
            exam->findings.failed = true;
        tell(exam, file, FACILITY_ACCOUNT, &message, &fix);
    }
    check_bars(exam, file, account);
    asp_buffer_free(&message);
    asp_buffer_free(&fix);
}

/* True when one of its files is told of by itself, and nothing in it is as it looks. */
static bool is_misread(struct pam_folder *folder, const struct pam_stack *stack)
{
    for (size_t i = 0; i < stack->count; i++) {
        if (pam_lines_are_misread(folder, stack->entries[i].file))
            return true;
    }
    return false;
}

/* True when lines of it ask for app passwords where that is well. */
static bool asks_ours(struct examination *exam, const struct pam_file *file,
                      const struct pam_stack *auth)
{
    bool asks = false;
    bool closed = is_closed(exam, file->name);

    for (size_t i = 0; i < auth->count; i++) {
        const struct pam_entry *entry = &auth->entries[i];

        if (!is_ours(entry))
            continue;
        if (closed || is_shared(entry->file))
            tell_guarded(exam, file, entry);
        else
            asks = true;
    }
    return asks;
}

/* Its account lines name ours and its auth lines do not: is that meant, or is it a slip? */
static void check_without_auth(struct examination *exam, const struct pam_file *file,
                               const struct pam_stack *auth, const struct pam_stack *account)
{
    const struct pam_entry *ours = NULL;

    for (size_t i = 0; i < account->count && ours == NULL; i++) {
        if (is_ours(&account->entries[i]) && account->entries[i].file == file)
            ours = &account->entries[i];
    }
    for (size_t i = 0; i < auth->count; i++) {
        const struct pam_entry *entry = &auth->entries[i];

        if (is_ours(entry))
            return;
        if (ours == NULL || entry->is_start || !entry->line->missing)
            continue;
        finding_fault(&exam->findings, CHECK_PAM, "%s:%zu asks a module that is not there, %s",
                      entry->file->path, entry->line->number, entry->line->word);
        finding_fix(&exam->findings, "write its name right: " MODULE_FILE ", as line %zu has it",
                    ours->line->number);
        return;
    }
    if (ours != NULL)
        finding_note(&exam->findings, CHECK_PAM,
                     "%s:%zu names pam_asp, and no auth line of %s asks for app passwords",
                     file->path, ours->line->number, file->name);
}

/* The names that servers give which our recipes leave an app of their own. */
static bool is_servers_own(const char *service)
{
    static const char *const names[] = {"cups",      "ejabberd", "nntp",  "openvpn", "proftpd",
                                        "pure-ftpd", "radiusd",  "squid", "vsftpd",  "webdav"};

    for (size_t i = 0; i < COUNT(names); i++) {
        if (strcmp(service, names[i]) == 0)
            return true;
    }
    return false;
}

static void tell_of_name(struct examination *exam, const struct pam_file *file,
                         const struct pam_file *ours)
{
    if (ours != file && strcmp(ours->name, OTHER) == 0)
        return;
    if (strcmp(file->name, OTHER) == 0)
        finding_note(&exam->findings, CHECK_PAM,
                     "%s asks pam_asp for every service that has no file of its own", file->path);
    else if (exam->admin->conf != NULL && !is_servers_own(file->name) &&
             asp_scope_listed(exam->admin->conf, file->name) == NULL)
        finding_note(&exam->findings, CHECK_PAM,
                     "%s: no app of asp.conf names the service %s, which is an app of its own "
                     "then. If no server's service is called so, nobody asks that file: take it "
                     "away. If one is, this goes once an app has it: add \"%s\" to the services of "
                     "one in asp.conf, or under `apps` the line `{ name = \"%s\"; services = [ "
                     "\"%s\" ]; }`",
                     file->path, file->name, file->name, file->name, file->name);
}

static void prove(struct examination *exam, const struct pam_file *file,
                  const struct pam_stack *auth, const struct pam_stack *account)
{
    struct pam_auth_proof proof = pam_prove_auth(auth, NULL);

    exam->findings.failed = exam->findings.failed || proof.failed;
    check_auth(exam, file, auth, &proof);
    check_account(exam, file, account, &proof);
    tell_of_name(exam, file, proof.ours->file);
}

/* True when the service asks for app passwords, by a line of its own or of what it brings in. */
static bool check_service(struct examination *exam, const struct pam_file *file)
{
    struct pam_stack auth = {0};
    struct pam_stack account = {0};
    bool asks = false;

    pam_folder_stack(&exam->pam, file, FACILITY_AUTH, &auth);
    pam_folder_stack(&exam->pam, file, FACILITY_ACCOUNT, &account);
    if (!is_misread(&exam->pam, &auth) && !is_misread(&exam->pam, &account)) {
        asks = asks_ours(exam, file, &auth);
        if (asks)
            prove(exam, file, &auth, &account);
        else
            check_without_auth(exam, file, &auth, &account);
    }
    pam_stack_free(&auth);
    pam_stack_free(&account);
    return asks;
}

/* No service asks: is there a module that one could ask? A machine that only makes app passwords
 * needs none. */
static void tell_of_none(struct examination *exam)
{
    struct asp_buffer how = {0};

    if (pam_folder_misses(MODULE_FILE)) {
        package_add(&how, "libpam-asp", "pam_asp");
        exam->findings.failed = exam->findings.failed || how.failed;
        finding_note(&exam->findings, CHECK_PAM,
                     "no service in /etc/pam.d asks pam_asp, and " MODULE_FILE
                     " is not where PAM looks for modules, " PAMDIR ": %s",
                     how.failed ? "" : how.text);
        asp_buffer_free(&how);
    } else {
        finding_note(&exam->findings, CHECK_PAM,
                     "no service in /etc/pam.d asks pam_asp: see Stacks in pam_asp(8)");
    }
}

void examine_pam(struct examination *exam)
{
    struct findings *findings = &exam->findings;
    size_t faults = findings->faults;
    struct name_list services = {0};
    struct asp_buffer list = {0};

    examine_pam_lines(exam);
    for (size_t i = 0; i < exam->pam.count; i++) {
        const struct pam_file *file = exam->pam.files[i];

        if (is_service(exam, file) && !app_is_own_service(file->name) &&
            check_service(exam, file) && !name_list_add(&services, file->name))
            findings->failed = true;
    }
    if (services.count > 0 && findings->faults == faults)
        finding_ok(findings, CHECK_PAM, "app passwords are asked for by %s",
                   exam_names(exam, &list, &services));
    else if (findings_none_of(findings, CHECK_PAM))
        tell_of_none(exam);
    asp_buffer_free(&list);
    name_list_clear(&services);
}
