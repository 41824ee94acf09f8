/* What the database has answered. */
#include "result.h"

#include "exchange.h"

#include "asp/time_text.h"

#include <libpq-fe.h>
#include <limits.h>
#include <string.h>

enum asp_status pgsql_not_ours(struct asp_error *error)
{
    return asp_fail(error, ASP_UNSAFE, "what is in the database is no store of ours");
}

size_t pgsql_row_count(const struct pg_result *result)
{
    return (size_t)PQntuples(result);
}

size_t pgsql_column_count(const struct pg_result *result)
{
    return (size_t)PQnfields(result);
}

bool pgsql_has(const struct pg_result *result, size_t row, size_t column)
{
    return row < pgsql_row_count(result) && column < pgsql_column_count(result);
}

bool pgsql_bytes(const struct pg_result *result, size_t row, size_t column, const uint8_t **bytes,
                 size_t *length)
{
    if (!pgsql_has(result, row, column) || PQgetisnull(result, (int)row, (int)column))
        return false;
    *bytes = (const uint8_t *)PQgetvalue(result, (int)row, (int)column);
    *length = (size_t)PQgetlength(result, (int)row, (int)column);
    return true;
}

bool pgsql_text(const struct pg_result *result, size_t row, size_t column, char *to, size_t size)
{
    const uint8_t *bytes;
    size_t length;

    if (!pgsql_bytes(result, row, column, &bytes, &length) || length >= size)
        return false;
    memcpy(to, bytes, length + 1);
    return true;
}

bool pgsql_number(const struct pg_result *result, size_t row, size_t column, int64_t *number)
{
    const uint8_t *bytes;
    size_t length;
    uint64_t value = 0;

    if (!pgsql_bytes(result, row, column, &bytes, &length) ||
        (length != 1 && length != 2 && length != 4 && length != 8))
        return false;
    /* The highest byte first; what is shorter is negative as it is there. */
    if (length > 1 && bytes[0] >= 0x80)
        value = UINT64_MAX;
    for (size_t i = 0; i < length; i++)
        value = value << 8 | bytes[i];
    *number = (int64_t)value;
    return true;
}

bool pgsql_number_within(const struct pg_result *result, size_t row, size_t column, int64_t least,
                         int64_t most, int64_t *number)
{
    int64_t value;

    if (!pgsql_number(result, row, column, &value) || value < least || value > most)
        return false;
    *number = value;
    return true;
}

bool pgsql_int(const struct pg_result *result, size_t row, size_t column, int *number)
{
    int64_t value;

    if (!pgsql_number_within(result, row, column, INT_MIN, INT_MAX, &value))
        return false;
    *number = (int)value;
    return true;
}

bool pgsql_time(const struct pg_result *result, size_t row, size_t column, time_t *seconds)
{
    int64_t value;

    if (!pgsql_number_within(result, row, column, 0, ASP_TIME_MAX, &value))
        return false;
    *seconds = (time_t)value;
    return true;
}

bool pgsql_time_us(const struct pg_result *result, size_t row, size_t column, int64_t *us)
{
    return pgsql_number_within(result, row, column, 0, ASP_TIME_MAX * PGSQL_US, us);
}

void pgsql_result_free(struct pg_result *result)
{
    exchange_free_result(result);
}
