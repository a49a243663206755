/*
 * test_clock - times as text; the expectations come from Python 3.11.
 */
#include "base/clock.h"
#include "test.h"

TEST(clock_goes_forward)
{
    int64_t before = clock_now();

    CHECK(clock_now() >= before);
    CHECK(clock_wall() > INT64_C(1700000000) * 1000000);
    CHECK(llabs(clock_local() - clock_wall()) <= INT64_C(15) * 3600 * 1000000);
}

TEST(clock_prints_as_python_does)
{
    static const struct { int64_t time; int32_t offset; const char *text; } rows[] = {
        { 0,                   CLOCK_NAIVE, "1970-01-01T00:00:00" },
        { 1767323045678901,    CLOCK_NAIVE, "2026-01-02T03:04:05.678901" },
        { 1767323045000000,    CLOCK_NAIVE, "2026-01-02T03:04:05" },
        { 1767323045000001,    CLOCK_NAIVE, "2026-01-02T03:04:05.000001" },
        { 1767323045000000,    0,           "2026-01-02T03:04:05+00:00" },
        { 1767323045000000,    330,         "2026-01-02T08:34:05+05:30" },
        { 1767323045000000,    -330,        "2026-01-01T21:34:05-05:30" },
        { -1,                  CLOCK_NAIVE, "1969-12-31T23:59:59.999999" },
        { -1000000,            CLOCK_NAIVE, "1969-12-31T23:59:59" },
        { -62135596800000000,  CLOCK_NAIVE, "0001-01-01T00:00:00" },
        { 253402300799999999,  CLOCK_NAIVE, "9999-12-31T23:59:59.999999" },
        { 951782400000000,     CLOCK_NAIVE, "2000-02-29T00:00:00" },
        { 1709208000000000,    CLOCK_NAIVE, "2024-02-29T12:00:00" },
    };
    char text[CLOCK_ISO_SIZE];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t length = clock_iso(text, rows[i].time, rows[i].offset);

        CHECK_STR(text, rows[i].text);
        CHECK(length == strlen(text));
    }
    CHECK(clock_iso(text, INT64_MAX, INT32_MAX) < CLOCK_ISO_SIZE);
    CHECK(clock_iso(text, INT64_MIN, INT32_MIN + 1) < CLOCK_ISO_SIZE);
}

TEST(clock_reads_as_python_does)
{
    static const struct { const char *text; int64_t time; int32_t offset; } rows[] = {
        { "2026-01-02",                        1767312000000000, CLOCK_NAIVE },
        { "2026-01-02T03",                     1767322800000000, CLOCK_NAIVE },
        { "2026-01-02T03:04",                  1767323040000000, CLOCK_NAIVE },
        { "2026-01-02 03:04:05",               1767323045000000, CLOCK_NAIVE },
        { "2026-01-02T03:04:05.6",             1767323045600000, CLOCK_NAIVE },
        { "2026-01-02T03:04:05.6789019999",    1767323045678901, CLOCK_NAIVE },
        { "2026-01-02T03:04:05,678",           1767323045678000, CLOCK_NAIVE },
        { "2026-01-02T03:04:05Z",              1767323045000000, 0 },
        { "2026-01-02T03:04:05+05:30",         1767303245000000, 330 },
        { "2026-01-02T03:04:05.5+0530",        1767303245500000, 330 },
        { "2026-01-02T03:04:05-05",            1767341045000000, -300 },
        { "2026-01-02T03+01:00",               1767319200000000, 60 },
        { "2026-01-02T03:04:05+23:59",         1767236705000000, 1439 },
        { "2024-02-29",                        1709164800000000, CLOCK_NAIVE },
        { "0001-01-01",                        -62135596800000000, CLOCK_NAIVE },
        { "9999-12-31T23:59:59.999999",        253402300799999999, CLOCK_NAIVE },
        { "1969-12-31T23:59:59.5",             -500000, CLOCK_NAIVE },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t time   = 0;
        int32_t offset = 12345;

        if (!CHECK(clock_parse_iso(text_of(rows[i].text), &time, &offset)))
            printf("  %s\n", rows[i].text);
        CHECK_INT(time, rows[i].time);
        CHECK_INT(offset, rows[i].offset);
    }
}

TEST(clock_refuses_what_python_refuses)
{
    static const char *const rows[] = {
        "", "2026", "2026-01", "2026-1-2", "2026-13-01", "2026-00-01", "2026-01-00", "2026-01-32",
        "2026-02-29", "1900-02-29", "0000-01-01", " 2026-01-02", "2026-01-02 ", "2026-01-02T",
        "2026-01-02T03:", "2026-01-02T3:04", "2026-01-02T24:00:00", "2026-01-02T23:60:00",
        "2026-01-02T23:59:60", "2026-01-02T03:04:05.", "2026-01-02T03:04:05.1x",
        "2026-01-02T03:04:05z", "2026-01-02T03:04:05+", "2026-01-02T03:04:05+1:00",
        "2026-01-02T03:04:05+24:00", "2026-01-02T03:04:05+05:", "2026-01-02Z",
        "2026-01-02T03:04:05Zx", "-026-01-02", "2026-01-02T-3:04",
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t time   = 17;
        int32_t offset = 17;

        if (!CHECK(!clock_parse_iso(text_of(rows[i]), &time, &offset)))
            printf("  %s\n", rows[i]);
        CHECK_INT(time, 17);
        CHECK_INT(offset, 17);
    }
}

TEST(clock_reads_back_every_day_it_prints)
{
    char text[CLOCK_ISO_SIZE];

    for (int64_t day = -719162; day <= 2932896; day += 13) {
        int64_t time = day * INT64_C(86400000000) + (day & 0xFFFFF) * 7919, back = 0;
        int32_t offset = 0;
        size_t  length = clock_iso(text, time, CLOCK_NAIVE);

        if (!CHECK(clock_parse_iso((Text){ text, length }, &back, &offset) && back == time))
            break;
    }
}
