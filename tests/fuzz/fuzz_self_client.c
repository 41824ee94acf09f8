/*
 * What the broker says to a user's asp-admin: each thing that is to be written is written where it
 * belongs and as it came, each question gets one answer and nothing else is answered, and what is
 * none of that ends it.
 */
#include "door.h"

#include "asp-admin/self/self_client.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define APP_PASSWORD "7km4q-x8w2r-tz5np-v6hdj-3csyb"

/* Where a sanitizer tells what it has found, while standard error is looked at. */
void __sanitizer_set_report_fd(void *fd) __attribute__((weak));

static int typed = -1;  /* what is typed: a line for each question */
static int shown = -1;  /* standard error meanwhile */
static int errors = -1; /* standard error else */

/* What the console was told. */
static struct {
    size_t written; /* bytes of what was to be written, out and err together */
    size_t lines;   /* of its own, on standard error */
    uint8_t bytes[2 * ASP_MESSAGE_MAX];
    bool out[2 * ASP_MESSAGE_MAX];
} told;

/* How the console fails what begins so. */
static int fails(const uint8_t *bytes, size_t length)
{
    return length > 0 && bytes[0] == 'F' ? ENOSPC : 0;
}

static bool tell(void *context, enum console_stream stream, const char *text, size_t length)
{
    static const char own[] = "fuzz: ";

    (void)context;
    /* What the broker says never begins so: see exchange. */
    if (length >= sizeof own - 1 && memcmp(text, own, sizeof own - 1) == 0) {
        FUZZ_NEED(stream == CONSOLE_ERR && text[length - 1] == '\n');
        for (size_t i = 0; i < length - 1; i++)
            FUZZ_NEED((unsigned char)text[i] >= ' ' && text[i] != '\x7f');
        told.lines++;
        return true;
    }
    FUZZ_NEED(told.lines == 0 && told.written + length <= sizeof told.bytes);
    for (size_t i = 0; i < length; i++) {
        told.bytes[told.written] = (uint8_t)text[i];
        told.out[told.written++] = stream == CONSOLE_OUT;
    }
    errno = fails((const uint8_t *)text, length);
    return errno == 0;
}

static bool read_app_password(void *context, const char *user, char *text, size_t size,
                              size_t *length)
{
    (void)context;
    FUZZ_NEED(strlen(user) <= ASP_MESSAGE_MAX);
    FUZZ_NEED(size > strlen(APP_PASSWORD));
    *length = strlen(APP_PASSWORD);
    memcpy(text, APP_PASSWORD, *length);
    return true;
}

/* Once: nobody is asked at the terminal of whoever runs this. */
static void prepare(void)
{
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

    if (terminal >= 0) {
        FUZZ_NEED(ioctl(terminal, TIOCNOTTY) == 0);
        FUZZ_NEED(close(terminal) == 0);
    }
    typed = memfd_create("typed", MFD_CLOEXEC);
    shown = memfd_create("shown", MFD_CLOEXEC);
    errors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    FUZZ_NEED(typed >= 0 && shown >= 0 && errors >= 0);
    for (int i = 0; i < DOOR_MESSAGES; i++)
        FUZZ_NEED(dprintf(typed, "answer %d\n", i) > 0);
    FUZZ_NEED(dup2(typed, STDIN_FILENO) == STDIN_FILENO);
    if (__sanitizer_set_report_fd != NULL)
        /* NOLINTNEXTLINE(performance-no-int-to-ptr): so it is given */
        __sanitizer_set_report_fd((void *)(intptr_t)errors);
}

static enum exit_code serve(int fd, bool json)
{
    const struct console console = {
        .program = "fuzz", .write = tell, .read_secret = read_app_password};
    enum exit_code code;

    memset(&told, 0, sizeof told);
    FUZZ_NEED(lseek(typed, 0, SEEK_SET) == 0);
    FUZZ_NEED(ftruncate(shown, 0) == 0 && lseek(shown, 0, SEEK_SET) == 0);
    FUZZ_NEED(dup2(shown, STDERR_FILENO) == STDERR_FILENO);
    code = self_client_serve(&console, fd, json);
    FUZZ_NEED(dup2(errors, STDERR_FILENO) == STDERR_FILENO);
    return code;
}

/* What was asked at no terminal is on standard error, and disturbs none. RFC 8259 lets DEL stand in
 * a text. */
static void check_shown(bool json)
{
    char text[4096];
    ssize_t got;

    FUZZ_NEED(lseek(shown, 0, SEEK_SET) == 0);
    while ((got = read(shown, text, sizeof text)) > 0) {
        for (ssize_t i = 0; i < got; i++)
            FUZZ_NEED(text[i] == '\n' ||
                      ((unsigned char)text[i] >= ' ' && (json || text[i] != '\x7f')));
    }
}

