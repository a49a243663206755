/*
 * test_format - Python's format(), repr() and lower().
 *
 * The expectations are what CPython 3.11 prints.
 */
#include <math.h>

#include "base/text.h"
#include "test.h"
#include "value/format.h"

static const Timestamp moment = { INT64_C(1767225600000042), 330 };

typedef struct FormatCase {
    Value       value;
    const char *spec, *want;     /* NULL: refused */
} FormatCase;

static void check_cases(const FormatCase *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        Buffer out;
        Error  err = { 0 };
        bool   ok;

        buffer_init(&out, MIB(1));
        ok = value_format(&out, cases[i].value, text_of(cases[i].spec), &err);
        if (ok != (cases[i].want != NULL) ||
            (ok && strcmp(out.data ? out.data : "", cases[i].want) != 0)) {
            fprintf(stderr, "case %zu, '%s': %s\n", i, cases[i].spec, ok ? out.data : err.text);
            CHECK(false);
        }
        CHECK(ok || err.kind == ERR_INVALID);
        buffer_fini(&out);
    }
}

#define INT(v)  value_int(v)
#define FLT(v)  value_double(v)
#define STR(v)  value_string(v)
#define BOOL(v) value_bool(v)

TEST(format_integers)
{
    const FormatCase cases[] = {
        { INT(5), "", "5" },               { INT(-5), "d", "-5" },
        { INT(1234), "06,", "01,234" },    { INT(1234), "07,", "001,234" },
        { INT(1234), "08,", "0,001,234" }, { INT(-1234), "*=9,", "-***1,234" },
        { INT(255), "#x", "0xff" },        { INT(255), "#X", "0XFF" },
        { INT(255), "#010b", "0b11111111" }, { INT(1234567), "_x", "12_d687" },
        { INT(1234567), "_", "1_234_567" }, { INT(7), "+", "+7" }, { INT(7), " ", " 7" },
        { INT(7), "<3", "7  " },           { INT(7), "^4", " 7  " }, { INT(7), "ż>3", "żż7" },
        { INT(8364), "c", "€" },           { INT(8364), ">3c", "  €" },
        { INT(INT64_MIN), "d", "-9223372036854775808" },
        { INT(INT64_MIN), "x", "-8000000000000000" },
        { INT(3), ".2f", "3.00" },         { INT(3), "%", "300.000000%" },
        { INT(12345), "n", "12345" },      { INT(5), "\xd9\xa5", "    5" },
        { BOOL(true), "", "True" },        { BOOL(true), "d", "1" }, { BOOL(false), "5", "    0" },
        { { .type = VALUE_UINT, .as.natural = UINT64_MAX }, ",", "18,446,744,073,709,551,615" },
        { INT(5), ".2", NULL },  { INT(5), "z", NULL },   { INT(5), "s", NULL },
        { INT(5), ",n", NULL },  { INT(5), ",x", NULL },  { INT(5), ",_", NULL },
        { INT(5), "_,", NULL },  { INT(5), "+c", NULL },  { INT(5), "5q5", NULL },
        { INT(5), "q", NULL },   { INT(5), ".", NULL },   { INT(0xD800), "c", NULL },
        { BOOL(true), "s", NULL },
    };
    check_cases(cases, COUNT_OF(cases));
}

TEST(format_floats)
{
    const FormatCase cases[] = {
        { FLT(1.0), "", "1.0" },            { FLT(0.128), ".2f", "0.13" },
        { FLT(2.5), ".0f", "2" },           { FLT(0.128), "8.3e", "1.280e-01" },
        { FLT(12345.678), ",.2f", "12,345.68" }, { FLT(12345.678), ".2", "1.2e+04" },
        { FLT(12345.678), ".0", "1e+04" },  { FLT(100.0), ".3", "1e+02" },
        { FLT(100.0), ".4", "100.0" },      { FLT(100.0), "#.3g", "100." },
        { FLT(1e16), "#", "1.e+16" },       { FLT(1e300), "g", "1e+300" },
        { FLT(-0.0), ".1f", "-0.0" },       { FLT(-0.0), "z.1f", "0.0" },
        { FLT(-0.001), "z.1f", "0.0" },     { FLT(-1.5), "08", "-00001.5" },
        { FLT(1.5), "=+8", "+    1.5" },    { FLT(INFINITY), "010", "0000000inf" },
        { FLT(-INFINITY), "F", "-INF" },    { FLT(NAN), "+", "+nan" }, { FLT(NAN), "%", "nan%" },
        { FLT(1234.5), "012,", "00,001,234.5" }, { FLT(5e-324), "", "5e-324" },
        { FLT(0.5), ".0%", "50%" },         { FLT(1e-5), "", "1e-05" },
        { FLT(1.5), "d", NULL },            { FLT(1.5), "s", NULL }, { FLT(1.5), ",n", NULL },
    };
    check_cases(cases, COUNT_OF(cases));
}

