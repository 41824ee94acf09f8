/* apps: what an app password can be made for. */
#include "app_list.h"
#include "commands.h"

#include "asp-admin/ui/answer.h"
#include "asp/buffer.h"
#include "asp/scope.h"

static json_t *document_of(const struct asp_conf *conf, const struct listed_app *app)
{
    json_t *services = json_array();
    bool guarded = false;

    for (size_t i = 0; i < app->services.count; i++) {
        const char *service = app->services.names[i];

        json_add(&services, json_string(service));
        guarded = guarded || asp_scope_is_guarded(conf, service);
    }
    return json_pack("{s:s, s:o, s:b, s:b}", "app", app->name, "services", services, "guarded",
                     guarded, "open", app->open);
}

static void add_word(struct asp_buffer *out, const char *word)
{
    asp_buffer_add(out, out->length > 0 ? " " : "");
    asp_buffer_add(out, word);
}

static void add_row(const struct asp_conf *conf, struct table *table, const struct listed_app *app)
{
    struct asp_buffer services = {0};
    struct asp_buffer guarded = {0};

    for (size_t i = 0; i < app->services.count; i++) {
        const char *service = app->services.names[i];

        add_word(&services, service);
        if (asp_scope_is_guarded(conf, service))
            add_word(&guarded, service);
    }
    table_add(table, 4,
              (const char *[]){app->name, table_cell(&services), table_cell(&guarded),
                               app->open ? "yes" : "no"});
    asp_buffer_free(&services);
    asp_buffer_free(&guarded);
}

enum exit_code command_apps(struct admin *admin)
{
    const bool json = admin->options->json;
    json_t *document = NULL;
    struct table table = {0};
    struct app_list list = {0};
    enum exit_code code = EXIT_STORE;

    if (!app_list_read(admin, &list)) {
        (void)fail_with(admin->console, code, "out of memory");
        app_list_free(&list);
        return code;
    }
    document = json ? json_array() : NULL;
    table_add(&table, 4, (const char *[]){"APP", "SERVICES", "GUARDED", "OPEN TO YOU"});
    for (size_t i = 0; i < list.count; i++) {
        if (!list.apps[i].asks)
            continue;
        if (json)
            json_add(&document, document_of(admin->conf, &list.apps[i]));
        else
            add_row(admin->conf, &table, &list.apps[i]);
    }
    if (answer_write(admin->console, json, document, &table,
                     "no apps: asp.conf has none, and no service in /etc/pam.d asks pam_asp\n"))
        code = EXIT_DONE;
    app_list_free(&list);
    return code;
}
