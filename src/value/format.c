/*
 * format - specifications, texts and integers.
 *
 * Follows CPython where results show: which options a type takes, how padding
 * with zeros meets separators, what counts as a width.
 */
#include "value/format_inside.h"

#include "base/text.h"

/* ---- reading a specification --------------------------------------------------------- */

static bool is_align(uint32_t code)
{
    return code == '<' || code == '>' || code == '=' || code == '^';
}

/* A decimal digit of any script: in each they stand in a row, and these rows
 * begin where Unicode puts its zeros. */
static int digit_value(uint32_t code)
{
    static const uint32_t zeros[] = {
        0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66,
        0xDE6, 0xE50, 0xED0, 0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80,
        0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50,
        0xABF0, 0xFF10,
    };
    for (size_t i = 0; i < COUNT_OF(zeros); i++) {
        if (code >= zeros[i] && code < zeros[i] + 10) {
            return (int)(code - zeros[i]);
        }
    }
    return -1;
}

/* The code point at the start; 0 at the end.  Moves nothing. */
static uint32_t peek(Text text)
{
    const char *at = text.at;

    return text.length > 0 ? utf8_next(&at, text.at + text.length) : 0;
}

static void skip(Text *text)
{
    const char *at = text->at;

    utf8_next(&at, text->at + text->length);
    text->length -= (size_t)(at - text->at);
    text->at = at;
}

static bool take(Text *text, char c)
{
    if (peek(*text) != (uint32_t)c) {
        return false;
    }
    skip(text);
    return true;
}

/* A number, or -1 when there is none; too large ones are refused before. */
static int take_number(Text *text)
{
    int number = -1;

    for (int digit; text->length > 0 && (digit = digit_value(peek(*text))) >= 0; skip(text)) {
        number = MIN(MAX(number, 0) * 10 + digit, LIMIT_FORMAT_WIDTH);
    }
    return number;
}

static bool numbers_fit(Text spec, Error *err)
{
    int64_t number = 0;

    for (; spec.length > 0; skip(&spec)) {
        int digit = digit_value(peek(spec));

        number = digit < 0 ? 0 : number * 10 + digit;
        if (number > LIMIT_FORMAT_WIDTH) {
            return fail(err, ERR_INVALID, "a width or precision is over %d", LIMIT_FORMAT_WIDTH);
        }
    }
    return true;
}

/* True when a fill is given, and not only an alignment. */
static bool take_alignment(Text *text, FormatSpec *spec)
{
    Text second = *text;

    spec->fill = ' ';
    if (text->length > 0) {
        skip(&second);
    }
    if (text->length > 0 && is_align(peek(second))) {
        spec->fill  = peek(*text);
        spec->align = (char)peek(second);
        *text       = second;
        skip(text);
        return true;
    }
    if (is_align(peek(*text))) {
        spec->align = (char)peek(*text);
        skip(text);
    }
    return false;
}

static bool take_grouping(Text *text, FormatSpec *spec, Error *err)
{
    spec->grouping = take(text, ',') ? ',' : 0;
    if (take(text, '_')) {
        if (spec->grouping) {
            return fail(err, ERR_INVALID, "there cannot be both ',' and '_'");
        }
        spec->grouping = '_';
    }
    if (spec->grouping && peek(*text) == ',') {
        return fail(err, ERR_INVALID, "there cannot be both ',' and '_', nor one twice");
    }
    return true;
}

/* Separators go with decimal numbers; '_' also between four digits of others. */
static bool grouping_fits(const FormatSpec *spec, uint32_t type, Error *err)
{
    char shown[8] = "";

    if (!spec->grouping || type == 0 || (type < 128 && strchr("deEfFgG%", (int)type))) {
        return true;
    }
    if (spec->grouping == '_' && type < 128 && strchr("boxX", (int)type)) {
        return true;
    }
    if (type < 128) {
        shown[0] = (char)type;
    }
    return fail(err, ERR_INVALID, "'%c' does not go with '%s'", spec->grouping, shown);
}

/* `numeric`: zeros before the width pad between sign and digits. */
static bool read_spec(Text text, bool numeric, FormatSpec *spec, Error *err)
{
    bool filled;

    *spec = (FormatSpec){ .precision = -1 };
    filled = take_alignment(&text, spec);
    if (peek(text) == '+' || peek(text) == '-' || peek(text) == ' ') {
        spec->sign = (char)peek(text);
        skip(&text);
    }
    spec->no_negative_zero = take(&text, 'z');
    spec->alternate        = take(&text, '#');
    if (!filled && peek(text) == '0') {
        spec->fill  = '0';
        spec->align = spec->align || !numeric ? spec->align : '=';
    }
    spec->width = take_number(&text);
    spec->width = MAX(spec->width, 0);
    if (!take_grouping(&text, spec, err)) {
        return false;
    }
    if (take(&text, '.')) {
        spec->precision = take_number(&text);
        if (spec->precision < 0) {
            return fail(err, ERR_INVALID, "the precision is missing after '.'");
        }
    }
    if (text.length > 0) {
        spec->type = peek(text);
        skip(&text);
    }
    if (text.length > 0) {
        return fail(err, ERR_INVALID, "it is no format specification");
    }
    return true;
}