/* What was to be written is the next of what was. */
static void check_said(const struct asp_message_read *message, size_t *written)
{
    const size_t length = message->fields[1].length;
    const bool out = door_field_is(message, 0, ASP_STREAM_OUT);

    FUZZ_NEED(*written + length <= told.written);
    for (size_t i = 0; i < length; i++, ++*written) {
        FUZZ_NEED(told.bytes[*written] == message->fields[1].bytes[i]);
        FUZZ_NEED(told.out[*written] == out);
    }
}

static void check_answer_to_say(const struct asp_message_read *message,
                                const struct asp_message_read *answer)
{
    int number;

    FUZZ_NEED(answer->type == ASP_MESSAGE_SAID && answer->count == 1);
    FUZZ_NEED(asp_message_read_number(answer, 0, &number));
    FUZZ_NEED(number == fails(message->fields[1].bytes, message->fields[1].length));
}

static void check_answer_to_ask(const struct asp_message_read *message,
                                const struct asp_message_read *answer, int *lines)
{
    char expected[32] = "";

    if (door_field_is(message, 0, ASP_ASK_APP_PASSWORD))
        strcpy(expected, APP_PASSWORD);
    else if (door_field_is(message, 0, ASP_ASK_HIDDEN) || door_field_is(message, 0, ASP_ASK_SHOWN))
        (void)snprintf(expected, sizeof expected, "answer %d", (*lines)++);
    FUZZ_NEED(answer->type == ASP_MESSAGE_REPLY && answer->count == 2);
    FUZZ_NEED(answer->fields[0].length == strlen(expected));
    FUZZ_NEED(answer->fields[0].length == 0 ||
              memcmp(answer->fields[0].bytes, expected, strlen(expected)) == 0);
    FUZZ_NEED(door_field_is(answer, 1, "typed"));
}

static bool is_say(const struct asp_message_read *message)
{
    return message->type == ASP_MESSAGE_SAY && message->count == 2 &&
           asp_message_field(message, 0) != NULL;
}

static bool is_ask(const struct asp_message_read *message)
{
    return message->type == ASP_MESSAGE_ASK && asp_message_field(message, 0) != NULL &&
           asp_message_field(message, 1) != NULL;
}

/* Message by message, with what came of each. */
static void check_exchange(const struct door *door, int fd, enum exit_code code)
{
    static uint8_t bytes[ASP_MESSAGE_MAX];
    struct asp_message_read answer;
    size_t written = 0;
    int lines = 0;
    int number = EXIT_STORE;
    bool done = false;
    size_t i;

    for (i = 0; i < door->count && door->messages[i].status == ASP_OK; i++) {
        const struct asp_message_read *message = &door->messages[i].read;

        if (message->type == ASP_MESSAGE_REFUSED || (!is_say(message) && !is_ask(message)))
            break;
        FUZZ_NEED(door_hear(fd, bytes, &answer));
        if (is_say(message)) {
            check_said(message, &written);
            check_answer_to_say(message, &answer);
        } else {
            check_answer_to_ask(message, &answer, &lines);
        }
    }
    if (i < door->count && door->messages[i].status == ASP_OK &&
        door->messages[i].read.type == ASP_MESSAGE_DONE)
        done = asp_message_read_number(&door->messages[i].read, 0, &number) && number <= EXIT_CONF;
    FUZZ_NEED(!door_hear(fd, bytes, &answer));
    FUZZ_NEED(written == told.written);
    FUZZ_NEED((int)code == (done ? number : EXIT_STORE));
    FUZZ_NEED(told.lines == (done ? 0 : 1));
}

static void exchange(const uint8_t *data, size_t size, bool mend)
{
    static struct door door;
    uint8_t *bytes = (uint8_t *)fuzz_text(data, size);
    const bool json = size % 2 == 0;
    enum exit_code code;
    int ends[2];

    /* The console knows its own lines by their beginning. */
    for (size_t i = 0; i + 4 < size; i++) {
        if (memcmp(bytes + i, "fuzz:", 5) == 0)
            bytes[i] = 'F';
    }
    door_cut(&door, bytes, size, mend);
    door_open(&door, ends);
    code = serve(ends[1], json);
    check_shown(json);
    check_exchange(&door, ends[0], code);
    FUZZ_NEED(close(ends[0]) == 0 && close(ends[1]) == 0);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (errors < 0)
        prepare();
    exchange(data, size, false);
    exchange(data, size, true);
    return 0;
}
