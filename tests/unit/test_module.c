/*
 * test_module - shared objects opened late, and the sentence when they are not there.
 */
#include "base/module.h"

#include "test.h"

TEST(module_opens_the_first_that_loads)
{
    static const char *const names[] = { "libno-such-thing.so.9", "libm.so.6", NULL };
    Error err = { 0 };

    void *module = module_open(names, "install libm", &err);
    if (!CHECK(module != NULL))
        return;
    CHECK(module_symbol(module, "cos", &err) != NULL);
    CHECK_INT(err.kind, ERR_NONE);
    CHECK(module_symbol(module, "no_such_symbol", &err) == NULL);
    CHECK_INT(err.kind, ERR_MISSING);
    CHECK(strstr(err.text, "no_such_symbol") != NULL);
}

TEST(module_that_is_absent_says_what_to_install)
{
    static const char *const names[] = { "libno-such-thing.so.9", "/no/where.so", NULL };
    Error err = { 0 };

    CHECK(module_open(names, "install the package libthing9", &err) == NULL);
    CHECK_INT(err.kind, ERR_MISSING);
    CHECK(text_starts(text_of(err.text), "install the package libthing9"));
    CHECK(strstr(err.text, "libno-such-thing.so.9") != NULL);
    CHECK(strstr(err.text, "/no/where.so") != NULL);
}
