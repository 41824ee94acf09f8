/*
 * A page of accounts, for who reads all of them.
 */
#ifndef ASP_PGSQL_PAGE_H
#define ASP_PGSQL_PAGE_H

/*
 * The rows of asp.account behind the part $1 and the name $2, as `a`: in their order the next
 * thousand, of which it ends with the one that makes 16 MiB full, of texts and of last uses, each
 * of which counts as half a KiB. So there is one as long as there are any, and whoever writes large
 * ones, or many uses, fills nobody's memory.
 */
#define PGSQL_PAGE PGSQL_PAGE_WHERE("body IS NOT NULL")

/* The same, with those of who was removed. */
#define PGSQL_PAGE_OF_ALL PGSQL_PAGE_WHERE("true")

#define PGSQL_PAGE_WHERE(which)                                                                    \
    "(SELECT part, name, body, written FROM"                                                       \
    " (SELECT *, sum(size) OVER (ORDER BY part, name) - size AS ahead FROM"                        \
    " (SELECT part, name, body, written, coalesce(octet_length(body), 0) + 512 *"                  \
    " (SELECT count(*) FROM asp.used u WHERE u.part = x.part AND u.name = x.name) AS size"         \
    " FROM asp.account x WHERE " which                                                             \
    " AND (part, name) > ($1::smallint, $2) ORDER BY part, name LIMIT 1000) thousand) page"        \
    " WHERE ahead < 16 * 1024 * 1024) a"

#endif
