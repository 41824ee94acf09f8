/* Where an app password is good: apps, first use, guarded services, networks; and the record of its
 * use. */
#include "stored.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct world world;

static void make_world(void)
{
    world_make(&world, "usage_interval = 0;");
}

static void entry(char password[PASSWORD_MAX], const char *label, const char *app)
{
    create(&world, password, "alice", "--label", label, "--app", app, "--new-app", NULL);
}

static int at(const char *service, const char *password)
{
    return login(&world, service, "alice", "192.0.2.7", password);
}

/* --- apps ------------------------------------------------------------------------------------- */

START_TEST(an_app_password_opens_the_services_of_its_app_alone)
{
    static const char *const mine[] = {"dovecot", "imap",       "pop3",  "lmtp",
                                       "smtp",    "submission", "sieve", "managesieve"};
    static const char *const others[] = {"caldav", "nginx", "sshd", "login",
                                         "imapd",  "imaps", "ima",  "webmail"};
    char password[PASSWORD_MAX];

    entry(password, "mail", "mail");
    for (size_t i = 0; i < 8; i++) {
        ck_code_msg(at(mine[i], password), PAM_SUCCESS, "%s", mine[i]);
        ck_code_msg(at(others[i], password), PAM_AUTH_ERR, "%s", others[i]);
    }
}
END_TEST

/* Lesson: pam_multipass. */
START_TEST(a_password_of_one_app_never_opens_what_another_of_hers_opens)
{
    char mail[PASSWORD_MAX], calendar[PASSWORD_MAX];

    entry(mail, "mail", "mail");
    entry(calendar, "calendar", "calendar");
    ck_code(at("imap", mail), PAM_SUCCESS);
    ck_code(at("caldav", calendar), PAM_SUCCESS);
    ck_code(at("imap", calendar), PAM_AUTH_ERR);
    ck_code(at("caldav", mail), PAM_AUTH_ERR);
}
END_TEST

START_TEST(a_service_in_no_group_is_an_app_of_its_own_name)
{
    char password[PASSWORD_MAX];

    entry(password, "own", "webmail");
    ck_code(at("webmail", password), PAM_SUCCESS);
    ck_code(at("WebMail", password), PAM_SUCCESS);
    ck_code(at("webmail2", password), PAM_AUTH_ERR);
    ck_code(at("imap", password), PAM_AUTH_ERR);
}
END_TEST

/* It goes on, and opens nothing else of the group. */
START_TEST(what_was_made_for_a_service_alone_outlives_a_group_that_takes_it_in)
{
    char own[PASSWORD_MAX], first[PASSWORD_MAX];

    entry(own, "own", "webmail");
    entry(first, "first", "first-use");
    ck_code(at("webmail", first), PAM_SUCCESS);
    world_configure(&world,
                    "apps: ( { name = \"mail\"; services = [ \"imap\", \"webmail\" ]; } );");
    ck_code(at("webmail", own), PAM_SUCCESS);
    ck_code(at("imap", own), PAM_AUTH_ERR);
    ck_code(at("webmail", first), PAM_SUCCESS);
    ck_code(at("imap", first), PAM_AUTH_ERR);
    ck_returned_str_eq(stored_entry(&world, "alice", first).app, "webmail");
    /* A group that is called so is another app. */
    world_configure(&world, "apps: ( { name = \"webmail\"; services = [ \"imap\" ]; },\n"
                            "        { name = \"mail\"; services = [ \"webmail\" ]; } );");
    ck_code(at("webmail", own), PAM_AUTH_ERR);
    world_configure(&world, "usage_interval = 0;");
}
END_TEST

START_TEST(a_service_name_that_can_not_be_is_another_app)
{
    static const char *const names[] = {"",      "im ap",  "im\"ap",      "im\\ap", "im%ap",
                                        "im,ap", "im\nap", "\xc3\xafmap", "any",    "first-use"};
    char any[PASSWORD_MAX], unbound[PASSWORD_MAX], mail[PASSWORD_MAX], name[10241];

    entry(any, "any", "any");
    entry(mail, "mail", "mail");
    entry(unbound, "unbound", "first-use");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ck_code_msg(at(names[i], mail), PAM_AUTH_ERR, "mail at \"%s\"", names[i]);
        ck_code_msg(at(names[i], unbound), PAM_AUTH_ERR, "unbound at \"%s\"", names[i]);
    }
    memset(name, 's', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    ck_code(at(name, mail), PAM_AUTH_ERR);
    ck_code(at(name, any), PAM_AUTH_ERR);
    ck_code(at(name, unbound), PAM_AUTH_ERR);
    name[65] = '\0';
    ck_code(at(name, unbound), PAM_AUTH_ERR);
    ck_returned_str_eq(stored_entry(&world, "alice", unbound).app, "first-use");
    name[64] = '\0';
    ck_code(at(name, unbound), PAM_SUCCESS);
    ck_returned_str_eq(stored_entry(&world, "alice", unbound).app, name);
}
END_TEST

