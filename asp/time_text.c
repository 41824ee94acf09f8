/* Times and durations as text, without locale or time zone. */
#include "time_text.h"

#include <string.h>

enum { DAY = 24 * 3600 };

static bool is_leap(long year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static long days_in_month(long year, long month)
{
    static const long days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days from 1970-01-01 to the first of January of `year`, by the Gregorian calendar. */
static long days_before_year(long year)
{
    long y = year - 1;

    return y * 365 + y / 4 - y / 100 + y / 400 - 719162;
}

static void put(char *at, size_t digits, long value)
{
    while (digits-- > 0) {
        at[digits] = (char)('0' + value % 10);
        value /= 10;
    }
}

void asp_time_format(time_t when, char text[ASP_TIME_SIZE])
{
    long days;
    long seconds;
    long year;
    long month = 1;

    if (when < 0)
        when = 0;
    if (when > ASP_TIME_MAX)
        when = ASP_TIME_MAX;
    days = (long)(when / DAY);
    seconds = (long)(when % DAY);
    year = 1970 + days / 366;
    while (days_before_year(year + 1) <= days)
        year++;
    days -= days_before_year(year);
    while (days >= days_in_month(year, month))
        days -= days_in_month(year, month++);

    memcpy(text, "0000-00-00T00:00:00Z", ASP_TIME_SIZE);
    put(text, 4, year);
    put(text + 5, 2, month);
    put(text + 8, 2, days + 1);
    put(text + 11, 2, seconds / 3600);
    put(text + 14, 2, seconds / 60 % 60);
    put(text + 17, 2, seconds % 60);
}

/* Reads exactly `digits` digits at `*at` and, unless it is NUL, the character after them. Moves
 * `*at` on. */
static bool take(const char **at, size_t digits, char after, long least, long most, long *value)
{
    *value = 0;
    for (size_t i = 0; i < digits; i++) {
        char c = (*at)[i];

        if (c < '0' || c > '9')
            return false;
        *value = *value * 10 + (c - '0');
    }
    *at += digits;
    if (after != '\0' && *(*at)++ != after)
        return false;
    return *value >= least && *value <= most;
}

/* YYYY-MM-DD, as days since 1970. */
static bool take_date(const char **at, long *days)
{
    long year;
    long month;
    long day;

    if (!take(at, 4, '-', 1970, 9999, &year) || !take(at, 2, '-', 1, 12, &month) ||
        !take(at, 2, '\0', 1, days_in_month(year, month), &day))
        return false;
    *days = days_before_year(year) + day - 1;
    for (long m = 1; m < month; m++)
        *days += days_in_month(year, m);
    return true;
}

/* HH:MM:SS, where `leap` is the highest second; a leap second is taken as the last of its minute.
 */
static bool take_clock(const char **at, long leap, long *seconds)
{
    long hour;
    long minute;
    long second;

    if (!take(at, 2, ':', 0, 23, &hour) || !take(at, 2, ':', 0, 59, &minute) ||
        !take(at, 2, '\0', 0, leap, &second))
        return false;
    *seconds = hour * 3600 + minute * 60 + (second == 60 ? 59 : second);
    return true;
}

bool asp_time_read(const char *text, time_t *when)
{
    const char *at = text;
    long days;
    long seconds;

    if (!take_date(&at, &days) || *at++ != 'T' || !take_clock(&at, 59, &seconds) || *at != 'Z')
        return false;
    *when = (time_t)days * DAY + seconds;
    return true;
}

bool asp_duration_read(const char *text, time_t *seconds)
{
    static const char units[] = "smhdw";
    static const long length[] = {1, 60, 3600, DAY, 7L * DAY};
    time_t number = 0;
    const char *unit;
    size_t digits = strspn(text, "0123456789");

    if (strcmp(text, "never") == 0) {
        *seconds = ASP_NEVER;
        return true;
    }
    if (digits == 0 || digits > 10 || text[digits] == '\0' || text[digits + 1] != '\0')
        return false;
    unit = strchr(units, text[digits]);
    if (unit == NULL)
        return false;
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + (text[i] - '0');
    if (number == 0 || number > ASP_DURATION_MAX / length[unit - units])
        return false;
    *seconds = number * length[unit - units];
    return true;
}

/* Z, or +HH:MM or -HH:MM, as the seconds to take away. */
static bool take_zone(const char **at, long *offset)
{
    char sign = *(*at)++;
    long hours;
    long minutes;

    *offset = 0;
    if (sign == 'Z' || sign == 'z')
        return true;
    if ((sign != '+' && sign != '-') || !take(at, 2, ':', 0, 23, &hours) ||
        !take(at, 2, '\0', 0, 59, &minutes))
        return false;
    *offset = (hours * 3600 + minutes * 60) * (sign == '-' ? -1 : 1);
    return true;
}

/* The fraction of a second that RFC 3339 allows is dropped. */
static void skip_fraction(const char **at)
{
    if (**at == '.' && (*at)[1] >= '0' && (*at)[1] <= '9')
        *at += 1 + strspn(*at + 1, "0123456789");
}

bool asp_when_read(const char *text, time_t now, time_t *when)
{
    const char *at = text;
    long days;
    long seconds;
    long offset;
    time_t duration;

    if (asp_duration_read(text, &duration)) {
        *when = duration == ASP_NEVER ? ASP_NEVER : now + duration;
        return *when <= ASP_TIME_MAX;
    }
    if (!take_date(&at, &days))
        return false;
    *when = (time_t)days * DAY;
    if (*at == '\0') {
        *when += DAY - 1;
        return true;
    }
    if (*at != 'T' && *at != 't' && *at != ' ')
        return false;
    at++;
    if (!take_clock(&at, 60, &seconds))
        return false;
    skip_fraction(&at);
    if (!take_zone(&at, &offset) || *at != '\0')
        return false;
    *when += seconds - offset;
    return *when >= 0 && *when <= ASP_TIME_MAX;
}

bool asp_since_read(const char *text, time_t now, time_t *since)
{
    time_t duration;

    if (asp_duration_read(text, &duration)) {
        *since = now > duration ? now - duration : 0;
        return duration != ASP_NEVER;
    }
    if (!asp_when_read(text, now, since))
        return false;
    if (strchr(text, ':') == NULL) /* a day, of which that is the last second */
        *since -= DAY - 1;
    return true;
}

const char *asp_duration_fault(const char *text)
{
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || text[digits] == '\0' || strchr("smhdw", text[digits]) == NULL ||
        text[digits + 1] != '\0')
        return NULL;
    return strspn(text, "0") == digits ? "it is at least 1" : "that is more than 100 years";
}

/* True for what is written as `form`, in which 0 stands for any digit; more may follow. */
static bool has_form(const char *text, const char *form)
{
    for (; *form != '\0'; text++, form++) {
        if (*form == '0' ? (*text < '0' || *text > '9') : *text != *form)
            return false;
    }
    return true;
}

const char *asp_when_fault(const char *text)
{
    const char *at = text;
    long days;
    long seconds;

    if (!has_form(text, "0000-00-00"))
        return asp_duration_fault(text);
    if (!take_date(&at, &days))
        return "there is no such day, or it is before 1970";
    if ((*at != 'T' && *at != 't' && *at != ' ') || !has_form(at + 1, "00:00:00"))
        return NULL;
    at++;
    if (!take_clock(&at, 60, &seconds))
        return "there is no such time of day";
    skip_fraction(&at);
    return *at == '\0' ? "it has neither Z nor an offset, like +01:00, behind it" : NULL;
}