bool format_unknown_type(const FormatSpec *spec, const char *name, Error *err)
{
    if (spec->type > 32 && spec->type < 127) {
        return fail(err, ERR_INVALID, "unknown format code '%c' for %s", (char)spec->type, name);
    }
    return fail(err, ERR_INVALID, "unknown format code U+%04X for %s", spec->type, name);
}

/* ---- laying out ------------------------------------------------------------------------ */

void format_fill(Buffer *out, const FormatSpec *spec, int64_t count)
{
    for (int64_t i = 0; i < count && !out->failed; i++) {
        utf8_append(out, spec->fill);
    }
}

/* Digits with separators from the right, zeros in front until they take `least`
 * places; a separator never comes first. */
static void group_digits(Buffer *out, Text digits, char separator, int group, int64_t least)
{
    int64_t count = (int64_t)digits.length;
    int64_t width = count;

    if (!separator) {
        for (; width < least; width++) {
            buffer_char(out, '0');
        }
        buffer_text(out, digits);
        return;
    }
    while (width + (width - 1) / group < least) {
        width++;
    }
    for (int64_t i = width; i > 0; i--) {
        buffer_char(out, i > count ? '0' : digits.at[count - i]);
        if (i > 1 && (i - 1) % group == 0) {
            buffer_char(out, separator);
        }
    }
}

static int64_t grouped_width(const FormatSpec *spec, const NumberParts *parts, int64_t least)
{
    int64_t width = (int64_t)parts->digits.length;

    if (!spec->grouping) {
        return MAX(width, least);
    }
    while (width + (width - 1) / parts->group < least) {
        width++;
    }
    return width + (width - 1) / parts->group;
}

void format_layout(Buffer *out, const FormatSpec *spec, const NumberParts *parts)
{
    char    align = spec->align ? spec->align : '>';
    int64_t fixed = (int64_t)(strlen(parts->sign) + strlen(parts->prefix) + parts->rest.length);
    int64_t least = spec->fill == '0' && align == '=' ? spec->width - fixed : 0;
    int64_t shown = parts->digits.length > 0 ? grouped_width(spec, parts, least) : 0;
    int64_t pad   = MAX(spec->width - fixed - shown, 0);
    int64_t left  = align == '>' ? pad : align == '^' ? pad / 2 : 0;

    format_fill(out, spec, left);
    buffer_string(out, parts->sign);
    buffer_string(out, parts->prefix);
    format_fill(out, spec, align == '=' ? pad : 0);
    if (parts->digits.length > 0) {
        group_digits(out, parts->digits, spec->grouping, parts->group, least);
    }
    buffer_text(out, parts->rest);
    format_fill(out, spec, align == '<' || align == '^' ? pad - left : 0);
}

/* ---- texts ------------------------------------------------------------------------------- */

static bool text_options_fit(const FormatSpec *spec, Error *err)
{
    if (spec->type != 0 && spec->type != 's') {
        return format_unknown_type(spec, "a text", err);
    }
    if (spec->sign || spec->no_negative_zero || spec->alternate || spec->grouping) {
        return fail(err, ERR_INVALID, "a text takes no sign, 'z', '#', ',' or '_'");
    }
    return spec->align != '=' || fail(err, ERR_INVALID, "a text takes no '=' alignment");
}

static Text text_cut(Text text, int64_t code_points)
{
    const char *at = text.at, *end = text.at + text.length;

    while (at < end && code_points-- > 0) {
        utf8_next(&at, end);
    }
    return (Text){ text.at, (size_t)(at - text.at) };
}

static bool format_text(Buffer *out, Text text, Text form, Error *err)
{
    FormatSpec spec;
    int64_t    pad, left;

    if (!read_spec(form, false, &spec, err) || !text_options_fit(&spec, err)) {
        return false;
    }
    if (spec.precision >= 0) {
        text = text_cut(text, spec.precision);
    }
    pad  = MAX((int64_t)spec.width - (int64_t)utf8_length(text), 0);
    left = spec.align == '>' ? pad : spec.align == '^' ? pad / 2 : 0;
    format_fill(out, &spec, left);
    buffer_text(out, text);
    format_fill(out, &spec, pad - left);
    return true;
}

/* ---- integers ------------------------------------------------------------------------------ */

static const char *const INTEGER_NAME = "an integer";

