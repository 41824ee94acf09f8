/* A process that asks the name service, and what its answers are. */
#include "name_asker.h"

#include "asp/buffer.h"
#include "asp/clock.h"
#include "asp/redact.h"
#include "asp/safeio.h"
#include "asp/shell_word.h"
#include "pam_asp/name_service.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

enum {
    ANSWER_SECONDS = 5, /* for each: nobody waits meanwhile, and a server may be the second tried */
    SECOND = 1000,      /* ms */
    ANSWERS_FD = STDERR_FILENO + 1,
};

/* What the process says of one question. */
struct answer {
    enum asp_answer user;
    bool has_no_memory; /* that is why it is not told */
    bool followed_is_known;
    char name[ASP_USER_MAX + 1];
};

static void free_question(struct name_question *question)
{
    free(question->user);
    free(question->follows);
    free(question->name);
}

static bool has_room(struct name_questions *questions)
{
    size_t room = questions->room == 0 ? 16 : 2 * questions->room;
    struct name_question *grown;

    if (questions->count < questions->room)
        return true;
    grown = reallocarray(questions->list, room, sizeof *grown);
    if (grown == NULL)
        return false;
    questions->list = grown;
    questions->room = room;
    return true;
}

bool name_questions_add(struct name_questions *questions, const char *user, const char *follows)
{
    struct name_question question = {.user = strdup(user), .follows = strdup(follows)};

    if (question.user == NULL || question.follows == NULL || !has_room(questions)) {
        free_question(&question);
        return false;
    }
    questions->list[questions->count++] = question;
    return true;
}

void name_questions_clear(struct name_questions *questions)
{
    for (size_t i = 0; i < questions->count; i++)
        free_question(&questions->list[i]);
    free(questions->list);
    *questions = (struct name_questions){0};
}

/* Signals end it as they end any program. What the watch has open is its own, above all its lock;
 * and what a part of the name service has to say on a screen is nobody's. */
static bool prepare(pid_t parent, int fd)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGPIPE};
    sigset_t none;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        (void)signal(numbers[i], SIG_DFL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        return false;
    closelog(); /* else the log would go to whatever is opened under its number next */
    for (int standard = STDIN_FILENO; standard <= STDERR_FILENO; standard++) {
        if (dup2(null, standard) < 0)
            return false;
    }
    if (fd != ANSWERS_FD && dup2(fd, ANSWERS_FD) < 0)
        return false;
    asp_close_from(ANSWERS_FD + 1);
    return true;
}

/* Nothing is told where one of the two is not. */
static void put(const struct name_question *question, struct answer *answer)
{
    char name[ASP_USER_MAX + 1] = "";
    enum asp_answer followed = ASP_USER_NOT_KNOWN;

    memset(answer, 0, sizeof *answer);
    errno = 0;
    answer->user =
        name_service.ask(name_service.context, question->user, answer->name, sizeof answer->name);
    if (answer->user == ASP_USER_KNOWN && question->follows[0] != '\0' &&
        strcmp(answer->name, question->follows) != 0)
        followed = name_service.ask(name_service.context, question->follows, name, sizeof name);
    if (followed == ASP_USER_NOT_TOLD)
        answer->user = ASP_USER_NOT_TOLD;
    answer->has_no_memory = answer->user == ASP_USER_NOT_TOLD && errno == ENOMEM;
    answer->followed_is_known = followed == ASP_USER_KNOWN && strcmp(name, question->follows) == 0;
}

/* In the new process. */
static void ask_all(const struct name_questions *questions)
{
    struct answer answer = {.user = ASP_USER_NOT_KNOWN};

    for (size_t i = 0; i < questions->count && answer.user != ASP_USER_NOT_TOLD; i++) {
        put(&questions->list[i], &answer);
        if (send(ANSWERS_FD, &answer, sizeof answer, MSG_NOSIGNAL) != (ssize_t)sizeof answer)
            return;
    }
}

enum asp_status name_asker_begin(struct name_asker *asker, struct name_questions *questions,
                                 struct asp_error *error)
{
    const pid_t watch = getpid();
    int ends[2];

