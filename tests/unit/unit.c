/* The runner, the temporary folder, and records and stores ready-made. */
#include "unit.h"

#include "store_database.h"
#include "store_memory.h"

#include "asp/account_file.h"
#include "asp/buffer.h"
#include "asp/time_text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TEST_SECONDS = 300, PATHS = 8, ON_ENGINES_MAX = 32 };

static char base[UNIT_PATH];

/* In memory where that can be had: these tests ask for some thousand fsyncs. Or where
 * ASP_UNIT_FOLDER says: who kills the program clears it away. */
static bool make_base(void)
{
    const char *const places[] = {getenv("ASP_UNIT_FOLDER"), "/dev/shm", "/tmp"};

    for (size_t i = 0; i < UNIT_COUNT(places); i++) {
        if (places[i] == NULL)
            continue;
        (void)snprintf(base, sizeof base, "%.200s/asp-unit-XXXXXX", places[i]);
        if (mkdtemp(base) != NULL)
            return true;
    }
    return false;
}

int unit_run(const char *name, void (*fill)(Suite *suite))
{
    Suite *suite = suite_create(name);
    SRunner *runner;
    int failed;

    if (sodium_init() < 0 || !make_base()) {
        (void)fprintf(stderr, "%s: no libsodium or no temporary folder: %s\n", name,
                      strerror(errno));
        return EXIT_FAILURE;
    }
    (void)chmod(base, 0711); /* some tests look from outside as somebody else */
    fill(suite);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    folder_remove(base);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

void unit_add_case(Suite *suite, const TTest *test, int times)
{
    TCase *tcase;

    if (database_is_there()) /* it has been tried without one */
        return;
    tcase = tcase_create(test->name);
    tcase_set_timeout(tcase, TEST_SECONDS);
    tcase_add_loop_test(tcase, test, 0, times);
    suite_add_tcase(suite, tcase);
}

/* The engine of the test that runs. */
static struct asp_store_kept kept;

static void use_memory(void)
{
    kept.engine = &store_memory;
}

static void use_database(void)
{
    database_begin(&kept);
}

/* One more case for the test, on another engine. */
static void add_on(Suite *suite, const TTest *test, const char *where, SFun use)
{
    static char names[ON_ENGINES_MAX][128]; /* check keeps the pointers */
    static size_t count;
    char *name = names[count++];
    TCase *tcase;

    if (count > ON_ENGINES_MAX)
        abort();
    (void)snprintf(name, sizeof names[0], "%s, %s", test->name, where);
    tcase = tcase_create(name);
    tcase_set_timeout(tcase, TEST_SECONDS);
    tcase_add_checked_fixture(tcase, use, NULL);
    tcase_add_test(tcase, test);
    suite_add_tcase(suite, tcase);
}

void unit_add_on_local_engines(Suite *suite, const TTest *test)
{
    unit_add(suite, test);
    if (!database_is_there())
        add_on(suite, test, "in memory", use_memory);
}

void unit_add_on_engines(Suite *suite, const TTest *test)
{
    unit_add_on_local_engines(suite, test);
    if (database_is_there())
        add_on(suite, test, "in a database", use_database);
}

const struct asp_store_kept *unit_kept(void)
{
    return &kept;
}

static bool is_under_valgrind(void)
{
    const char *preloaded = getenv("LD_PRELOAD");

    return preloaded != NULL && strstr(preloaded, "vgpreload") != NULL;
}

bool unit_is_watched(void)
{
    return is_sanitized() || is_under_valgrind() || getenv("ASP_TEST_EMULATED") != NULL;
}

size_t unit_many(size_t count)
{
    return is_under_valgrind() ? (count + 19) / 20 : count;
}

bool unit_is_root(void)
{
    return geteuid() == 0;
}

const char *unit_folder(void)
{
    static char path[UNIT_PATH];

    (void)snprintf(path, sizeof path, "%.200s/XXXXXX", base);
    ck_assert_ptr_nonnull(mkdtemp(path));
    return path;
}

const char *unit_path(const char *folder, const char *name)
{
    static char paths[PATHS][UNIT_PATH];
    static size_t next;
    char *path = paths[next++ % PATHS];
    int length = snprintf(path, UNIT_PATH, "%s/%s", folder, name);

    ck_assert_int_lt(length, UNIT_PATH);
    return path;
}

char *unit_read(const char *path, size_t *length)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    char *text;
    ssize_t got;

    ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
    ck_assert_int_eq(fstat(fd, &st), 0);
    text = malloc((size_t)st.st_size + 1);
    ck_assert_ptr_nonnull(text);
    got = read(fd, text, (size_t)st.st_size);
    ck_assert_int_eq(got, st.st_size);
    text[got] = '\0';
    *length = (size_t)got;
    ck_assert_int_eq(close(fd), 0);
    return text;
}

