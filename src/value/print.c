/*
 * print - Python's str() and repr() of values.
 *
 * Templates, string joins and counters of the reference show these texts, so
 * they follow CPython: floats as repr() prints them (1e+16, 1e-05), containers
 * with the repr of what is inside, quotes chosen as Python chooses them.
 */
#include <math.h>

#include "base/clock.h"
#include "base/text.h"
#include "value/value.h"

/* str(), repr(), ascii(): how texts are shown. */
typedef enum Style { STYLE_PLAIN, STYLE_QUOTED, STYLE_ASCII } Style;

/* The significant digits of a number and where its decimal point stands: the
 * value is 0.DIGITS times ten to the power of `point`. */
typedef struct Digits {
    char text[32];
    int  count, point;
} Digits;

static Digits shortest_digits(double value)
{
    Digits      d    = { .count = 0 };
    char        text[32];
    const char *at   = text;
    bool        past = false;      /* the point */

    json_format_double(text, value);
    for (; *at && *at != 'e' && *at != 'E'; at++) {
        if (*at == '.') {
            past = true;
        } else if (*at != '0' || d.count > 0) {
            d.text[d.count++] = *at;
            d.point += !past;
        } else {
            d.point -= past;       /* zeros between the point and the first digit */
        }
    }
    d.point += *at ? (int)strtol(at + 1, NULL, 10) : 0;
    while (d.count > 1 && d.text[d.count - 1] == '0') {
        d.count--;
    }
    return d;
}

/* repr(float): exponent form below 1e-4 and from 1e16. */
static void print_digits(Buffer *out, const Digits *d)
{
    if (d->point > -4 && d->point <= 0) {
        buffer_string(out, "0.");
        for (int i = d->point; i < 0; i++) {
            buffer_char(out, '0');
        }
        buffer_append(out, d->text, (size_t)d->count);
    } else if (d->point > 0 && d->point <= 16) {
        for (int i = 0; i < MAX(d->point, d->count); i++) {
            if (i == d->point) {
                buffer_char(out, '.');
            }
            buffer_char(out, i < d->count ? d->text[i] : '0');
        }
        if (d->point >= d->count) {
            buffer_string(out, ".0");
        }
    } else {
        buffer_char(out, d->text[0]);
        if (d->count > 1) {
            buffer_char(out, '.');
            buffer_append(out, d->text + 1, (size_t)d->count - 1);
        }
        buffer_printf(out, "e%c%02d", d->point > 0 ? '+' : '-', abs(d->point - 1));
    }
}