    asker->questions = *questions;
    *questions = (struct name_questions){0};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return asp_fail_errno(error, "the name service cannot be asked");
    /* Whoever started us may have it ignored, and then its end would not be ours to see. */
    (void)signal(SIGCHLD, SIG_DFL);
    asker->process = fork();
    if (asker->process == 0) {
        if (prepare(watch, ends[1]))
            ask_all(&asker->questions);
        _exit(0);
    }
    asp_close(ends[1]);
    asker->fd = ends[0];
    asker->end_ms = asp_clock_ms() + ANSWER_SECONDS * (int64_t)SECOND;
    if (asker->process > 0)
        return ASP_OK;
    asker->process = 0;
    return asp_fail_errno(error, "there is no process to ask the name service");
}

static void end_process(struct name_asker *asker)
{
    if (asker->process > 0) {
        (void)kill(asker->process, SIGKILL);
        while (waitpid(asker->process, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    asker->process = 0;
    asp_close(asker->fd);
    asker->fd = -1;
}

void name_asker_end(struct name_asker *asker)
{
    end_process(asker);
    name_questions_clear(&asker->questions);
}

/* A command that may be pasted, whole; none with a name that may be an app password. */
static void add_command(struct asp_buffer *command, const char *user)
{
    asp_buffer_add(command, "");
    if (asp_redact_needed(user))
        return;
    asp_buffer_add(command, "getent passwd ");
    asp_shell_word_add(command, user);
    asp_buffer_add(command, ", and ");
}

static enum asp_status fail_silent(const struct name_questions *questions, struct asp_error *error)
{
    const char *user = questions->list[questions->answered].user;
    struct asp_buffer logged = {0};
    struct asp_buffer command = {0};

    asp_buffer_add_logged(&logged, user);
    add_command(&command, user);
    if (logged.failed || command.failed)
        (void)asp_fail(error, ASP_NO_MEMORY, "out of memory");
    else
        (void)asp_advise(error,
                         asp_fail(error, ASP_IO,
                                  "the name service does not say who %s is: it failed, or gave no "
                                  "answer for %d s",
                                  logged.text, ANSWER_SECONDS),
                         "who is gone, or called otherwise, is looked for once it answers again: "
                         "see %spasswd in /etc/nsswitch.conf",
                         command.length < sizeof error->advice / 2 ? command.text : "");
    asp_buffer_free(&logged);
    asp_buffer_free(&command);
    return error->status;
}

static enum asp_status take(struct name_questions *questions, const struct answer *answer,
                            struct asp_error *error)
{
    struct name_question *question = &questions->list[questions->answered];

    if (answer->user == ASP_USER_NOT_TOLD && !answer->has_no_memory)
        return fail_silent(questions, error);
    if (answer->user == ASP_USER_KNOWN)
        question->name = strndup(answer->name, sizeof answer->name - 1);
    if (answer->has_no_memory || (answer->user == ASP_USER_KNOWN && question->name == NULL))
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    question->followed_is_known = answer->followed_is_known;
    questions->answered++;
    return ASP_OK;
}

enum asp_status name_asker_look(struct name_asker *asker, struct asp_error *error)
{
    struct name_questions *questions = &asker->questions;
    enum asp_status status = ASP_OK;
    struct answer answer;
    ssize_t got;

    while (status == ASP_OK && questions->answered < questions->count) {
        got = recv(asker->fd, &answer, sizeof answer, MSG_DONTWAIT);
        if (got == (ssize_t)sizeof answer) {
            status = take(questions, &answer, error);
            asker->end_ms = asp_clock_ms() + ANSWER_SECONDS * (int64_t)SECOND;
        } else if (got < 0 && (errno == EAGAIN || errno == EINTR) &&
                   asp_clock_ms() < asker->end_ms) {
            return ASP_UNCHANGED;
        } else {
            status = fail_silent(questions, error);
        }
    }
    end_process(asker);
    return status;
}

enum asp_status name_asker_wait(struct name_asker *asker, struct asp_error *error)
{
    enum asp_status status;

    while ((status = name_asker_look(asker, error)) == ASP_UNCHANGED) {
        struct pollfd answers = {.fd = asker->fd, .events = POLLIN};
        const int64_t left = asker->end_ms - asp_clock_ms();

        (void)poll(&answers, 1, left > 0 ? (int)left : 0);
    }
    return status;
}
