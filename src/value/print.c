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

/* repr(str): single quotes unless the text has some and no double ones. */
static void print_quoted(Buffer *out, Text text)
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
        } else if (code == '\n' || code == '\t' || code == '\r') {
            buffer_string(out, code == '\n' ? "\\n" : code == '\t' ? "\\t" : "\\r");
        } else if (code < 0x20 || code == 0x7f) {
            buffer_printf(out, "\\x%02x", code);
        } else {
            buffer_append(out, before, (size_t)(at - before));
        }
    }
    buffer_char(out, quote);
}

static void print_value(Buffer *out, Value v, bool quoted);

static void print_items(Buffer *out, Value v)
{
    buffer_char(out, v.type == VALUE_LIST ? '[' : '(');
    for (uint32_t i = 0; i < v.count; i++) {
        if (i > 0) {
            buffer_string(out, ", ");
        }
        print_value(out, v.as.items[i], true);
    }
    if (v.type == VALUE_TUPLE && v.count == 1) {
        buffer_char(out, ',');
    }
    buffer_char(out, v.type == VALUE_LIST ? ']' : ')');
}

static void print_pairs(Buffer *out, Value v)
{
    buffer_char(out, '{');
    for (uint32_t i = 0; i < v.count; i++) {
        if (i > 0) {
            buffer_string(out, ", ");
        }
        print_quoted(out, v.as.pairs[i].key);
        buffer_string(out, ": ");
        print_value(out, v.as.pairs[i].value, true);
    }
    buffer_char(out, '}');
}

static void print_value(Buffer *out, Value v, bool quoted)
{
    char iso[CLOCK_ISO_SIZE];

    switch ((ValueType)v.type) {
    case VALUE_NULL:   buffer_string(out, "None"); break;
    case VALUE_BOOL:   buffer_string(out, v.as.boolean ? "True" : "False"); break;
    case VALUE_INT:    buffer_printf(out, "%lld", (long long)v.as.integer); break;
    case VALUE_UINT:   buffer_printf(out, "%llu", (unsigned long long)v.as.natural); break;
    case VALUE_DOUBLE: print_double(out, v.as.number); break;
    case VALUE_STRING:
        if (quoted) {
            print_quoted(out, value_as_text(v));
        } else {
            buffer_text(out, value_as_text(v));
        }
        break;
    case VALUE_LIST:
    case VALUE_TUPLE:  print_items(out, v); break;
    case VALUE_DICT:   print_pairs(out, v); break;
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
    print_value(out, v, false);
}
