/* Tables of characters. */
#include "alphabet.h"

#include <stddef.h>
#include <stdint.h>

/* The value of each character of the alphabet, plus one; 0 for all others. */
static const unsigned char values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['g'] = 17, ['h'] = 18, ['j'] = 19, ['k'] = 20, ['m'] = 21, ['n'] = 22, ['p'] = 23, ['q'] = 24,
    ['r'] = 25, ['s'] = 26, ['t'] = 27, ['v'] = 28, ['w'] = 29, ['x'] = 30, ['y'] = 31, ['z'] = 32,
};

int asp_letter_value(char c)
{
    return values[(unsigned char)c] - 1;
}

/* What phones and pages put into a text: White_Space and the category Pd of Unicode 15.0, with
 * U+00AD, U+200B to U+200F, U+202A to U+202E, U+2060, U+2066 to U+2069, U+2212 and U+FEFF. */
static const struct {
    uint32_t first;
    uint32_t last;
} passed_over[] = {
    {0x0009, 0x000d},   {0x0020, 0x0020}, {0x002d, 0x002d}, {0x0085, 0x0085}, {0x00a0, 0x00a0},
    {0x00ad, 0x00ad},   {0x058a, 0x058a}, {0x05be, 0x05be}, {0x1400, 0x1400}, {0x1680, 0x1680},
    {0x1806, 0x1806},   {0x2000, 0x2015}, {0x2028, 0x202f}, {0x205f, 0x2060}, {0x2066, 0x2069},
    {0x2212, 0x2212},   {0x2e17, 0x2e17}, {0x2e1a, 0x2e1a}, {0x2e3a, 0x2e3b}, {0x2e40, 0x2e40},
    {0x2e5d, 0x2e5d},   {0x3000, 0x3000}, {0x301c, 0x301c}, {0x3030, 0x3030}, {0x30a0, 0x30a0},
    {0xfe31, 0xfe32},   {0xfe58, 0xfe58}, {0xfe63, 0xfe63}, {0xfeff, 0xfeff}, {0xff0d, 0xff0d},
    {0x10ead, 0x10ead},
};

bool asp_is_passed_over(unsigned long value)
{
    for (size_t i = 0; i < sizeof passed_over / sizeof *passed_over; i++) {
        if (value <= passed_over[i].last)
            return value >= passed_over[i].first;
    }
    return false;
}
