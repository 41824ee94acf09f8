/* What synchronous_standby_names is set to, and who is there of those. */
#include "unit.h"

#include "asp-admin/database/standbys.h"

#define SIXTY_THREE "a23456789b23456789c23456789d23456789e23456789f23456789g23456789"

enum { ANY = DATABASE_STANDBYS_ANY };

static const struct {
    const char *names;
    const char *followers;
    struct database_standbys standbys;
} rows[] = {
    {"", "", {0, 0, 0, 0}},
    {"  ", "", {0, 0, 0, 0}},
    {"", "db2\ndb3", {0, 0, 0, 2}},
    {"db2", "", {1, 1, 0, 0}},
    {"db2", "db2", {1, 1, 1, 1}},
    {"db2", "DB2\nbarman", {1, 1, 1, 2}},
    {"db2, db3", "db3", {1, 2, 1, 1}},
    {"2 (db2, db3)", "db2\ndb3", {2, 2, 2, 2}},
    {"FIRST 1 (db2, db3)", "db2\ndb3", {1, 2, 2, 2}},
    {"first 2(db2,db3 , db4)", "db4", {2, 3, 1, 1}},
    {"ANY 1 (db2, db3)", "db2\ndb3", {1, 2, 2, 2}},
    {"any\t2 ( db2, db3,db4 )", "db2\ndb3\ndb5", {2, 3, 2, 3}},
    {"*", "anybody", {1, ANY, 1, 1}},
    {"ANY 2 (*)", "db2\ndb3\ndb4", {2, ANY, 3, 3}},
    {"db2, *", "db3", {1, ANY, 1, 1}},
    /* Names are told by what is around them, and not by what they are. */
    {"firstborn, anybody", "anybody", {1, 2, 1, 1}},
    {"\"first\"", "first", {1, 1, 1, 1}},
    {"\"db 2\", \"a\"\"b\", \"c)\"", "db 2\na\"b\nc)", {1, 3, 3, 3}},
    {"2db", "2db", {1, 1, 1, 1}},
    /* One that is longer than a name can be is cut. */
    {SIXTY_THREE "abc, db3", SIXTY_THREE, {1, 2, 1, 1}},
    {"2", "2", {1, 1, 1, 1}},
    {"*", SIXTY_THREE "b", {1, ANY, 1, 1}},
    {"*", SIXTY_THREE SIXTY_THREE "\ndb2", {1, ANY, 2, 2}},
    {"\")c\"", ")c", {1, 1, 1, 1}},
    /* PostgreSQL takes none of these. */
    {"a\"b", "a\"b", {1, 1, 1, 1}},
    {"ANY", "", {1, 1, 0, 0}},
    {"\"open", "open", {1, 1, 1, 1}},
};

START_TEST(it_is_read_as_postgresql_reads_it)
{
    struct database_standbys found;

    database_standbys_read(rows[_i].names, rows[_i].followers, &found);
    ck_assert_uint_eq(found.needed, rows[_i].standbys.needed);
    ck_assert_uint_eq(found.listed, rows[_i].standbys.listed);
    ck_assert_uint_eq(found.connected, rows[_i].standbys.connected);
    ck_assert_uint_eq(found.followers, rows[_i].standbys.followers);
}
END_TEST

static void fill(Suite *suite)
{
    unit_loop(suite, it_is_read_as_postgresql_reads_it, UNIT_COUNT(rows));
}

int main(void)
{
    return unit_run("database_standbys", fill);
}
