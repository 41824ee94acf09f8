/* What a client says to the broker, and the broker to a client: as it is, and with a head that is
 * right. Written again it is the same, to the byte. */
#include "fuzz.h"

#include "asp-broker/client_policy.h"
#include "asp/broker_login.h"
#include "asp/broker_message.h"
#include "asp/broker_password.h"
#include "asp/broker_sign_in.h"
#include "asp/name.h"
#include "asp/secret.h"

enum { HEAD = 8, LENGTH_AT = 6 };

static const char conf_text[] =
    "broker: { clients = ( { user = \"www-data\"; services = [ \"nginx\" ]; },"
    " { user = \"asp-authorize\"; services = [ \"web\" ]; } ); };"
    "apps = ( { name = \"mail\"; services = [ \"imap\" ]; } ); guarded = [ \"sshd\" ];"
    "self_service: { web_user = \"web\"; };";

/* Made once, and kept. */
static const struct asp_conf *get_conf(void)
{
    static struct asp_conf *conf;

    FUZZ_NEED(conf != NULL ||
              asp_conf_read("fuzz", conf_text, sizeof conf_text - 1, &conf, NULL) == ASP_OK);
    return conf;
}

static void same_text(const char *sent, const char *read)
{
    FUZZ_NEED((sent == NULL) == (read == NULL));
    FUZZ_NEED(sent == NULL || strncmp(sent, read, strlen(read)) == 0);
}

/* Who is named asks for her own services alone, the web server for none. */
static void may_ask(const struct asp_request *request)
{
    const struct asp_conf *conf = get_conf();

    if (client_policy_check(conf, 33, "www-data", request, NULL) == ASP_OK)
        FUZZ_NEED(asp_service_equal(request->service, "nginx"));
    if (client_policy_check(conf, 34, "asp-authorize", request, NULL) == ASP_OK)
        FUZZ_NEED(asp_service_equal(request->service, "web"));
    FUZZ_NEED(client_policy_check(conf, 0, "web", request, NULL) == ASP_DENIED);
    FUZZ_NEED(client_policy_check(conf, 35, "other", request, NULL) == ASP_DENIED);
    FUZZ_NEED(client_policy_check(conf, 0, "root", request, NULL) == ASP_OK);
}

/* What was read is written as a login again, whose values are cut at most. */
static void ask_again(const struct asp_request *request)
{
    struct asp_message message;
    struct asp_message_read read;
    struct asp_request again;
    struct asp_secret a;
    struct asp_secret b;
    char user_a[ASP_USER_ENCODED + 1];
    char user_b[ASP_USER_ENCODED + 1];

    asp_broker_login_write(request, ASP_MESSAGE_NEWEST, &message);
    FUZZ_NEED(!message.failed);
    FUZZ_NEED(asp_message_read(message.bytes, message.length, "x", &read, NULL) == ASP_OK);
    FUZZ_NEED(asp_broker_login_read(&read, &again));
    same_text(request->user, again.user);
    same_text(request->service, again.service);
    same_text(request->app, again.app);
    same_text(request->host, again.host);
    FUZZ_NEED(asp_user_encode(request->user, user_a) == asp_user_encode(again.user, user_b));
    FUZZ_NEED(asp_service_valid(request->service) == asp_service_valid(again.service));
    FUZZ_NEED(asp_secret_read(request->secret, request->secret_length, &a) ==
              asp_secret_read(again.secret, again.secret_length, &b));
    FUZZ_NEED(memcmp(&a, &b, sizeof a) == 0);
    may_ask(request);
}

static void answer_again(const struct asp_outcome *outcome, unsigned version)
{
    struct asp_message message;
    struct asp_message_read read;
    struct asp_outcome again;

    FUZZ_NEED(outcome->verdict != ASP_ACCEPTED || outcome->id[0] != '\0');
    asp_broker_outcome_write(outcome, version, &message);
    FUZZ_NEED(!message.failed);
    FUZZ_NEED(asp_message_read(message.bytes, message.length, "x", &read, NULL) == ASP_OK);
    FUZZ_NEED(asp_broker_outcome_read(&read, &again));
    FUZZ_NEED(memcmp(outcome, &again, sizeof again) == 0);
}

