/*
 * A page of accounts, for who reads all of them.
 */
#ifndef ASP_PGSQL_PAGE_H
#define ASP_PGSQL_PAGE_H

/*
 * The rows of asp.account behind the part $1 and the name $2, as `a`: in their order the next
 * thousand, of which it ends with the one that makes 16 MiB of texts full. So there is one as long
 * as there are any, and whoever writes large ones fills nobody's memory.
 */
#define PGSQL_PAGE PGSQL_PAGE_WHERE("body IS NOT NULL")

/* The same, with those of who was removed. */
#define PGSQL_PAGE_OF_ALL PGSQL_PAGE_WHERE("true")

#define PGSQL_PAGE_WHERE(which)                                                                    \
    "(SELECT part, name, body, written FROM"                                                       \
    " (SELECT *, sum(coalesce(octet_length(body), 0)) OVER (ORDER BY part, name) -"                \
    " coalesce(octet_length(body), 0) AS ahead FROM"                                               \
    " (SELECT part, name, body, written FROM asp.account WHERE " which                             \
    " AND (part, name) > ($1::smallint, $2) ORDER BY part, name LIMIT 1000) thousand) page"        \
    " WHERE ahead < 16 * 1024 * 1024) a"

#endif