START_TEST(any_opens_all_but_guarded_services_and_never_binds)
{
    static const char *const services[] = {"imap", "caldav", "webmail", "imap"};
    static const char *const guarded[] = {
        "login",    "su",      "su-l",      "sudo", "sudo-i", "runuser",      "runuser-l",
        "polkit-1", "passwd",  "chsh",      "chfn", "cron",   "gdm-password", "lightdm",
        "sddm",     "cockpit", "asp-admin", "sshd", "SUDO"};
    char password[PASSWORD_MAX];

    entry(password, "any", "any");
    for (size_t i = 0; i < 4; i++)
        ck_code_msg(at(services[i], password), PAM_SUCCESS, "%s", services[i]);
    for (size_t i = 0; i < sizeof guarded / sizeof *guarded; i++)
        ck_code_msg(at(guarded[i], password), PAM_AUTH_ERR, "%s", guarded[i]);
    ck_returned_str_eq(stored_entry(&world, "alice", password).app, "any");
}
END_TEST

/* --- first use -------------------------------------------------------------------------------- */

START_TEST(the_first_use_binds_for_good)
{
    char password[PASSWORD_MAX];

    entry(password, "first", "first-use");
    struct stored before = stored_entry(&world, "alice", password);
    ck_assert_str_eq(before.app, "first-use");
    ck_assert_str_eq(before.bound_service, "");
    ck_code(at("imap", password), PAM_SUCCESS);
    struct stored after = stored_entry(&world, "alice", password);
    ck_assert_str_eq(after.app, "mail");
    ck_assert_str_eq(after.bound_service, "imap");
    ck_assert_int_eq(stored_events(&world, "alice", password, "bound"), 1);
    ck_code(at("caldav", password), PAM_AUTH_ERR);
    ck_code(at("smtp", password), PAM_SUCCESS);
    ck_assert_int_eq(stored_events(&world, "alice", password, "bound"), 1);
    ck_returned_str_eq(stored_entry(&world, "alice", password).bound_service, "imap");
}
END_TEST

START_TEST(a_first_use_at_a_service_in_no_group_binds_to_it)
{
    char password[PASSWORD_MAX];

    create(&world, password, "alice", "--label", "first", NULL);
    ck_code(at("webmail", password), PAM_SUCCESS);
    ck_returned_str_eq(stored_entry(&world, "alice", password).app, "webmail");
    ck_code(at("imap", password), PAM_AUTH_ERR);
    ck_code(at("webmail", password), PAM_SUCCESS);
}
END_TEST

START_TEST(a_refused_login_binds_nothing)
{
    char password[PASSWORD_MAX], wrong[PASSWORD_MAX];
    char before[8192], after[8192];

    create(&world, password, "alice", "--label", "first", "--from", "192.0.2.0/24", NULL);
    with_other_secret(wrong, password);
    size_t length = file_read(store_path(&world, "users/alice"), before, sizeof before);
    ck_code(at("imap", wrong), PAM_AUTH_ERR);
    ck_code(at("sshd", password), PAM_AUTH_ERR);
    ck_code(at("sudo", password), PAM_AUTH_ERR);
    ck_code(login(&world, "imap", "alice", "198.51.100.1", password), PAM_AUTH_ERR);
    ck_assert_uint_eq(file_read(store_path(&world, "users/alice"), after, sizeof after), length);
    ck_assert_mem_eq(before, after, length);
    ck_returned_str_eq(stored_entry(&world, "alice", password).app, "first-use");
    ck_assert(!stored_entry(&world, "alice", password).used);
}
END_TEST

