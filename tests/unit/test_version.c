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
