/* The services of a log. */
#include "services.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct log_service *)a)->name, ((const struct log_service *)b)->name);
}

static struct log_service *find(const struct services *services, const char *name)
{
    struct log_service key = {0};
    void *found;

    memcpy(key.name, name, strnlen(name, ASP_SERVICE_MAX));
    found = tfind(&key, &services->tree, compare);
    return found != NULL ? *(struct log_service **)found : NULL;
}

bool services_note(struct services *services, const char *name, struct log_service **service)
{
    struct log_service *made;

    *service = find(services, name);
    if (*service != NULL || services->count == SERVICES_MAX)
        return true;
    made = calloc(1, sizeof *made);
    if (made == NULL)
        return false;
    memcpy(made->name, name, strnlen(name, ASP_SERVICE_MAX));
    if (tsearch(made, &services->tree, compare) == NULL) {
        free(made);
        return false;
    }
    services->all[services->count++] = made;
    *service = made;
    return true;
}

bool services_tells(const struct services *services, const char *name)
{
    const struct log_service *service = find(services, name);

    return service != NULL && service->tells;
}

bool services_any_tells(const struct services *services)
{
    for (size_t i = 0; i < services->count; i++) {
        if (services->all[i]->tells)
            return true;
    }
    return false;
}

unsigned long long services_lost(const struct services *services)
{
    unsigned long long lost = 0;

    for (size_t i = 0; i < services->count; i++)
        lost += services->all[i]->decides ? services->all[i]->lost : 0;
    return lost;
}

void services_free(struct services *services)
{
    tdestroy(services->tree, free);
    memset(services, 0, sizeof *services);
}
