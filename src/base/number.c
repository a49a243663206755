/*
 * number - numbers in text, as Python's float() reads them.
 *
 * Blanks around, underscores between digits and the digits of all scripts are
 * taken; hexadecimal and "nan(...)", which strtod() takes, are not.
 */
#include <ctype.h>
#include <strings.h>

#include "base/text.h"

/* The zeros of every other script's decimal digits; nine more follow each. */
static const uint32_t zeros[] = {
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6,
    0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50,
    0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
    0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650,
    0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50,
    0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
};

/* The value of a decimal digit of any script, or -1. */
static int digit_of(uint32_t code)
{
    if (code < 128) {
        return code >= '0' && code <= '9' ? (int)code - '0' : -1;
    }
    for (size_t i = 0; i < COUNT_OF(zeros); i++) {
        if (code >= zeros[i] && code < zeros[i] + 10) {
            return (int)(code - zeros[i]);
        }
    }
    return -1;
}

bool utf8_is_space(uint32_t code)
{
    return (code >= 9 && code <= 13) || (code >= 28 && code <= ' ') || code == 0x85 ||
           code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) ||
           code == 0x2028 || code == 0x2029 || code == 0x202f || code == 0x205f ||
           code == 0x3000;
}

/* Digits and blanks of all scripts as ASCII, outer blanks and the underscores
 * that Python allows between two digits removed.  False when an underscore
 * stands elsewhere or a character can be part of no number. */
static bool plain_number(Text text, Buffer *out)
{
    const char *at = text.at, *end = text.at + text.length;
    bool        after_digit = false, pending = false, ended = false;

    while (at < end) {
        uint32_t code  = utf8_next(&at, end);
        int      digit = digit_of(code);

        if (utf8_is_space(code)) {
            ended = ended || out->length > 0;
        } else if (ended || (code >= 128 && digit < 0) || code == 0) {
            return false;
        } else if (code == '_') {
            if (!after_digit || pending) {
                return false;
            }
            pending = true;
            continue;
        } else {
            if (pending && digit < 0) {
                return false;
            }
            buffer_char(out, digit >= 0 ? (char)('0' + digit) : (char)code);
        }
        if (pending && utf8_is_space(code)) {
            return false;
        }
        after_digit = digit >= 0;
        pending     = false;
    }
    return !pending && out->length > 0 && !out->failed;
}

/* Python's float() accepts less than strtod: no hexadecimal, no nan(...). */
static bool is_float(const char *text)
{
    const char *at = text + (*text == '+' || *text == '-');

    if (*at == '.' || (*at >= '0' && *at <= '9')) {
        return strspn(at, "0123456789.eE+-") == strlen(at);
    }
    return strcasecmp(at, "inf") == 0 || strcasecmp(at, "infinity") == 0 ||
           strcasecmp(at, "nan") == 0;
}

bool text_read_number(Text text, double *number, bool *whole)
{
    Buffer plain;
    char  *end;
    bool   ok;

    buffer_init(&plain, KIB(64));
    ok = plain_number(text, &plain) && is_float(plain.data);
    if (ok) {
        const char *digits = plain.data + (*plain.data == '+' || *plain.data == '-');

        *whole  = strspn(digits, "0123456789") == strlen(digits);
        *number = strtod(plain.data, &end);
        ok      = *end == '\0';
    }
    buffer_fini(&plain);
    return ok;
}

bool text_to_double(Text text, double *out)
{
    bool whole;

    return text_read_number(text, out, &whole);
}

bool text_read_size(Text text, size_t *bytes)
{
    static const char units[] = "kmgt";
    size_t digits = 0;
    double number, factor = 1;

    while (digits < text.length && (isdigit((unsigned char)text.at[digits]) ||
                                    text.at[digits] == '.'))
        digits++;

    Text unit = { text.at + digits, text.length - digits };
    while (unit.length > 0 && unit.at[0] == ' ')
        unit = (Text){ unit.at + 1, unit.length - 1 };

    const char *found = unit.length > 0 ? strchr(units, tolower((unsigned char)unit.at[0])) : NULL;
    Text        rest  = found ? (Text){ unit.at + 1, unit.length - 1 } : unit;

    for (int i = 0; found && i <= found - units; i++)
        factor *= 1024;
    if (rest.length > 0 && strncasecmp(rest.at, "b", rest.length) != 0 &&
        !(found && rest.length == 2 && strncasecmp(rest.at, "ib", 2) == 0))
        return false;
    if (digits == 0 || !text_to_double((Text){ text.at, digits }, &number) ||
        number * factor >= 0x1p62)
        return false;
    *bytes = (size_t)(number * factor);
    return true;
}
