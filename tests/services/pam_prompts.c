/*
 * A module of PAM that asks and tells what the file of the user in its folder says, a line for
 * each: auth.
 *
 *   hidden, shown   a question; `answer N` is right for the Nth of them. Each %u in it is the user
 *   info, error     something to be told
 *   NUMBER          a message of the style of that number
 *   none            no message at all
 *
 * The style and one blank stand before the text. With the second argument `together` all are said
 * at once.
 */
#include <security/pam_modules.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGES = 40, LINE = 2048 };

struct prompts {
    char texts[MESSAGES][LINE];
    struct pam_message messages[MESSAGES];
    int count;
    int questions;
    int wrong;
    const char *user;
};

static int style_of(const char *word)
{
    static const char *const words[] = {[PAM_PROMPT_ECHO_OFF] = "hidden",
                                        [PAM_PROMPT_ECHO_ON] = "shown",
                                        [PAM_ERROR_MSG] = "error",
                                        [PAM_TEXT_INFO] = "info"};

    for (int i = PAM_PROMPT_ECHO_OFF; i <= PAM_TEXT_INFO; i++) {
        if (strcmp(word, words[i]) == 0)
            return i;
    }
    return atoi(word);
}

static int say(pam_handle_t *pamh, struct prompts *prompts, int first, int count)
{
    const struct pam_message *messages[MESSAGES];
    const struct pam_conv *conversation = NULL;
    struct pam_response *replies = NULL;
    char right[32];
    int code = pam_get_item(pamh, PAM_CONV, (const void **)&conversation);

    for (int i = 0; i < count; i++)
        messages[i] = &prompts->messages[first + i];
    if (code == PAM_SUCCESS)
        code = conversation->conv(count, messages, &replies, conversation->appdata_ptr);
    for (int i = 0; code == PAM_SUCCESS && i < count; i++) {
        const int style = messages[i]->msg_style;

        if (style == PAM_PROMPT_ECHO_OFF || style == PAM_PROMPT_ECHO_ON) {
            (void)snprintf(right, sizeof right, "answer %d", ++prompts->questions);
            prompts->wrong += replies[i].resp == NULL || strcmp(replies[i].resp, right) != 0;
        }
        free(replies[i].resp);
    }
    free(replies);
    return code;
}

static void add(struct prompts *prompts, const char *line)
{
    char *text = prompts->texts[prompts->count];
    const char *blank = strchr(line, ' ');
    char word[32];

    (void)snprintf(word, sizeof word, "%.*s", (int)strcspn(line, " "), line);
    text[0] = '\0';
    for (const char *c = blank == NULL ? "" : blank + 1; *c != '\0' && strlen(text) < LINE - 1;
         c++) {
        const char *more = c[0] == '%' && c[1] == 'u' ? prompts->user : NULL;

        (void)snprintf(text + strlen(text), LINE - strlen(text), more != NULL ? "%s" : "%.1s",
                       more != NULL ? more : c);
        c += more != NULL;
    }
    prompts->messages[prompts->count++] = (struct pam_message){style_of(word), text};
}

int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    static struct prompts prompts;
    const int together = argc > 1;
    char line[LINE];
    char path[LINE];
    FILE *file = NULL;
    int code = pam_get_item(pamh, PAM_USER, (const void **)&prompts.user);

    (void)flags;
    (void)snprintf(path, sizeof path, "%s/%s", argc > 0 ? argv[0] : "", prompts.user);
    file = fopen(path, "r");
    code = file == NULL ? PAM_SERVICE_ERR : code;
    while (code == PAM_SUCCESS && prompts.count < MESSAGES &&
           fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strcmp(line, "none") == 0) {
            code = say(pamh, &prompts, 0, 0);
            continue;
        }
        add(&prompts, line);
        if (!together)
            code = say(pamh, &prompts, prompts.count - 1, 1);
    }
    if (file != NULL)
        (void)fclose(file);
    if (code == PAM_SUCCESS && together)
        code = say(pamh, &prompts, 0, prompts.count);
    if (code != PAM_SUCCESS)
        return code;
    return prompts.wrong == 0 ? PAM_SUCCESS : PAM_AUTH_ERR;
}

int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)pamh, (void)flags, (void)argc, (void)argv;
    return PAM_SUCCESS;
}