/* Lesson: google-authenticator-libpam #115 #166. */
START_TEST(the_file_that_a_first_use_writes_is_its_owners_alone_whatever_the_umask)
{
    static const mode_t masks[] = {0, 077, 0777};
    char password[PASSWORD_MAX];
    struct stat status;

    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        char label[16];
        (void)snprintf(label, sizeof label, "first %zu", i);
        entry(password, label, "first-use");
        mode_t old = umask(masks[i]);
        int code = at("imap", password);
        (void)umask(old);
        ck_code(code, PAM_SUCCESS);
        ck_assert(stat(store_path(&world, "users/alice"), &status) == 0);
        ck_assert_uint_eq(status.st_mode & 07777, 0600);
        ck_assert(stat(store_path(&world, "used/alice"), &status) == 0);
        ck_assert_uint_eq(status.st_mode & 0077, 0);
        ck_code(at("imap", password), PAM_SUCCESS);
    }
}
END_TEST

/* --- guarded ---------------------------------------------------------------------------------- */

START_TEST(a_guarded_service_is_opened_by_an_entry_created_for_its_app)
{
    char ssh[PASSWORD_MAX], sudo[PASSWORD_MAX];

    entry(ssh, "ssh", "ssh");
    entry(sudo, "sudo", "sudo");
    ck_code(at("sshd", ssh), PAM_SUCCESS);
    ck_code(at("sudo", sudo), PAM_SUCCESS);
    ck_code(at("sudo", ssh), PAM_AUTH_ERR);
    ck_code(at("sshd", sudo), PAM_AUTH_ERR);
}
END_TEST

START_TEST(an_entry_bound_by_first_use_never_opens_a_guarded_service_of_its_app)
{
    char bound[PASSWORD_MAX], made[PASSWORD_MAX];

    world_configure(&world, "apps: ( { name = \"mail\"; services = [ \"imap\", \"shell\" ]; } );\n"
                            "guarded = [ \"shell\" ];");
    entry(bound, "bound", "first-use");
    entry(made, "made", "mail");
    ck_code(at("shell", bound), PAM_AUTH_ERR);
    ck_code(at("imap", bound), PAM_SUCCESS);
    ck_code(at("shell", bound), PAM_AUTH_ERR);
    ck_code(at("shell", made), PAM_SUCCESS);
    ck_code(at("imap", made), PAM_SUCCESS);
    world_configure(&world, "usage_interval = 0;");
}
END_TEST

/* --- networks --------------------------------------------------------------------------------- */

static void from(const char *const *networks, const char *const *inside, const char *const *outside)
{
    char password[PASSWORD_MAX];

    create(&world, password, "alice", "--label", networks[0], "--app", "mail", "--from",
           networks[0], networks[1] == NULL ? NULL : "--from", networks[1], NULL);
    for (; *inside != NULL; inside++)
        ck_code_msg(login(&world, "imap", "alice", *inside, password), PAM_SUCCESS, "from %s to %s",
                    *inside, networks[0]);
    for (; *outside != NULL; outside++)
        ck_code_msg(login(&world, "imap", "alice", *outside, password), PAM_AUTH_ERR,
                    "from %s to %s", *outside, networks[0]);
    ck_code_msg(login(&world, "imap", "alice", NULL, password), PAM_AUTH_ERR, "from nowhere to %s",
                networks[0]);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL, NULL})

START_TEST(an_entry_with_networks_is_good_from_there_alone)
{
    from(LIST("192.0.2.0/24"),
         LIST("192.0.2.0", "192.0.2.255", "::ffff:192.0.2.7", "::ffff:c000:0207"),
         LIST("192.0.1.255", "192.0.3.0", "::192.0.2.7", "64:ff9b::192.0.2.7", "2001:db8::1",
              "::1"));
    from(LIST("192.0.2.7"), LIST("192.0.2.7", "::ffff:192.0.2.7"),
         LIST("192.0.2.6", "192.0.2.8", "::ffff:192.0.2.8"));
    from(LIST("2001:db8::/32"), LIST("2001:db8::1", "2001:0db8:ffff::", "2001:DB8::A"),
         LIST("2001:db9::", "2001:db7:ffff::", "192.0.2.7", "::ffff:192.0.2.7"));
    from(LIST("2001:db8::/33"), LIST("2001:db8:7fff::"), LIST("2001:db8:8000::"));
    from(LIST("10.0.0.0/8", "2001:db8:1::1"), LIST("10.255.255.255", "2001:db8:1::1"),
         LIST("11.0.0.0", "2001:db8:1::2"));
    from(LIST("0.0.0.0/0"), LIST("255.255.255.255", "::ffff:1.2.3.4"), LIST("2001:db8::1", "::"));
}
END_TEST