TEST(format_texts_times_and_others)
{
    const FormatCase cases[] = {
        { STR("abc"), "*>6", "***abc" },   { STR("abc"), ".2", "ab" },
        { STR("żó"), "^6.1", "  ż   " },
        { STR("a"), "05", "a0000" },       { STR("a"), "5s", "a    " }, { STR(""), "", "" },
        { STR("a"), "=5", NULL },          { STR("a"), "+", NULL },    { STR("a"), ",", NULL },
        { STR("a"), "#", NULL },           { STR("a"), "d", NULL },    { STR("a"), "%H", NULL },
        { value_null(), "", "None" },      { value_null(), ">5", NULL },
        { value_list(NULL, 0), "5", NULL },
        { { .type = VALUE_TIMESTAMP, .as.timestamp = &moment }, "%Y/%m/%d %H:%M:%S.%f %z %Z %% %",
          "2026/01/01 05:30:00.000042 +0530 UTC+05:30 % %" },
        { { .type = VALUE_TIMESTAMP, .as.timestamp = &moment }, "%a %B abc", "Thu January abc" },
    };
    check_cases(cases, COUNT_OF(cases));
}

TEST(format_refuses_large_widths)
{
    const FormatCase cases[] = {
        { INT(1), "10001", NULL }, { FLT(1), ".10001f", NULL }, { STR("a"), ">10001", NULL },
        { INT(1), "99999999999999999999999999999999999999999d", NULL },
    };
    Buffer out;
    Error  err = { 0 };

    check_cases(cases, COUNT_OF(cases));
    buffer_init(&out, KIB(64));
    CHECK(value_format(&out, FLT(1e308), TEXT("10000.10000f"), &err));
    CHECK_INT((intmax_t)out.length, 309 + 1 + 10000);
    buffer_clear(&out);
    CHECK(value_format(&out, FLT(1.0), TEXT(".10000"), &err));
    CHECK_STR(out.data, "1.0");
    buffer_clear(&out);
    CHECK(value_format(&out, FLT(0.1), TEXT("#.10000g"), &err));
    CHECK_INT((intmax_t)out.length, 2 + 10000);
    buffer_fini(&out);
    buffer_init(&out, 1000);
    CHECK(value_format(&out, INT(1), TEXT("10000"), &err) && out.failed);
    buffer_fini(&out);
    CHECK(!value_format(&out, INT(-1), TEXT("c"), &err) && err.kind == ERR_TOO_LARGE);
}

TEST(quoted_texts_are_escaped)
{
    static const struct { const char *text, *quoted, *ascii; } cases[] = {
        { "a'b", "\"a'b\"", "\"a'b\"" },
        { "a'\"b\\", "'a\\'\"b\\\\'", "'a\\'\"b\\\\'" },
        { "ż€\n\x7f", "'ż€\\n\\x7f'", "'\\u017c\\u20ac\\n\\x7f'" },
        { "\u200b\u00ad\ue000\U0001f600\u00a0", "'\\u200b\\xad\\ue000\U0001f600\\xa0'",
          "'\\u200b\\xad\\ue000\\U0001f600\\xa0'" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Value  text = value_string(cases[i].text);
        Buffer out;

        buffer_init(&out, KIB(1));
        value_print_quoted(&out, text, false);
        CHECK_STR(out.data, cases[i].quoted);
        buffer_clear(&out);
        value_print_quoted(&out, text, true);
        CHECK_STR(out.data, cases[i].ascii);
        buffer_fini(&out);
    }
}

TEST(texts_in_lower_case)
{
    static const struct { const char *text, *want; } cases[] = {
        { "", "" }, { "AbC1", "abc1" }, { "ŻÓŁĆ", "żółć" }, { "İ", "i\u0307" }, { "ẞ", "ß" },
        { "ΟΔΟΣ ΣΑΣ Σ", "οδος σας σ" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Buffer out;

        buffer_init(&out, KIB(1));
        text_lower(&out, text_of(cases[i].text));
        CHECK_STR(out.data ? out.data : "", cases[i].want);
        buffer_fini(&out);
    }
}
