/* The files of this machine by which it comes to its database. */
#include "files.h"

#include "asp/pgsql/parameters.h"
#include "asp/pgsql/passfile.h"
#include "asp/safeio.h"

#include <sodium.h>
#include <string.h>
#include <sys/stat.h>

struct looking {
    database_file_fault *tell;
    void *context;
};

static bool is_open_to_others(const struct stat *st)
{
    return (st->st_mode & (S_IRWXG | S_IRWXO)) != 0;
}

/* One that is named, and whose bytes libpq reads. */
static void look_at(const struct looking *looking, const char *path, bool secret)
{
    struct asp_error error = {0};
    struct stat st;
    int fd = -1;
    enum asp_status status = asp_path_open(path, &fd, &st, &error);
    const bool exposed = status == ASP_OK && secret && is_open_to_others(&st);

    asp_close(fd);
    if (exposed)
        status = asp_fail(&error, ASP_UNSAFE, "%s can be read by others than its owner (mode %04o)",
                          path, (unsigned)(st.st_mode & 07777));
    if (status != ASP_OK)
        looking->tell(looking->context, path, exposed, &error);
}

/* False: it was told of, and would be of another role too. */
static bool look_for(const struct looking *looking, const char *path, const char *role)
{
    char password[PGSQL_PASSWORD_MAX + 1];
    struct asp_error error = {0};
    struct stat st;
    enum asp_status status = pgsql_password_read(path, role, password, &error);

    sodium_memzero(password, sizeof password);
    if (status == ASP_OK)
        return true;
    looking->tell(looking->context, path,
                  status == ASP_UNSAFE && lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
                      is_open_to_others(&st),
                  &error);
    return false;
}

static bool is_reached_by_tls(const struct asp_database *database)
{
    bool tls = false;

    for (size_t i = 0; i < database->host_count; i++)
        tls = tls || pgsql_host_has_tls(database, &database->hosts[i]);
    return tls;
}

void database_examine_files(const struct asp_conf *conf, database_file_fault *tell, void *context)
{
    const struct looking looking = {tell, context};
    const struct asp_database *database = &conf->database;

    if (is_reached_by_tls(database)) {
        look_at(&looking, database->ca, false);
        if (database->cert[0] != '\0') {
            look_at(&looking, database->cert, false);
            look_at(&looking, database->key, true);
        }
    }
    if (database->passfile[0] != '\0' && look_for(&looking, database->passfile, database->user) &&
        strcmp(database->user, database->admin) != 0)
        (void)look_for(&looking, database->passfile, database->admin);
}