bool unit_exists(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

size_t unit_names(const char *folder)
{
    DIR *dir = opendir(folder);
    size_t count = 0;

    ck_assert_msg(dir != NULL, "%s: %s", folder, strerror(errno));
    while (readdir(dir) != NULL)
        count++;
    (void)closedir(dir);
    return count - 2;
}

unsigned unit_mode(const char *path)
{
    struct stat st;

    ck_assert_msg(lstat(path, &st) == 0, "%s: %s", path, strerror(errno));
    return st.st_mode & 07777;
}

unsigned long unit_locked_kib(void)
{
    FILE *status = fopen("/proc/self/status", "re");
    char line[256];
    unsigned long kib = 0;

    ck_assert_ptr_nonnull(status);
    while (fgets(line, sizeof line, status) != NULL)
        (void)sscanf(line, "VmLck: %lu", &kib);
    (void)fclose(status);
    return kib;
}

void unit_forked(void (*body)(void *context), void *context)
{
    int status = -1;
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        body(context);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(status == 0, "the forked process ended with status %#x", (unsigned)status);
}

pid_t unit_holder(bool (*take)(void *context), void *context)
{
    int ready[2];
    char byte;
    pid_t child;

    ck_assert_int_eq(pipe(ready), 0);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        if (!take(context) || write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            (void)pause();
    }
    ck_assert_int_eq(close(ready[1]), 0);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    ck_assert_int_eq(close(ready[0]), 0);
    return child;
}

void unit_kill(pid_t holder)
{
    ck_assert_int_eq(kill(holder, SIGKILL), 0);
    ck_assert_int_eq(waitpid(holder, NULL, 0), holder);
}

static void die(void)
{
    (void)raise(SIGKILL);
}

bool unit_killed_at(void (*body)(void *context), void *context, unsigned nth)
{
    const struct unit_plan plan = {.first = nth, .times = 1, .at = die};
    pid_t child = fork();
    int status;

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        unit_calls_begin(&plan);
        body(context);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status);
}

static enum asp_answer know_nobody(void *context, const char *typed, char *name, size_t size)
{
    (void)context;
    (void)typed;
    (void)name;
    (void)size;
    return ASP_USER_NOT_KNOWN;
}

const struct asp_name_service unit_strangers = {know_nobody, NULL};

/* SplitMix64 (Steele, Lea, Flood, 2014). */
uint64_t unit_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15U;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

