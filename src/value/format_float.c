/*
 * format_float - floats and points in time.
 *
 * The C library gives correctly rounded digits; where the point goes, when an
 * exponent is shown and which zeros stay is Python's.
 */
#include <math.h>

#include "base/clock.h"
#include "value/format_inside.h"

/* The significant digits of a finite number >= 0: `count` of them, and the power
 * of ten of the first. */
typedef struct Significant {
    Buffer text;             /* "d.ddde+xx" as printed */
    int    exponent;
} Significant;

static char digit_at(const Significant *s, int i)
{
    return s->text.data[i == 0 ? 0 : i + 1];
}

static bool significant(Significant *s, double value, int count)
{
    const char *e;

    buffer_init(&s->text, KIB(32));
    buffer_printf(&s->text, "%.*e", count - 1, value);
    e = s->text.failed ? NULL : strchr(s->text.data, 'e');
    s->exponent = e ? (int)strtol(e + 1, NULL, 10) : 0;
    return e != NULL;
}

/* "%g" with `precision` digits.  `float_like`: the result looks like a float even
 * when it is whole (1.0), as repr() has it. */
static bool print_general(Buffer *out, double value, int precision, bool alternate,
                          bool float_like)
{
    Significant s;
    int         last  = precision - 1;
    int         whole;      /* digits before the point */
    bool        exponent;

    if (!significant(&s, value, precision)) {
        buffer_fini(&s.text);
        return false;
    }
    while (!alternate && last > 0 && digit_at(&s, last) == '0') {
        last--;
    }
    exponent = s.exponent < -4 || s.exponent + 1 > precision - (float_like ? 1 : 0);
    whole    = exponent ? 1 : s.exponent + 1;
    if (whole <= 0) {
        buffer_string(out, "0.");
        for (int i = whole; i < 0; i++) {
            buffer_char(out, '0');
        }
    }
    for (int i = 0; i <= MAX(last, whole - 1); i++) {
        if (i > 0 && i == whole) {
            buffer_char(out, '.');
        }
        buffer_char(out, i < precision ? digit_at(&s, i) : '0');
    }
    if (whole > last && whole > 0 && (alternate || (float_like && !exponent))) {
        buffer_string(out, alternate ? "." : ".0");
    }
    if (exponent) {
        buffer_printf(out, "e%c%02d", s.exponent < 0 ? '-' : '+', abs(s.exponent));
    }
    buffer_fini(&s.text);
    return true;
}

/* repr(), with '#' always with a point: "1.e+16". */
static void print_shortest(Buffer *out, double value, bool alternate)
{
    Buffer      text;
    const char *e;

    buffer_init(&text, 64);
    value_print(&text, value_double(value));
    e = text.data && alternate && !strchr(text.data, '.') ? strchr(text.data, 'e') : NULL;
    buffer_append(out, text.data, e ? (size_t)(e - text.data) : text.length);
    if (e) {
        buffer_char(out, '.');
        buffer_string(out, e);
    }
    buffer_fini(&text);
}

/* A finite number >= 0 by its type. */
static bool print_finite(Buffer *out, double value, const FormatSpec *spec, Error *err)
{
    int precision = spec->precision;
    bool done     = true;

    switch (spec->type) {
    case 0:
        if (precision < 0) {
            print_shortest(out, value, spec->alternate);
        } else {
            done = print_general(out, value, MAX(precision, 1), spec->alternate, true);
        }
        break;
    case 'g':
    case 'G':
    case 'n':
        done = print_general(out, value, precision < 0 ? 6 : MAX(precision, 1), spec->alternate,
                             false);
        break;
    case 'e':
    case 'E':
        buffer_printf(out, spec->alternate ? "%#.*e" : "%.*e", precision < 0 ? 6 : precision,
                      value);
        break;
    default:
        buffer_printf(out, spec->alternate ? "%#.*f" : "%.*f", precision < 0 ? 6 : precision,
                      value);
        break;
    }
    return (done && !out->failed) || fail(err, ERR_MEMORY, "no memory for a number");
}

static bool is_float_type(uint32_t type)
{
    return type == 0 || (type < 128 && strchr("eEfFgGn%", (int)type) != NULL);
}

/* Whether nothing but zeros are printed. */
static bool is_zero(Text text)
{
    for (size_t i = 0; i < text.length && text.at[i] != 'e' && text.at[i] != 'E'; i++) {
        if (text.at[i] >= '1' && text.at[i] <= '9') {
            return false;
        }
    }
    return text.length > 0;
}

