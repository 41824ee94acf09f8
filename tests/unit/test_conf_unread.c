/* What is said of a configuration of which a key or a value is not read: which one it is, in which
 * line, and what to write. */
#include "unit.h"

#include "asp/conf.h"

#include <string.h>

static const struct {
    const char *text;
    const char *said; /* to the end */
} unread[] = {
    {"hooks: { revoked = \"/a\"; };\nlimit = 2;\nhooks: { timeout = 3; };\n",
     "3: hooks is set twice, in line 1 and in line 3: keep one of them, with all that it is to "
     "hold"},
    {"hooks: {\nrevoked = \"/a\";\nrevoked = \"/b\";\n};\n",
     "3: hooks.revoked is set twice, in line 2 and in line 3: keep one of them, with all that it "
     "is to hold"},
    {"limit = 2; limit = 3;\n",
     "1: limit is set twice in line 1: keep one of them, with all that it is to hold"},
    {"limit = 2;\nhooks: {\ntimeout = ;\n};\n", "3: syntax error, behind hooks.timeout in line 3"},
    {"limit = 2;\n\nhistory 3;\n", "3: syntax error, behind limit in line 1"},
    {"limit = 2;\nhooks: {\n\n\n", "2: a bracket is not closed"},
    {"\xef\xbb\xbflimit = 2;\n", "1: it begins with a byte order mark: save it without one"},
    {"history 3;\n", "1: syntax error"},
    {"history\n\n\n", "1: syntax error"},
    {"limit = 2;\nhistory\n\n", "2: syntax error, behind limit in line 1"},
    {"history 3;\nlog = refused;\n", "1: syntax error"},
    {"hooks: {\ntimeout = 5;\nrevoke = \"/x\";\n};\n",
     "3: hooks.revoke is not a key of this program: did you mean revoked?"},
    {"stor = 3;\n", "1: stor is not a key of this program: did you mean store?"},
    {"limt = 3;\n", "1: limt is not a key of this program: did you mean limit?"},
    {"hook: {\n};\n", "1: hook is not a key of this program: did you mean hooks?"},
    {"guardd = [];\n", "1: guardd is not a key of this program: did you mean guarded?"},
    {"self_servic: {};\n",
     "1: self_servic is not a key of this program: did you mean self_service?"},
    {"colour = 3;\n", "1: colour is not a key of this program: see asp.conf(5)"},
    {"apps: ( { name = \"a\"; service = []; } );\n",
     "1: apps.service is not a key of this program: did you mean services?"},
    {"\nrevoked = \"/x\";\n", "2: revoked is not a key there: write it in hooks: { ... };"},
    {"scheme = 3;\n", "1: scheme is not a key there: write it in hash: { ... };"},
    {"silent = true;\n", "1: silent is not a key there: write it in self_service: { ... };"},
    {"socket = \"/x\";\n",
     "1: socket is not a key there: write it in broker: { ... }; or self_service: { ... };"},
    {"database: { address = \"192.0.2.1\"; };\n",
     "1: database.address is not a key there: write it in a group of hosts: ( { ... } );"},
    {"database: { port = 5433; };\n",
     "1: database.port is not a key there: write it in a group of hosts: ( { ... } );"},
    {"broker: { user = \"www-data\"; };\n",
     "1: broker.user is not a key there: write it in a group of clients: ( { ... } );"},
    {"services = [];\n",
     "1: services is not a key there: write it in a group of apps: ( { ... } );"},
    {"name = 3;\n",
     "1: name is not a key there: write it in profile: { ... }; or database: { ... };"},
    {"hooks: { limit = 3; };\n", "1: hooks.limit is not a key there: write limit outside of hooks"},
    {"hooks: { broker = 3; };\n",
     "1: hooks.broker is not a key there: write broker outside of hooks"},
    {"hooks: { user_domains = 3; };\n",
     "1: hooks.user_domains is not a key there: write user_domains outside of hooks"},
    {"hooks.revoked = \"/x\";\n",
     "1: hooks.revoked: a key of a group stands in its brackets: write hooks: { revoked = ...; };"},
    {"limit = 2;\nlog = refused;\n",
     "2: log: a text stands in double quotes: write log = \"refused\""},
    {"log = refused\nlimit = 2;\n",
     "1: log: a text stands in double quotes: write log = \"refused\""},
    {"log = 'refused';\n", "1: log: a text stands in double quotes: write log = \"refused\""},
    {"store = /var/lib/asp;\n",
     "1: store: a text stands in double quotes: write store = \"/var/lib/asp\""},
    {"unused = 90d;\n", "1: unused: a text stands in double quotes: write unused = \"90d\""},
    {"hooks: { revoked = /x; };\n",
     "1: hooks.revoked: a text stands in double quotes: write revoked = \"/x\""},
    {"colour = red;\n", "1: colour: a text stands in double quotes: write colour = \"red\""},
    {"apps: ( { name = \"a\";\nservices = [ imap, pop3 ]; } );\n",
     "2: apps.services: a text stands in double quotes: write \"imap\""},
    {"[main]\nlimit = 5;\n", "1: syntax error"},
    {"limit = [ many ];\n", "1: limit: a text stands in double quotes: write \"many\""},
    {"virtual_users = yes;\n", "1: virtual_users must be true or false, and is yes"},
    {"self_service: { enabled = off };\n",
     "1: self_service.enabled must be true or false, and is off"},
    {"limit = many;\n", "1: limit must be a whole number, and is many"},
    {"hooks: { timeout = long; };\n", "1: hooks.timeout must be a whole number, and is long"},
};

START_TEST(a_line_that_is_not_read_is_answered_with_what_to_write)
{
    const char *text = unread[_i].text;
    struct asp_error error;

    unit_need(unit_conf_read(text, strlen(text), &error) == ASP_INVALID, "%s", text);
    unit_need(strcmp(strchr(error.text, ':') + 1, unread[_i].said) == 0, "%s: %s", text,
              error.text);
}
END_TEST

static void fill(Suite *suite)
{
    unit_loop(suite, a_line_that_is_not_read_is_answered_with_what_to_write, UNIT_COUNT(unread));
}

int main(void)
{
    return unit_run("conf_unread", fill);
}