static void set_again(const struct asp_broker_password *set)
{
    struct asp_message message;
    struct asp_message_read read;
    struct asp_broker_password again;

    asp_broker_password_write(set, &message);
    FUZZ_NEED(!message.failed);
    FUZZ_NEED(asp_message_read(message.bytes, message.length, "x", &read, NULL) == ASP_OK);
    FUZZ_NEED(asp_broker_password_read(&read, &again));
    FUZZ_NEED(strcmp(set->user, again.user) == 0 && strcmp(set->service, again.service) == 0);
    FUZZ_NEED(strcmp(set->conf_path, again.conf_path) == 0);
    FUZZ_NEED(strcmp(set->conf_state, again.conf_state) == 0);
}

static void sign_in_again(const struct asp_broker_sign_in *sign_in,
                          const struct asp_network *network)
{
    struct asp_message message;
    struct asp_message_read read;
    struct asp_broker_sign_in again;
    struct asp_network from;

    asp_broker_sign_in_write(sign_in, &message);
    FUZZ_NEED(!message.failed);
    FUZZ_NEED(asp_message_read(message.bytes, message.length, "x", &read, NULL) == ASP_OK);
    FUZZ_NEED(asp_broker_sign_in_read(&read, &again, &from));
    FUZZ_NEED(strcmp(sign_in->user, again.user) == 0 && strlen(again.user) <= ASP_USER_MAX);
    FUZZ_NEED((sign_in->address == NULL) == (again.address == NULL));
    FUZZ_NEED(sign_in->address == NULL ||
              (from.bits == 128 && memcmp(network, &from, sizeof from) == 0));
}

/* Field by field. A message that refuses has the version of whoever says it. */
static void write_again(const struct asp_message_read *read, const uint8_t *bytes, size_t size)
{
    struct asp_message message;

    if (read->version < ASP_MESSAGE_OLDEST || read->version > ASP_MESSAGE_NEWEST ||
        size > ASP_MESSAGE_MAX)
        return;
    asp_message_begin(&message, read->type);
    asp_message_set_version(&message, read->version);
    for (size_t i = 0; i < read->count; i++)
        asp_message_bytes(&message, read->fields[i].bytes, read->fields[i].length);
    FUZZ_NEED(!message.failed && message.length == size);
    FUZZ_NEED(memcmp(message.bytes, bytes, size) == 0);
    asp_message_wipe(&message);
}

static void look_at(const uint8_t *bytes, size_t size)
{
    struct asp_message_read read;
    struct asp_request request;
    struct asp_outcome outcome;
    struct asp_broker_password set;
    struct asp_broker_sign_in sign_in;
    struct asp_network network;
    int number;

    if (asp_message_read(bytes, size, "x", &read, NULL) != ASP_OK) {
        FUZZ_NEED(asp_message_field(&read, 0) == NULL);
        return;
    }
    write_again(&read, bytes, size);
    for (size_t i = 0; i <= read.count; i++) {
        const char *text = asp_message_field(&read, i);

        FUZZ_NEED(text == NULL || strlen(text) + 1 == read.fields[i].length);
        FUZZ_NEED(!asp_message_read_number(&read, i, &number) || (text != NULL && number >= 0));
    }
    if (asp_broker_login_read(&read, &request))
        ask_again(&request);
    if (asp_broker_outcome_read(&read, &outcome))
        answer_again(&outcome, read.version);
    if (asp_broker_password_read(&read, &set))
        set_again(&set);
    if (asp_broker_sign_in_read(&read, &sign_in, &network))
        sign_in_again(&sign_in, &network);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t magic[] = {'a', 's', 'p'};
    enum { VERSION_AT = sizeof magic };
    uint8_t *bytes;

    look_at(data, size);
    if (size < HEAD)
        return 0;
    bytes = (uint8_t *)fuzz_text(data, size);
    memcpy(bytes, magic, sizeof magic);
    bytes[VERSION_AT] = (uint8_t)(ASP_MESSAGE_OLDEST + bytes[VERSION_AT] % ASP_MESSAGE_NEWEST);
    bytes[LENGTH_AT] = (uint8_t)(size & 0xff);
    bytes[LENGTH_AT + 1] = (uint8_t)(size >> 8 & 0xff);
    look_at(bytes, size);
    free(bytes);
    return 0;
}
