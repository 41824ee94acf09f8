/* The files of this machine by which it comes to its database. */
#include "files.h"

#include "asp/pgsql/passfile.h"
#include "asp/pgsql/way_file.h"

#include <sodium.h>
#include <string.h>

struct looking {
    database_file_fault *tell;
    void *context;
};

/* False: it was told of, and would be of another role too. */
static bool look_for(const struct looking *looking, const char *path, const char *role)
{
    char password[PGSQL_PASSWORD_MAX + 1];
    struct asp_error error = {0};
    enum asp_status status = pgsql_password_read(path, role, password, &error);

    sodium_memzero(password, sizeof password);
    if (status != ASP_OK)
        looking->tell(looking->context, path, &error);
    return status == ASP_OK;
}

void database_examine_files(const struct asp_conf *conf, database_file_fault *tell, void *context)
{
    const struct looking looking = {tell, context};
    const struct asp_database *database = &conf->database;
    struct pgsql_way_file files[PGSQL_WAY_FILES];
    const size_t count = pgsql_way_files(database, files);

    for (size_t i = 0; i < count; i++) {
        struct asp_error error = {0};

        if (pgsql_way_file_check(&files[i], &error) != ASP_OK)
            tell(context, files[i].path, &error);
    }
    if (database->passfile[0] != '\0' && look_for(&looking, database->passfile, database->user) &&
        strcmp(database->user, database->admin) != 0)
        (void)look_for(&looking, database->passfile, database->admin);
}
