/* A word of a command that is printed, as a shell reads it again: one that can be seen
 * by POSIX's rules, another as printf(1) writes it. A line end at the end of a word is lost to
 * $(...). */
#include "shell.h"

#include "asp/shell_word.h"

#define BEFORE "\"$(printf '"
#define BEHIND "')\""

static bool read_visible(char *shown, const char *word)
{
    char *words[2];

    return shell_split(shown, words, 2) == 1 && strcmp(words[0], word) == 0;
}

/* One byte of a format of printf(1), between single quotation marks. */
static char next_byte(const char **at)
{
    unsigned value;
    int used;

    if (strncmp(*at, "'\\''", 4) == 0) {
        *at += 4;
        return '\'';
    }
    if (strncmp(*at, "%%", 2) == 0 || strncmp(*at, "\\\\", 2) == 0)
        return *(*at += 2, *at - 1);
    if (**at == '\\') {
        FUZZ_NEED(sscanf(*at + 1, "%3o%n", &value, &used) == 1 && used == 3 && value <= 0xff);
        *at += 4;
        return (char)value;
    }
    FUZZ_NEED(**at != '\'' && **at != '%' && **at >= ' ' && **at <= '~');
    return *(*at)++;
}

static void read_format(const char *shown, const char *word)
{
    const char *end = shown + strlen(shown) - strlen(BEHIND);
    const char *at = shown + strlen(BEFORE);

    FUZZ_NEED(strncmp(shown, BEFORE, strlen(BEFORE)) == 0 && end >= at);
    FUZZ_NEED(strcmp(end, BEHIND) == 0 && *at != '-');
    for (; *word != '\0'; word++)
        FUZZ_NEED(at < end && next_byte(&at) == *word);
    FUZZ_NEED(at == end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *word = fuzz_text(data, size);
    struct asp_buffer shown = {0};

    asp_shell_word_add(&shown, word);
    FUZZ_NEED(!shown.failed && shown.length > 0);
    for (size_t i = 0; i < shown.length; i++)
        FUZZ_NEED((unsigned char)shown.text[i] >= ' ' && shown.text[i] != '\x7f');
    if (shown.text[0] == '"')
        read_format(shown.text, word);
    else
        FUZZ_NEED(read_visible(shown.text, word));
    asp_buffer_free(&shown);
    free(word);
    return 0;
}
