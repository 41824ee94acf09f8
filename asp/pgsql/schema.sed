# The files of the schema as C: a text for each of their statements, as schema.h has them.
s/[\\"]/\\&/g
s/.*/    "&\\n"/
1i\
#include "schema.h"\
\
#include <stddef.h>\
\
const char *const pgsql_schema[] = {
/^    "END \$asp\$;\\n"$/a\
    ,
$a\
    NULL};
