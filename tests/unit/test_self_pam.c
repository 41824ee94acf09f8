/* What is left on the stack of a password that a user has typed for PAM: nothing. libpam is played
 * here, and she has answered before she is asked. */
#include "own_stack.h"
#include "unit.h"

#include "asp-broker/self_pam.h"

#include "asp-admin/admin.h"
#include "asp/broker_message.h"

#include <security/pam_appl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE = 8 };

/* Where it comes from and goes to: none of it is on that stack. */
static char typed[] = "what-she-has-typed-at-her-login";
static char *heard;
static struct asp_conf *conf;
static struct admin admin = {.user = "alice"};
static struct self_pam ask = {.service = "asp-admin", .user = "alice"};
static enum asp_status status;
static struct asp_error error;
static const struct pam_conv *conversation;

int pam_start(const char *service, const char *user, const struct pam_conv *with,
              pam_handle_t **pamh)
{
    ck_assert_str_eq(service, ask.service);
    ck_assert_str_eq(user, ask.user);
    conversation = with;
    *pamh = (pam_handle_t *)&ask; /* nobody looks into it */
    return PAM_SUCCESS;
}

int pam_end(pam_handle_t *pamh, int code)
{
    ck_assert_ptr_eq(pamh, &ask);
    return code == PAM_AUTH_ERR ? PAM_SUCCESS : PAM_SYSTEM_ERR;
}

/* A module that asks, hears, and knows nobody. */
int pam_authenticate(pam_handle_t *pamh, int flags)
{
    const struct pam_message question = {.msg_style = PAM_PROMPT_ECHO_OFF, .msg = "Password: "};
    const struct pam_message *questions = &question;
    struct pam_response *response = NULL;

    (void)pamh;
    (void)flags;
    if (conversation->conv(1, &questions, &response, conversation->appdata_ptr) != PAM_SUCCESS)
        return PAM_CONV_ERR;
    heard = response->resp;
    free(response);
    return PAM_AUTH_ERR;
}

static bool is_left(void)
{
    for (size_t at = 0; at + PIECE < sizeof typed; at++) {
        if (own_stack_has(typed + at, PIECE))
            return true;
    }
    return false;
}

static void leave_it(void)
{
    char copy[sizeof typed];

    memcpy(copy, typed, sizeof copy);
    __asm__ volatile("" : : "r"(copy) : "memory");
}

static void do_ask(void)
{
    status = self_pam_ask(&ask, &admin, &error);
}

/* Her answer waits for the question. */
static void answer(void)
{
    static struct asp_message message;
    int pair[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    asp_message_begin(&message, ASP_MESSAGE_REPLY);
    asp_message_bytes(&message, typed, strlen(typed));
    asp_message_text(&message, "typed", ASP_MESSAGE_MAX);
    ck_assert(send(pair[1], message.bytes, message.length, 0) == (ssize_t)message.length);
    ask.fd = pair[0];
}

START_TEST(a_password_that_a_user_has_typed_is_not_left)
{
    conf = unit_conf("");
    admin.conf = conf;
    own_stack_run(leave_it);
    ck_assert(is_left());
    answer();
    own_stack_run(do_ask);
    ck_assert_int_eq(status, ASP_DENIED);
    ck_assert_str_eq(heard, typed);
    ck_assert(!is_left());
    free(heard);
    asp_conf_free(conf);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, a_password_that_a_user_has_typed_is_not_left);
}

int main(void)
{
    if (unit_is_watched()) {
        (void)puts("a sanitizer or valgrind has stacks of its own");
        return 77;
    }
    return unit_run("self_pam", fill);
}