static void print_double(Buffer *out, double value)
{
    Digits digits;

    if (isnan(value) || isinf(value)) {
        buffer_string(out, isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
        return;
    }
    if (signbit(value)) {
        buffer_char(out, '-');
        value = -value;
    }
    digits = shortest_digits(value);
    if (digits.count == 0) {
        buffer_string(out, "0.0");
    } else {
        print_digits(out, &digits);
    }
}

/* What repr() does not show as it is: formats and separators, and what is for
 * private use. */
static bool is_hidden(uint32_t code)
{
    static const uint32_t ranges[][2] = {
        { 0x7F, 0xA0 }, { 0xAD, 0xAD }, { 0x600, 0x605 }, { 0x61C, 0x61C }, { 0x6DD, 0x6DD },
        { 0x70F, 0x70F }, { 0x890, 0x891 }, { 0x8E2, 0x8E2 }, { 0x1680, 0x1680 },
        { 0x180E, 0x180E }, { 0x2000, 0x200F }, { 0x2028, 0x202F }, { 0x205F, 0x206F },
        { 0x3000, 0x3000 }, { 0xE000, 0xF8FF }, { 0xFEFF, 0xFEFF }, { 0xFFF0, 0xFFFB },
        { 0xFFFE, 0xFFFF }, { 0x110BD, 0x110BD }, { 0x110CD, 0x110CD }, { 0x13430, 0x1343F },
        { 0x1BCA0, 0x1BCA3 }, { 0x1D173, 0x1D17A }, { 0xE0000, 0xE00FF }, { 0xE01F0, 0x10FFFF },
    };
    for (size_t i = 0; i < COUNT_OF(ranges) && code >= ranges[i][0]; i++) {
        if (code <= ranges[i][1]) {
            return true;
        }
    }
    return code < 0x20;
}

static void print_escape(Buffer *out, uint32_t code)
{
    if (code == '\n' || code == '\t' || code == '\r') {
        buffer_string(out, code == '\n' ? "\\n" : code == '\t' ? "\\t" : "\\r");
    } else {
        buffer_printf(out, code < 0x100 ? "\\x%02x" : code < 0x10000 ? "\\u%04x" : "\\U%08x",
                      code);
    }
}

/* repr(str): single quotes unless the text has some and no double ones. */
static void print_quoted(Buffer *out, Text text, Style style)
{
    const char *at = text.at, *end = text.at + text.length;
    bool single = memchr(text.at, '\'', text.length) != NULL;
    bool twice  = memchr(text.at, '"', text.length) != NULL;
    char quote  = single && !twice ? '"' : '\'';

    buffer_char(out, quote);
    while (at < end) {
        const char *before = at;
        uint32_t    code   = utf8_next(&at, end);

        if (code == (uint32_t)quote || code == '\\') {
            buffer_printf(out, "\\%c", (char)code);
        } else if (is_hidden(code) || (style == STYLE_ASCII && code > 0x7E)) {
            print_escape(out, code);
        } else {
            buffer_append(out, before, (size_t)(at - before));
        }
    }
    buffer_char(out, quote);
}

static void print_value(Buffer *out, Value v, Style style);

static void print_items(Buffer *out, Value v, Style style)
{
    buffer_char(out, v.type == VALUE_LIST ? '[' : '(');
    for (uint32_t i = 0; i < v.count; i++) {
        if (i > 0) {
            buffer_string(out, ", ");
        }
        print_value(out, v.as.items[i], style);
    }
    if (v.type == VALUE_TUPLE && v.count == 1) {
        buffer_char(out, ',');
    }
    buffer_char(out, v.type == VALUE_LIST ? ']' : ')');
}

static void print_pairs(Buffer *out, Value v, Style style)
{
    buffer_char(out, '{');
    for (uint32_t i = 0; i < v.count; i++) {
        if (i > 0) {
            buffer_string(out, ", ");
        }
        print_quoted(out, v.as.pairs[i].key, style);
        buffer_string(out, ": ");
        print_value(out, v.as.pairs[i].value, style);
    }
    buffer_char(out, '}');
}

static void print_value(Buffer *out, Value v, Style style)
{
    Style inside = style == STYLE_ASCII ? STYLE_ASCII : STYLE_QUOTED;
    char  iso[CLOCK_ISO_SIZE];

    switch ((ValueType)v.type) {
    case VALUE_NULL:   buffer_string(out, "None"); break;
    case VALUE_BOOL:   buffer_string(out, v.as.boolean ? "True" : "False"); break;
    case VALUE_INT:    buffer_printf(out, "%lld", (long long)v.as.integer); break;
    case VALUE_UINT:   buffer_printf(out, "%llu", (unsigned long long)v.as.natural); break;
    case VALUE_DOUBLE: print_double(out, v.as.number); break;
    case VALUE_STRING:
        if (style != STYLE_PLAIN) {
            print_quoted(out, value_as_text(v), style);
        } else {
            buffer_text(out, value_as_text(v));
        }
        break;
    case VALUE_LIST:
    case VALUE_TUPLE:  print_items(out, v, inside); break;
    case VALUE_DICT:   print_pairs(out, v, inside); break;
    case VALUE_TIMESTAMP:
        clock_iso(iso, v.as.timestamp->microseconds, v.as.timestamp->offset);
        if (strchr(iso, 'T')) {
            *strchr(iso, 'T') = ' ';
        }
        buffer_string(out, iso);
        break;
    default:
        buffer_printf(out, "<%s>", value_type_name((ValueType)v.type));
        break;
    }
}

void value_print(Buffer *out, Value v)
{
    print_value(out, v, STYLE_PLAIN);
}

void value_print_quoted(Buffer *out, Value v, bool ascii)
{
    print_value(out, v, ascii ? STYLE_ASCII : STYLE_QUOTED);
}
