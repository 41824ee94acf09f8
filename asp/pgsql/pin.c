/* Which database a machine is of: a file in its folder, store-id. */
#include "node_file.h"
#include "own.h"
#include "result.h"

#include "asp/buffer.h"
#include "asp/checksum.h"
#include "asp/clock.h"
#include "asp/shell_word.h"
#include "asp/store_files.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIN_FILE STORE_ID_FILE
#define PIN_HEAD "asp-store-id 1 "

enum { PIN_MAX = 128, PIN_PATH_SIZE = PATH_MAX + sizeof "/" PIN_FILE, JOIN_MS = 5000 };

static const struct pgsql_statement which = {
    .name = "which",
    .text = "SELECT id::text, parts FROM asp.store",
};

/*
 * asp-store-id 1 ID PARTS
 * digest=SUM
 */
static size_t write_text(const struct pgsql_pin *pin, char text[PIN_MAX])
{
    const size_t length = (size_t)snprintf(text, PIN_MAX, PIN_HEAD "%s %d\n", pin->id, pin->parts);

    return length + (size_t)snprintf(text + length, PIN_MAX - length, "digest=%016" PRIx64 "\n",
                                     asp_checksum(text, length));
}

/* There is one text for what was read, to the byte. */
static bool read_text(const char *text, size_t length, struct pgsql_pin *pin)
{
    struct pgsql_pin found;
    char written[PIN_MAX];
    const char *id = text + strlen(PIN_HEAD);
    long parts;

    if (strncmp(text, PIN_HEAD, strlen(PIN_HEAD)) != 0 ||
        strspn(id, "0123456789abcdef-") != PGSQL_ID_CHARS)
        return false;
    parts = strtol(id + PGSQL_ID_CHARS, NULL, 10);
    if (parts < 1 || parts > PGSQL_PARTS_MAX)
        return false;
    memcpy(found.id, id, PGSQL_ID_CHARS);
    found.id[PGSQL_ID_CHARS] = '\0';
    found.parts = (int)parts;
    if (write_text(&found, written) != length || memcmp(written, text, length) != 0)
        return false;
    *pin = found;
    return true;
}

static const char *path_in(const char *folder, char path[PIN_PATH_SIZE])
{
    (void)snprintf(path, PIN_PATH_SIZE, "%s/" PIN_FILE, folder);
    return path;
}

/* It is open before it is read: where it is replaced meanwhile, what is open has gone, and what was
 * read is read again. */
static enum asp_status open_file(const char *folder, int *file, struct asp_error *error)
{
    char path[PIN_PATH_SIZE];
    struct stat st;

    return asp_path_open(path_in(folder, path), file, &st, error);
}

enum asp_status pgsql_pin_read(const char *folder, struct pgsql_pin *pin, int *file,
                               struct asp_error *error)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    enum asp_status status = file != NULL ? open_file(folder, file, error) : ASP_OK;

    if (status == ASP_OK)
        status = pgsql_node_file_read(folder, PIN_FILE, PIN_MAX, &bytes, &length, NULL, error);

    if (status == ASP_OK && !read_text((const char *)bytes, length, pin))
        status = asp_fail(error, ASP_CORRUPT, "%s/" PIN_FILE " is not what we wrote", folder);
    free(bytes);
    return status;
}

/* Whether the folder is the one in which the file was that is open. */
static bool is_same_folder(const struct pgsql_store *own)
{
    struct asp_identity now;

    return asp_identity_at(own->folder, &now, NULL) == ASP_OK && now.present &&
           now.device == own->pin_folder.device && now.inode == own->pin_folder.inode;
}

/* The file as it is now; who may not look at its name has it open, and sees that it has gone where
 * another was put in its place. */
static enum asp_status identify(const struct pgsql_store *own, struct asp_identity *identity,
                                struct asp_error *error)
{
    char path[PIN_PATH_SIZE];
    struct stat st;

    *identity = (struct asp_identity){0};
    if (own->reader == NULL)
        return asp_identity_at(path_in(own->folder, path), identity, error);
    if (own->pin_open >= 0 && fstat(own->pin_open, &st) == 0 && st.st_nlink > 0 &&
        is_same_folder(own))
        asp_identity_of(&st, identity);
    return ASP_OK;
}

static enum asp_status read_pin(struct pgsql_store *own, struct asp_error *error)
{
    const struct pgsql_reader *reader = own->reader;
    const int64_t until = pgsql_wait_until(own);

    if (reader == NULL)
        return pgsql_pin_read(own->folder, &own->pin, NULL, error);
    asp_close(own->pin_open);
    own->pin_open = -1;
    (void)asp_identity_at(own->folder, &own->pin_folder, NULL);
    return reader->pin(reader->context, until, &own->pin, &own->pin_open, error);
}

/* What to do is added to the line: first this, and then to join. */
static enum asp_status advise_join(const struct pgsql_store *own, enum asp_status status,
                                   const char *first, struct asp_error *error)
{
    struct asp_buffer word = {0};

    asp_shell_word_add(&word, own->conf->store);
    if (!word.failed)
        (void)asp_advise(error, status, "%s: rm %s/" PIN_FILE " && asp-admin store join", first,
                         word.text);
    asp_buffer_free(&word);
    return status;
}

/* This machine is of another one. */
static enum asp_status advise_other(const struct pgsql_store *own, enum asp_status status,
                                    struct asp_error *error)
{
    return advise_join(own, status,
                       "name in asp.conf the database that this machine is of; or, where it is to "
                       "be of this one",
                       error);
}

