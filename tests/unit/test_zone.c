/*
 * test_zone - time zones: known moments, rules, and files that lie.
 */
#include "base/file.h"
#include "base/zone.h"
#include "test.h"

TEST(zone_offsets_at_known_moments)
{
    static const struct { const char *zone; int64_t seconds; int32_t offset; } cases[] = {
        { "UTC", 0, 0 },
        { "Europe/Berlin", 1774745999, 3600 },         /* a second before summer 2026 */
        { "Europe/Berlin", 1774746000, 7200 },
        { "Europe/Berlin", 1792890000, 3600 },         /* 2026-10-25 01:00 UTC */
        { "Europe/Berlin", 4118004000, 7200 },         /* 2100-06-29: by the rule */
        { "America/St_Johns", 1767225600, -12600 },
        { "Australia/Lord_Howe", 1767225600, 39600 },  /* summer is half an hour there */
        { "Australia/Lord_Howe", 1782864000, 37800 },
        { "Asia/Kathmandu", 1767225600, 20700 },
        { "Etc/GMT+12", 1767225600, -43200 },
        { "Europe/Dublin", 1782864000, 3600 },         /* where winter is the exception */
        { "Africa/Cairo", 1782864000, 10800 },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Error   err = { 0 };
        int32_t offset = -1;

        CHECK(zone_offset(cases[i].zone, cases[i].seconds, &offset, &err));
        CHECK_INT(offset, cases[i].offset);
    }
}

TEST(zone_rules_of_every_form)
{
    static const struct { const char *rule; int64_t seconds; int32_t offset; } cases[] = {
        { "<+03>-3", 0, 10800 },
        { "EST5", 0, -18000 },
        { "A1:30:15", 0, -5415 },
        { "A0B,J60/0,J61/0", 1772323200, 3600 },       /* 2026-03-01 */
        { "A0B,59/0,60/0", 1772323200, 3600 },
        { "A0B,J59/0,J60/0", 1772323200, 0 },
        { "A0B-2,M1.1.0/-167,M12.5.6/167", 1782864000, 7200 },
        { "A0B,M10.1.0,M4.1.0", 1767225600, 3600 },    /* the southern way round */
    };
    static const char *const broken[] = {
        "", "5", "A", "A25", "A0B", "A0B,", "A0B,M1.1.0", "A0B,M13.1.0,M1.1.0",
        "A0B,M1.6.0,M1.1.0", "A0B,M1.1.7,M1.1.0", "A0B,J0,J1", "A0B,366,1", "A0B,J1,J2,", "A0Bx",
        "<A0", "A0B,M1.1.0/168,M2.1.0", "A1:60", "A99999999999999999999",
    };
    Error   err;
    int32_t offset;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CHECK(zone_rule(text_of(cases[i].rule), cases[i].seconds, &offset, &err));
        CHECK_INT(offset, cases[i].offset);
    }
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        CHECK(!zone_rule(text_of(broken[i]), 1767225600, &offset, &err));
    }
    CHECK(zone_rule(TEXT("CET-1CEST,M3.5.0,M10.5.0/3"), INT64_MAX, &offset, &err));
    CHECK(zone_rule(TEXT("CET-1CEST,M3.5.0,M10.5.0/3"), INT64_MIN, &offset, &err));
}

TEST(zone_names_stay_in_their_folder)
{
    static const char *const names[] = {
        "../../../etc/passwd", "/etc/passwd", "", "Europe", "A/B",
    };
    Error   err;
    int32_t offset;

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        CHECK(!zone_offset(names[i], 0, &offset, &err));
    }
    CHECK(strstr(err.text, "tzdata") != NULL);
}

/* Cut anywhere, and with any byte changed, a file gives an offset or an error;
 * the copy is as long as the file, so that a sanitizer sees every step outside. */
TEST(zone_files_that_lie)
{
    Buffer  file;
    Error   err;
    int32_t offset;

    buffer_init(&file, KIB(256));
    CHECK(file_read("/usr/share/zoneinfo/Europe/Berlin", KIB(256), &file, &err));
    for (size_t length = 0; length < file.length; length++) {
        char *copy = malloc(MAX(length, 1));

        memcpy(copy, file.data, length);
        CHECK(!zone_read((Text){ copy, length }, 1767225600, &offset, &err) || length > 44);
        free(copy);
    }
    for (size_t i = 0; i < file.length; i++) {
        char before = file.data[i];

        for (int bit = 0; bit < 8; bit++) {
            file.data[i] = (char)(before ^ (1 << bit));
            if (zone_read((Text){ file.data, file.length }, 1767225600, &offset, &err)) {
                CHECK(offset >= -86400 * 7 && offset <= 86400 * 7);
            }
        }
        file.data[i] = before;
    }
    CHECK(zone_read((Text){ file.data, file.length }, INT64_MIN, &offset, &err));
    buffer_fini(&file);
}
