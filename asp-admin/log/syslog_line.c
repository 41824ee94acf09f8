/* A line of a file that a system log has written. */
#include "syslog_line.h"

#include "asp/time_text.h"

#include <string.h>

enum {
    DAY = 24 * 3600,
    YEARS = 9, /* in which there is a 29th of February */
    STAMP_SIZE = 48,
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Two digits, of which the first may be a blank; -1 where they are none. */
static int number_at(const char *text)
{
    if ((text[0] != ' ' && !is_digit(text[0])) || !is_digit(text[1]))
        return -1;
    return (text[0] == ' ' ? 0 : (text[0] - '0') * 10) + text[1] - '0';
}

/* "Nov  2 07:00:01", without a year. */
static bool take_month(const char *text, struct tm *seen)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    memset(seen, 0, sizeof *seen);
    for (seen->tm_mon = 0; seen->tm_mon < 12; seen->tm_mon++) {
        if (strncmp(text, months + 3 * (size_t)seen->tm_mon, 3) == 0)
            break;
    }
    if (seen->tm_mon == 12 || strnlen(text, 16) < 16 || text[3] != ' ' || text[6] != ' ' ||
        text[9] != ':' || text[12] != ':' || text[15] != ' ')
        return false;
    seen->tm_mday = number_at(text + 4);
    seen->tm_hour = number_at(text + 7);
    seen->tm_min = number_at(text + 10);
    seen->tm_sec = number_at(text + 13);
    return seen->tm_mday >= 1 && seen->tm_mday <= 31 && seen->tm_hour >= 0 && seen->tm_hour < 24 &&
           seen->tm_min >= 0 && seen->tm_min < 60 && seen->tm_sec >= 0 && seen->tm_sec <= 60;
}

/* The latest year in which there is such a day, and it is not in the future. */
static bool find_year(const struct tm *seen, time_t now, time_t *when)
{
    const time_t latest = now + DAY;
    struct tm today;

    if (localtime_r(&latest, &today) == NULL)
        return false;
    for (int back = 0; back < YEARS; back++) {
        struct tm day = *seen;

        day.tm_year = today.tm_year - back;
        day.tm_isdst = -1;
        *when = mktime(&day);
        if (*when >= 0 && *when <= latest && day.tm_mon == seen->tm_mon)
            return true;
    }
    return false;
}

/* RFC 3339; its offset may be without the colon, as journalctl writes it. */
static bool take_stamp(const char *line, time_t now, time_t *when, const char **after)
{
    const size_t length = strcspn(line, " ");
    char stamp[STAMP_SIZE];

    if (length < 20 || length + 2 > sizeof stamp || line[10] != 'T')
        return false;
    memcpy(stamp, line, length);
    stamp[length] = '\0';
    if ((stamp[length - 5] == '+' || stamp[length - 5] == '-') && strchr(stamp + 19, ':') == NULL) {
        memmove(stamp + length - 1, stamp + length - 2, 3);
        stamp[length - 2] = ':';
    }
    *after = line + length;
    return asp_when_read(stamp, now, when);
}

bool syslog_line_time(const char *line, time_t now, time_t *when, const char **after)
{
    struct tm seen;

    if (is_digit(line[0]))
        return take_stamp(line, now, when, after) && **after == ' ';
    if (!take_month(line, &seen))
        return false;
    *after = line + 15;
    return find_year(&seen, now, when);
}

/* "program[12]: text". What nginx calls itself by has a blank and a colon in it. */
static void take_program(char *text, struct syslog_line *out)
{
    static const char nginx[] = "nginx: worker process";
    size_t length =
        strncmp(text, nginx, sizeof nginx - 1) == 0 ? sizeof nginx - 1 : strcspn(text, " :[]");
    const char *behind = text + length;

    out->program[0] = '\0';
    out->text = text;
    if (*behind == '[') {
        behind++;
        behind += strspn(behind, "0123456789");
        if (*behind++ != ']')
            return;
    }
    if (length == 0 || length > SYSLOG_PROGRAM_MAX || behind[0] != ':' || behind[1] != ' ')
        return;
    memcpy(out->program, text, length);
    out->program[length] = '\0';
    out->text += behind + 2 - text;
}

/* "message repeated 3 times: [ text]" */
static void take_repetition(struct syslog_line *out)
{
    static const char before[] = "message repeated ";
    static const char between[] = " times: [";
    char *text = out->text;
    size_t length;
    unsigned times = 0;

    out->times = 1;
    if (strncmp(text, before, sizeof before - 1) != 0)
        return;
    text += sizeof before - 1;
    for (; is_digit(*text) && times < SYSLOG_TIMES_MAX; text++)
        times = times * 10 + (unsigned)(*text - '0');
    length = strlen(text);
    if (times == 0 || times > SYSLOG_TIMES_MAX || length < sizeof between ||
        strncmp(text, between, sizeof between - 1) != 0 || text[length - 1] != ']')
        return;
    text[length - 1] = '\0';
    text += sizeof between - 1;
    out->text = text + (*text == ' ');
    out->times = times;
}

bool syslog_line_read(char *line, time_t now, struct syslog_line *out)
{
    const char *after;
    size_t host;

    if (!syslog_line_time(line, now, &out->when, &after))
        return false;
    host = strcspn(++after, " ");
    if (host == 0 || after[host] != ' ')
        return false;
    take_program(line + (after - line) + host + 1, out);
    take_repetition(out);
    return true;
}
