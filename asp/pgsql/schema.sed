# schema-1.sql as C: a text for each of its statements, as schema.h has them.
s/[\\"]/\\&/g
s/.*/    "&\\n"/
1i\
#include "schema.h"\
\
#include <stddef.h>\
\
const char *const pgsql_schema[PGSQL_SCHEMA_STATEMENTS + 1] = {
/^    "END \$asp\$;\\n"$/a\
    ,
$a\
    NULL};
