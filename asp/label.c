/* Text that people wrote: labels, and the characters that they are made of. */
#include "label.h"

size_t asp_utf8_next(const char *text, unsigned long *value)
{
    static const unsigned long least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)text;
    const size_t length = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

    /* No character begins with one of these. From 0xf5 on the value is too high. */
    if (p[0] == 0 || (length > 1 && p[0] < 0xc2))
        return 0;
    *value = p[0] & (0xffU >> length);
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        *value = *value << 6 | (p[i] & 0x3f);
    }
    if (*value < least[length] || *value > 0x10ffff || (*value >= 0xd800 && *value <= 0xdfff))
        return 0;
    return length;
}

bool asp_is_control(unsigned long value)
{
    return value < 0x20 || (value >= 0x7f && value < 0xa0) || value == 0x061c || value == 0x200e ||
           value == 0x200f || (value >= 0x2028 && value <= 0x202e) ||
           (value >= 0x2066 && value <= 0x2069);
}

_Static_assert(ASP_LABEL_CHARS == 64, "the words of asp_label_fault");

static const char *fault_of(unsigned long value)
{
    if (value == 0x2028 || value == 0x2029)
        return "holds a separator of lines or paragraphs: leave it out";
    return value < 0xa0 ? "holds a control character, such as a tab or a line end: leave it out"
                        : "holds a mark that turns the direction of writing: leave it out";
}

const char *asp_label_fault(const char *label)
{
    size_t chars = 0;

    while (*label != '\0') {
        unsigned long value;
        const size_t length = asp_utf8_next(label, &value);

        if (length == 0)
            return "is not UTF-8: write it in that encoding";
        if (asp_is_control(value))
            return fault_of(value);
        if (++chars > ASP_LABEL_CHARS)
            return "has more than 64 characters: write a shorter one";
        label += length;
    }
    return chars > 0 ? NULL : "is empty: write 1 to 64 characters";
}

bool asp_label_valid(const char *label)
{
    return asp_label_fault(label) == NULL;
}
