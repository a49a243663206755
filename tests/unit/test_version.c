/*
 * test_version - versions of definitions, as Python reads them.
 */
#include "test.h"
#include "workflow/version.h"

static bool parses(const char *text, int epoch, int major, bool early)
{
    Version version;

    return version_parse(text_of(text), &version) && version.epoch == epoch &&
           version.major == major && version.early == early;
}

TEST(versions_are_read_as_python_reads_them)
{
    CHECK(parses("1.3.0", 0, 1, false));
    CHECK(parses("v1", 0, 1, false));
    CHECK(parses(" \t1.0\xc2\xa0\n", 0, 1, false));
    CHECK(parses("1!2.0", 1, 2, false));
    CHECK(parses("001.5", 0, 1, false));
    CHECK(parses("1.0rc1", 0, 1, true));
    CHECK(parses("1.0-ALPHA.2", 0, 1, true));
    CHECK(parses("1.0a-", 0, 1, true));
    CHECK(parses("1.0_post", 0, 1, false));
    CHECK(parses("1.0-4", 0, 1, false));
    CHECK(parses("1.0b2.post3.dev4+local.5", 0, 1, true));
    CHECK(parses("1.0+abc", 0, 1, false));
    CHECK(parses("99999999999999999999999", 0, 1000, false));
}

TEST(texts_that_are_no_versions)
{
    static const char *const wrong[] = {
        "", " ", "v", "abc", "-1", "1.", "1..0", "1.x", "1.0 .1", "vv1", "!1.0", "1!", "1.0+",
        "1.0+a..b", "1.0-5-6", "1.0a1b2", "1,0", "1.0alph", "\xef\xbc\x91.0",
    };
    Version version;

    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        CHECK(!version_parse(text_of(wrong[i]), &version));
    }
}

TEST(versions_that_come_later)
{
    static const char *const later[] = {
        "1.17.1", "1.17.0.1", "1.18", "1.18rc1", "2", "2.0a1", "1!0.5", "1.17.post1", "1.17+local",
    };
    static const char *const not_later[] = {
        "1.17", "1.17.0.0", "1.17rc9", "1.17.dev3", "1.16.9.post3", "0.99", "1",
    };
    Version version;

    for (size_t i = 0; i < COUNT_OF(later); i++) {
        CHECK(version_parse(text_of(later[i]), &version) && version_is_after(&version, 1, 17, 0));
    }
    for (size_t i = 0; i < COUNT_OF(not_later); i++) {
        CHECK(version_parse(text_of(not_later[i]), &version) &&
              !version_is_after(&version, 1, 17, 0));
    }
}