static Text digits_of(uint64_t number, uint32_t type, char digits[65])
{
    const char *symbols = type == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    uint64_t    base    = type == 'b' ? 2 : type == 'o' ? 8 : type == 'x' || type == 'X' ? 16 : 10;
    char       *at      = digits + 65;

    do {
        *--at = symbols[number % base];
        number /= base;
    } while (number > 0);
    return (Text){ at, (size_t)(digits + 65 - at) };
}

static bool format_character(Buffer *out, int64_t number, const FormatSpec *spec, Error *err)
{
    FormatSpec  left_out = *spec;
    Buffer      code;
    NumberParts parts = { "", "", { NULL, 0 }, { NULL, 0 }, 3 };

    if (spec->sign || spec->alternate) {
        return fail(err, ERR_INVALID, "the format code 'c' takes no sign and no '#'");
    }
    if (number < 0 || number > 0x10FFFF) {
        return fail(err, ERR_TOO_LARGE, "%lld is no character", (long long)number);
    }
    if (number >= 0xD800 && number < 0xE000) {
        return fail(err, ERR_INVALID, "%lld is half of a surrogate pair, no character",
                    (long long)number);
    }
    buffer_init(&code, 8);
    utf8_append(&code, (uint32_t)number);
    parts.rest = (Text){ code.data, code.length };
    left_out.width += spec->width > 0 ? (int)code.length - 1 : 0;
    format_layout(out, &left_out, &parts);
    buffer_fini(&code);
    return true;
}

static bool integer_options_fit(const FormatSpec *spec, Error *err)
{
    if (spec->precision >= 0) {
        return fail(err, ERR_INVALID, "an integer takes no precision");
    }
    if (spec->no_negative_zero) {
        return fail(err, ERR_INVALID, "an integer takes no 'z'");
    }
    return grouping_fits(spec, spec->type, err);
}

static bool format_integer(Buffer *out, bool negative, uint64_t magnitude, const FormatSpec *spec,
                           Error *err)
{
    char        digits[65];
    uint32_t    type  = spec->type ? spec->type : 'd';
    bool        plain = type == 'd' || type == 'n';
    char        prefix[3] = { '0', (char)type, '\0' };
    NumberParts parts = { .sign = negative ? "-" : spec->sign == '+' ? "+"
                                : spec->sign == ' ' ? " " : "",
                          .prefix = spec->alternate && !plain ? prefix : "",
                          .group = plain ? 3 : 4 };

    if (!integer_options_fit(spec, err)) {
        return false;
    }
    if (type == 'c') {
        int64_t number = magnitude > INT64_MAX ? INT64_MAX : (int64_t)magnitude;

        return format_character(out, negative ? -number : number, spec, err);
    }
    parts.digits = digits_of(magnitude, type, digits);
    format_layout(out, spec, &parts);
    return true;
}

static bool is_type_in(const FormatSpec *spec, const char *types)
{
    return spec->type > 0 && spec->type < 128 && strchr(types, (int)spec->type) != NULL;
}

/* ---- the whole -------------------------------------------------------------------- */

static bool format_number(Buffer *out, Value value, Text form, Error *err)
{
    const char *name = value.type == VALUE_DOUBLE ? "a float"
                     : value.type == VALUE_BOOL ? "a boolean" : INTEGER_NAME;
    FormatSpec  spec;
    double      number = 0;
    int64_t     integer;

    if (!read_spec(form, true, &spec, err)) {
        return false;
    }
    if (value.type == VALUE_DOUBLE || is_type_in(&spec, "eEfFgG%")) {
        return value_to_double(value, &number) && grouping_fits(&spec, spec.type, err) &&
               format_float(out, number, &spec, name, err);
    }
    if (spec.type && !is_type_in(&spec, "bcdoxXn")) {
        return format_unknown_type(&spec, name, err);
    }
    if (value.type == VALUE_UINT) {
        return format_integer(out, false, value.as.natural, &spec, err);
    }
    integer = value.type == VALUE_BOOL ? value.as.boolean : value.as.integer;
    return format_integer(out, integer < 0, integer < 0 ? 0 - (uint64_t)integer
                                                        : (uint64_t)integer, &spec, err);
}

bool value_format(Buffer *out, Value value, Text spec, Error *err)
{
    if (!numbers_fit(spec, err)) {
        return false;
    }
    if (spec.length == 0) {
        value_print(out, value);
        return true;
    }
    switch ((ValueType)value.type) {
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_UINT:
    case VALUE_DOUBLE:    return format_number(out, value, spec, err);
    case VALUE_STRING:
    case VALUE_SECRET:    return format_text(out, value_as_text(value), spec, err);
    case VALUE_TIMESTAMP: return format_time(out, value.as.timestamp, spec, err);
    default:
        return fail(err, ERR_INVALID, "a value of type %s takes no format specification",
                    value_type_name((ValueType)value.type));
    }
}