/* Nobody knows any more which one it is of. */
static enum asp_status advise_damaged(const struct pgsql_store *own, enum asp_status status,
                                      struct asp_error *error)
{
    return advise_join(own, status,
                       "see that asp.conf names the database that this machine is of, then", error);
}

enum asp_status pgsql_is_other(const struct pgsql_store *own, struct asp_error *error)
{
    enum asp_status status =
        asp_fail(error, ASP_UNSAFE, "it is another database than the one that was joined");

    return advise_other(own, status, error);
}

/* As long as the file is the same it is not read again. Uses that are still to be written are of
 * the store that was joined when they were recorded. */
static enum asp_status look(struct pgsql_store *own, struct asp_error *error)
{
    const struct pgsql_pin before = own->pin;
    struct asp_identity identity;
    enum asp_status status = identify(own, &identity, error);

    if (status != ASP_OK ||
        (before.id[0] != '\0' && identity.present && asp_identity_same(&identity, &own->pin_file)))
        return status;
    own->pin = (struct pgsql_pin){0};
    own->pin_file = identity;
    status = read_pin(own, error);
    if (status == ASP_OK && own->reader != NULL)
        status = identify(own, &own->pin_file, error);
    if (status == ASP_OK && own->queued_for[0] != '\0' && strcmp(own->queued_for, own->pin.id) != 0)
        own->queued = 0;
    return status == ASP_CORRUPT ? advise_damaged(own, status, error) : status;
}

enum asp_status pgsql_pin_know(struct pgsql_store *own, struct asp_error *error)
{
    const char *folder = own->conf->store;
    enum asp_status status = look(own, error);

    if (status != ASP_NOT_FOUND)
        return status;
    (void)asp_fail(error, ASP_UNSAFE, "%s does not say which database this machine is of", folder);
    return asp_advise(error, ASP_UNSAFE, "asp-admin store join");
}

static enum asp_status write_pin(const char *folder, const struct pgsql_pin *pin,
                                 struct asp_error *error)
{
    char text[PIN_MAX];
    const size_t length = write_text(pin, text);

    return pgsql_node_file_write(folder, PIN_FILE, text, length, error);
}

/* Where this machine is of none yet, nobody knows of one that was lost. */
static void advise_init(const struct pgsql_store *own, struct asp_error *error)
{
    struct pgsql_pin known;

    if (pgsql_last_failure(own->connection)->no_store &&
        pgsql_pin_read(own->conf->store, &known, NULL, NULL) == ASP_NOT_FOUND)
        (void)asp_advise(error, error->status, "run asp-admin store init");
}

enum asp_status pgsql_store_which(struct pgsql_store *own, struct pgsql_pin *found,
                                  struct asp_error *error)
{
    struct pg_result *result = NULL;
    const uint8_t *id;
    size_t length;
    int64_t parts;
    enum asp_status status =
        pgsql_ask(own->connection, &which, NULL, asp_clock_ms() + JOIN_MS, &result, error);

    if (status != ASP_OK) {
        advise_init(own, error);
        return status;
    }
    if (pgsql_row_count(result) != 1 || !pgsql_bytes(result, 0, 0, &id, &length) ||
        length != PGSQL_ID_CHARS ||
        !pgsql_number_within(result, 0, 1, 1, PGSQL_PARTS_MAX, &parts)) {
        status = pgsql_not_ours(error);
    } else {
        memcpy(found->id, id, length + 1);
        found->parts = (int)parts;
    }
    pgsql_result_free(result);
    return status;
}

enum asp_status pgsql_store_join(struct pgsql_store *own, struct asp_error *error)
{
    struct pgsql_pin found = {0};
    struct pgsql_pin known = {0};
    enum asp_status status = pgsql_store_which(own, &found, error);

    if (status != ASP_OK)
        return status;
    status = pgsql_pin_read(own->conf->store, &known, NULL, error);
    if (status == ASP_OK && strcmp(known.id, found.id) == 0 && known.parts == found.parts)
        return ASP_UNCHANGED;
    if (status == ASP_OK) {
        status = asp_fail(error, ASP_UNSAFE,
                          "this machine is of the store %.*s, and in the database there is %.*s",
                          PGSQL_ID_SHORT, known.id, PGSQL_ID_SHORT, found.id);
        return advise_other(own, status, error);
    }
    if (status == ASP_CORRUPT)
        return advise_damaged(own, status, error);
    return status == ASP_NOT_FOUND ? write_pin(own->conf->store, &found, error) : status;
}

/* Whether what was found is what was joined, where both are known. */
static enum asp_status compare(const struct pgsql_store *own, const struct pgsql_pin *found,
                               enum asp_status status, struct asp_error *error)
{
    if (status == ASP_OK && (strcmp(own->pin.id, found->id) != 0 || own->pin.parts != found->parts))
        return pgsql_is_other(own, error);
    return status;
}

enum asp_status pgsql_store_is_joined(struct pgsql_store *own, struct pgsql_pin *found,
                                      struct asp_error *error)
{
    enum asp_status status = pgsql_pin_know(own, error);

    if (status == ASP_OK)
        status = pgsql_store_which(own, found, error);
    return compare(own, found, status, error);
}

enum asp_status pgsql_store_may_join(struct pgsql_store *own, struct pgsql_pin *found,
                                     struct asp_error *error)
{
    enum asp_status status = pgsql_store_which(own, found, error);

    if (status == ASP_OK)
        status = look(own, error);
    if (status == ASP_NOT_FOUND) { /* as long as there is no such file */
        own->pin = *found;
        return ASP_OK;
    }
    return compare(own, found, status, error);
}