void unit_plain_entry(struct asp_entry *entry, const char *id, const char *label)
{
    asp_entry_init(entry);
    (void)snprintf(entry->id, sizeof entry->id, "%s", id);
    (void)snprintf(entry->label, sizeof entry->label, "%s", label);
    (void)snprintf(entry->verifier, sizeof entry->verifier, "%s",
                   "$hmac-sha256$"
                   "AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    entry->created = 1000;
    (void)snprintf(entry->created_by, sizeof entry->created_by, "root");
}

struct asp_pending unit_pending(const char *id, time_t ago)
{
    struct asp_pending pending = {.made = time(NULL) - ago};
    struct asp_entry entry;

    unit_plain_entry(&entry, id, id);
    strcpy(pending.id, entry.id);
    strcpy(pending.verifier, entry.verifier);
    return pending;
}

struct asp_secret unit_entry(struct asp_entry *entry, const char *user, const char *id,
                             const char *label)
{
    const struct asp_cost cost = {ASP_HMAC_SHA256, 0, 0};
    struct asp_secret secret;
    bool taken[ASP_IDS] = {false};

    unit_plain_entry(entry, id, label);
    ck_assert_int_eq(asp_secret_make(taken, &secret), ASP_OK);
    memcpy(secret.id, entry->id, sizeof secret.id);
    ck_assert_int_eq(asp_verifier_make(&cost, user, &secret, entry->verifier), ASP_OK);
    return secret;
}

void unit_three_entries(struct asp_account *account)
{
    struct asp_entry entry;

    asp_account_init(account, "alice");
    account->primary.taken = true;
    account->primary.source = ASP_SOURCE_SHADOW;
    account->primary.had = ASP_HAD_HASH;
    for (size_t i = 0; i < ASP_PRINT_BYTES; i++) {
        account->primary.key[i] = (uint8_t)i;
        account->primary.print[i] = (uint8_t)(255 - i);
    }
    unit_plain_entry(&entry, "7k", "Phone");
    ck_assert_int_eq(asp_account_add(account, &entry), ASP_OK);
    unit_plain_entry(&entry, "00", "Old \"phone\"");
    ck_assert(asp_entry_revoke(&entry, 2000, "ann", "lost", false));
    ck_assert_int_eq(asp_account_add(account, &entry), ASP_OK);
    unit_plain_entry(&entry, "zz", "Tablet");
    strcpy(entry.app, "mail");
    ck_assert_int_eq(asp_account_add(account, &entry), ASP_OK);
}

void unit_id(size_t index, char id[ASP_ID_CHARS + 1])
{
    id[0] = ASP_ALPHABET[index / 32];
    id[1] = ASP_ALPHABET[index % 32];
    id[2] = '\0';
}

char *unit_account_text(const struct asp_account *account, size_t *length)
{
    struct asp_buffer out = {0};
    char *text;

    asp_account_write(account, &out);
    ck_assert(!out.failed);
    text = malloc(out.length + 1);
    ck_assert_ptr_nonnull(text);
    memcpy(text, out.text, out.length + 1);
    *length = out.length;
    asp_buffer_free(&out);
    return text;
}

void unit_same_entry(const struct asp_entry *a, const struct asp_entry *b)
{
    ck_assert_str_eq(a->id, b->id);
    ck_assert_str_eq(a->label, b->label);
    ck_assert_str_eq(a->app, b->app);
    ck_assert_str_eq(a->verifier, b->verifier);
    ck_assert_int_eq(a->created, b->created);
    ck_assert_str_eq(a->created_by, b->created_by);
    ck_assert_int_eq(a->bound, b->bound);
    ck_assert_str_eq(a->bound_service, b->bound_service);
    ck_assert_int_eq(a->expires, b->expires);
    ck_assert_int_eq(a->unused_limit, b->unused_limit);
    ck_assert_uint_eq(a->network_count, b->network_count);
    for (size_t i = 0; i < a->network_count; i++) {
        ck_assert_mem_eq(a->networks[i].address, b->networks[i].address, 16);
        ck_assert_uint_eq(a->networks[i].bits, b->networks[i].bits);
    }
    ck_assert_int_eq(a->revoked, b->revoked);
    ck_assert_str_eq(a->revoked_by, b->revoked_by);
    ck_assert_str_eq(a->reason, b->reason);
    ck_assert_str_eq(a->replaced_by, b->replaced_by);
    ck_assert_int_eq(a->hook_due, b->hook_due);
}

struct asp_conf *unit_conf(const char *text)
{
    struct asp_conf *conf = NULL;
    struct asp_error error = {0};

    ck_assert_msg(asp_conf_read("test.conf", text, strlen(text), &conf, &error) == ASP_OK, "%s",
                  error.text);
    return conf;
}

enum asp_status unit_conf_read(const char *text, size_t length, struct asp_error *error)
{
    struct asp_conf *conf = NULL;
    enum asp_status status;
    char *exact = malloc(length + 1);

    unit_need(exact != NULL, "no memory");
    memcpy(exact, text, length);
    exact[length] = '\0';
    *error = (struct asp_error){0};
    status = asp_conf_read("test.conf", exact, length, &conf, error);
    unit_need((status == ASP_OK) == (conf != NULL), "%s: status %d", text, status);
    asp_conf_free(conf);
    free(exact);
    return status;
}

void unit_conf_is_good(const char *text)
{
    struct asp_error error;

    unit_need(unit_conf_read(text, strlen(text), &error) == ASP_OK, "%s: %s", text, error.text);
}

void unit_conf_is_bad_bytes(const char *text, size_t length, unsigned line, const char *word)
{
    struct asp_error error;
    char where[32];

    (void)snprintf(where, sizeof where, "test.conf:%u: ", line);
    unit_need(unit_conf_read(text, length, &error) == ASP_INVALID, "%s", text);
    unit_need(error.status == ASP_INVALID, "%s", text);
    unit_need(strncmp(error.text, where, strlen(where)) == 0, "%s: %s", text, error.text);
    unit_need(strstr(error.text, word) != NULL, "%s: %s", text, error.text);
    unit_need(strchr(error.text, '\n') == NULL, "%s: %s", text, error.text);
}

void unit_conf_is_bad(const char *text, unsigned line, const char *word)
{
    unit_conf_is_bad_bytes(text, strlen(text), line, word);
}

void unit_store(struct asp_store *store)
{
    static char path[UNIT_PATH];
    struct asp_error error = {0};
    bool made = false;

    if (database_is_there())
        database_empty();
    (void)snprintf(path, sizeof path, "%.400s/store", unit_folder());
    ck_assert_msg(asp_store_make(store, UNIT_CONF_OF(path), &kept, &made, &error) == ASP_OK, "%s",
                  error.text);
    ck_assert(made);
}

struct entries {
    const struct asp_entry *entries;
    size_t count;
};

static enum asp_status put_entries(struct asp_account *account, void *context,
                                   struct asp_error *error)
{
    const struct entries *entries = context;

    (void)error;
    for (size_t i = 0; i < entries->count; i++)
        ck_assert_int_eq(asp_account_add(account, &entries->entries[i]), ASP_OK);
    return ASP_OK;
}

void unit_put(const struct asp_store *store, const char *user, const struct asp_entry *entries,
              size_t count)
{
    struct entries context = {entries, count};
    struct asp_error error = {0};

    ck_assert_msg(asp_store_update(store, user, true, put_entries, &context, &error) == ASP_OK,
                  "%s", error.text);
}

struct stored_bytes {
    const struct asp_store *store;
    struct asp_buffer text;
};

static enum asp_status put_bytes(struct asp_store_held *held, void *context,
                                 struct asp_error *error)
{
    const struct stored_bytes *bytes = context;

    return bytes->store->engine->write(bytes->store, held, &(struct asp_made){.text = &bytes->text},
                                       error);
}

void unit_put_bytes(const struct asp_store *store, const char *user, const char *bytes,
                    size_t length)
{
    struct stored_bytes stored = {.store = store};
    struct asp_error error = {0};
    char name[ASP_USER_ENCODED + 1];

    ck_assert(asp_user_encode(user, name));
    asp_buffer_add_bytes(&stored.text, bytes, length);
    ck_assert_msg(store->engine->hold(store, name, put_bytes, &stored, &error) == ASP_OK, "%s",
                  error.text);
    asp_buffer_free(&stored.text);
}

struct asp_usage unit_usage(const struct asp_store *store, const char *user)
{
    struct asp_error error = {0};
    struct asp_usage usage;

    ck_assert_msg(asp_store_usage(store, user, &usage, &error) == ASP_OK, "%s", error.text);
    return usage;
}

struct asp_primary_now unit_shadow_says(const char *hash)
{
    struct asp_primary_now now = {.source = ASP_SOURCE_SHADOW, .expires = ASP_NEVER};

    now.says = hash != NULL ? ASP_SAYS_HASH : ASP_SAYS_ABSENT;
    now.hash = hash;
    now.length = hash != NULL ? strlen(hash) : 0;
    return now;
}