static void upper_case(Buffer *text)
{
    for (size_t i = 0; i < text->length; i++) {
        char c = text->data[i];

        text->data[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
}

bool format_float(Buffer *out, double value, const FormatSpec *spec, const char *name, Error *err)
{
    Buffer      text;
    double      shown    = spec->type == '%' ? value * 100 : value;
    bool        negative = signbit(shown) && !isnan(shown);
    bool        done     = true;
    size_t      digits   = 0;
    NumberParts parts    = { .prefix = "", .group = 3 };

    if (!is_float_type(spec->type)) {
        return format_unknown_type(spec, name, err);
    }
    buffer_init(&text, KIB(64));
    if (isnan(shown) || isinf(shown)) {
        buffer_string(&text, isnan(shown) ? "nan" : "inf");
    } else {
        done = print_finite(&text, fabs(shown), spec, err);
    }
    if (spec->type == 'E' || spec->type == 'F' || spec->type == 'G') {
        upper_case(&text);
    }
    negative = negative && !(spec->no_negative_zero &&
                             is_zero((Text){ text.data, text.length }) && isfinite(shown));
    if (spec->type == '%') {
        buffer_char(&text, '%');
    }
    while (digits < text.length && text.data[digits] >= '0' && text.data[digits] <= '9') {
        digits++;
    }
    parts.sign = negative ? "-" : spec->sign == '+' ? "+" : spec->sign == ' ' ? " " : "";
    if (done) {
        parts.digits = (Text){ text.data, digits };
        parts.rest   = (Text){ text.data + digits, text.length - digits };
        format_layout(out, spec, &parts);
    }
    buffer_fini(&text);
    return done;
}

/* ---- points in time ------------------------------------------------------------------------ */

/* The date and time at its own offset, for strftime. */
static struct tm broken_down(const Timestamp *at)
{
    bool      naive   = at->offset == CLOCK_NAIVE;
    int64_t   micros  = at->microseconds;
    int64_t   local   = micros / 1000000 - (micros % 1000000 < 0) + (naive ? 0 : at->offset * 60);
    time_t    seconds = (time_t)local;
    struct tm result  = { .tm_mday = 1 };

    if (!gmtime_r(&seconds, &result)) {
        result = (struct tm){ .tm_mday = 1 };
    }
    return result;
}

/* "+0530" for %z, "UTC+05:30" for %Z; nothing without a zone. */
static void add_zone(Buffer *out, const Timestamp *at, char code)
{
    int  minutes = at->offset == CLOCK_NAIVE ? 0 : abs(at->offset);
    char sign    = at->offset < 0 ? '-' : '+';

    if (at->offset == CLOCK_NAIVE) {
        return;
    }
    if (code == 'z') {
        buffer_printf(out, "%c%02d%02d", sign, minutes / 60, minutes % 60);
    } else if (at->offset == 0) {
        buffer_string(out, "UTC");
    } else {
        buffer_printf(out, "UTC%c%02d:%02d", sign, minutes / 60, minutes % 60);
    }
}

/* What Python does itself before it asks strftime: %f, %z and %Z. */
static void expand_codes(Buffer *out, const Timestamp *at, Text codes)
{
    int64_t micros = at->microseconds % 1000000;

    for (size_t i = 0; i < codes.length && !out->failed; i++) {
        char next = i + 1 < codes.length ? codes.at[i + 1] : '\0';

        if (codes.at[i] != '%' || next == '\0') {
            buffer_string(out, codes.at[i] == '%' ? "%%" : "");
            if (codes.at[i] != '%') {
                buffer_char(out, codes.at[i]);
            }
            continue;
        }
        i++;
        if (next == 'f') {
            buffer_printf(out, "%06d", (int)(micros < 0 ? micros + 1000000 : micros));
        } else if (next == 'z' || next == 'Z') {
            add_zone(out, at, next);
        } else {
            buffer_char(out, '%');
            buffer_char(out, next);
        }
    }
}

bool format_time(Buffer *out, const Timestamp *at, Text codes, Error *err)
{
    struct tm t = broken_down(at);
    Buffer    form;
    size_t    room = KIB(64), length = 0;
    char     *to;

    /* A leading mark tells an empty result from one that did not fit. */
    buffer_init(&form, KIB(64));
    buffer_char(&form, '.');
    expand_codes(&form, at, codes);
    to = form.failed || memchr(codes.at, '\0', codes.length) ? NULL : malloc(room);
    if (to) {
        length = strftime(to, room, form.data, &t);
    }
    buffer_append(out, to ? to + 1 : "", length > 0 ? length - 1 : 0);
    free(to);
    buffer_fini(&form);
    return length > 0 || fail(err, ERR_INVALID, "the format of a time is too long");
}