START_TEST(a_name_or_nonsense_as_rhost_is_in_no_network)
{
    from(LIST("0.0.0.0/0", "::/0"), LIST("127.0.0.1", "::1"),
         LIST("localhost", "mail.example.org", "", "192.0.2.7 ", " 192.0.2.7", "192.0.2.7\n",
              "192.0.2", "3221225991", "0300.0.2.7", "192.0.2.7/24", "192.0.2.256", "[::1]", "::1]",
              "192.0.2.7:143", "192.0.2.7,192.0.2.8", "1::2::3", "0x7f.1"));
}
END_TEST

START_TEST(an_entry_without_networks_is_good_from_anywhere)
{
    char password[PASSWORD_MAX];

    entry(password, "open", "mail");
    ck_code(login(&world, "imap", "alice", NULL, password), PAM_SUCCESS);
    ck_code(login(&world, "imap", "alice", "", password), PAM_SUCCESS);
    ck_code(login(&world, "imap", "alice", "some.host", password), PAM_SUCCESS);
    ck_code(login(&world, "imap", "alice", "\xff\n\"", password), PAM_SUCCESS);
}
END_TEST

/* --- use -------------------------------------------------------------------------------------- */

/* Lesson: pam_tally2, pam_faillock. */
START_TEST(the_last_use_is_recorded_for_accepted_logins_only)
{
    char password[PASSWORD_MAX];

    entry(password, "used", "mail");
    ck_code(at("caldav", password), PAM_AUTH_ERR);
    ck_assert(!stored_entry(&world, "alice", password).used);
    ck_code(login(&world, "imap", "alice", "192.0.2.7", password), PAM_SUCCESS);
    struct stored stored = stored_entry(&world, "alice", password);
    ck_assert(stored.used);
    ck_assert_str_eq(stored.used_service, "imap");
    ck_assert_str_eq(stored.used_rhost, "192.0.2.7");
    ck_code(login(&world, "caldav", "alice", "192.0.2.9", password), PAM_AUTH_ERR);
    ck_code(login(&world, "smtp", "alice", "2001:db8::1", password), PAM_SUCCESS);
    stored = stored_entry(&world, "alice", password);
    ck_assert_str_eq(stored.used_service, "smtp");
    ck_assert_str_eq(stored.used_rhost, "2001:db8::1");
}
END_TEST

int main(void)
{
    TCase *tests = harness_begin("scope");

    tcase_add_checked_fixture(tests, make_world, NULL);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, an_app_password_opens_the_services_of_its_app_alone);
    tcase_add_test(tests, a_password_of_one_app_never_opens_what_another_of_hers_opens);
    tcase_add_test(tests, a_service_in_no_group_is_an_app_of_its_own_name);
    tcase_add_test(tests, what_was_made_for_a_service_alone_outlives_a_group_that_takes_it_in);
    tcase_add_test(tests, a_service_name_that_can_not_be_is_another_app);
    tcase_add_test(tests, any_opens_all_but_guarded_services_and_never_binds);
    tcase_add_test(tests, the_first_use_binds_for_good);
    tcase_add_test(tests, a_first_use_at_a_service_in_no_group_binds_to_it);
    tcase_add_test(tests, a_refused_login_binds_nothing);
    tcase_add_test(tests, the_file_that_a_first_use_writes_is_its_owners_alone_whatever_the_umask);
    tcase_add_test(tests, a_guarded_service_is_opened_by_an_entry_created_for_its_app);
    tcase_add_test(tests, an_entry_bound_by_first_use_never_opens_a_guarded_service_of_its_app);
    tcase_add_test(tests, an_entry_with_networks_is_good_from_there_alone);
    tcase_add_test(tests, a_name_or_nonsense_as_rhost_is_in_no_network);
    tcase_add_test(tests, an_entry_without_networks_is_good_from_anywhere);
    tcase_add_test(tests, the_last_use_is_recorded_for_accepted_logins_only);
    return harness_run();
}
