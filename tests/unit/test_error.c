/*
 * test_error - errors as values: sentences, cuts, statuses.
 */
#include "base/error.h"

#include <errno.h>

#include "base/text.h"
#include "test.h"

TEST(error_holds_kind_and_sentence)
{
    Error err = { .step = "old", .field = "old" };

    CHECK(!fail(&err, ERR_INVALID, "width: %d is not above %s", -3, "0"));
    CHECK_INT(err.kind, ERR_INVALID);
    CHECK_STR(err.text, "width: -3 is not above 0");
    CHECK_STR(err.step, "");
    CHECK_STR(err.field, "");
    CHECK(!fail(NULL, ERR_INVALID, "nobody listens"));
    CHECK(!fail_errno(NULL, ENOENT, "nobody listens"));
    CHECK(!fail_prefix(NULL, "nobody listens"));
}

TEST(error_text_may_quote_the_old_text)
{
    Error err;

    fail(&err, ERR_BUSY, "inner");
    fail(&err, ERR_INTERNAL, "outer (%s)", err.text);
    CHECK_STR(err.text, "outer (inner)");
    CHECK_INT(err.kind, ERR_INTERNAL);
}

TEST(error_text_is_cut_at_a_utf8_border)
{
    char  longer[400];
    Error err;

    for (int shift = 0; shift < 4; shift++) {
        memset(longer, 'x', (size_t)shift);
        for (size_t i = (size_t)shift; i + 3 < sizeof longer; i += 3)
            memcpy(longer + i, "\xE2\x82\xAC", 3);
        longer[sizeof longer - 4] = '\0';

        fail(&err, ERR_INVALID, "%s", longer);
        CHECK(utf8_valid(text_of(err.text)));
        CHECK(strlen(err.text) >= sizeof err.text - 3);
        CHECK(strncmp(err.text, longer, strlen(err.text)) == 0);
        fail_prefix(&err, "p");
        CHECK(utf8_valid(text_of(err.text)));
        fail_errno(&err, EIO, "%s", longer);
        CHECK(utf8_valid(text_of(err.text)));
    }
    for (int n = 237; n < 243; n++) {
        fail(&err, ERR_INVALID, "%0*d", n, 1);
        CHECK_INT((int)strlen(err.text), MIN(n, 239));
    }
}

TEST(error_from_errno_says_what_and_why)
{
    Error err;

    CHECK(!fail_errno(&err, ENOENT, "cannot open %s", "x"));
    CHECK_STR(err.text, "cannot open x: No such file or directory");
    CHECK_INT(err.kind, ERR_NOT_FOUND);
    fail_errno(&err, ENOMEM, "a");
    CHECK_INT(err.kind, ERR_MEMORY);
    fail_errno(&err, ENOSPC, "a");
    CHECK_INT(err.kind, ERR_TOO_LARGE);
    fail_errno(&err, EIO, "a");
    CHECK_INT(err.kind, ERR_INTERNAL);
}

TEST(error_prefix_keeps_the_rest)
{
    Error err;

    fail(&err, ERR_REFUSED, "not for you");
    snprintf(err.field, sizeof err.field, "name");
    CHECK(!fail_prefix(&err, "%s", "shelf"));
    CHECK_STR(err.text, "shelf: not for you");
    CHECK_STR(err.field, "name");
    CHECK_INT(err.kind, ERR_REFUSED);
}

TEST(error_kinds_have_statuses_and_exit_codes)
{
    static const struct { ErrorKind kind; int status, code; } rows[] = {
        { ERR_NONE, 200, 0 },        { ERR_INVALID, 400, 2 },   { ERR_REFUSED, 403, 4 },
        { ERR_NOT_FOUND, 404, 3 },   { ERR_TIMEOUT, 408, 1 },   { ERR_CONFLICT, 409, 1 },
        { ERR_TOO_LARGE, 413, 2 },   { ERR_UNSUPPORTED, 415, 2 },
        { ERR_CANCELLED, 499, 1 },   { ERR_INTERNAL, 500, 1 },  { ERR_MISSING, 501, 1 },
        { ERR_BUSY, 503, 1 },        { ERR_MEMORY, 507, 1 },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CHECK_INT(error_status(rows[i].kind), rows[i].status);
        CHECK_INT(error_exit_code(rows[i].kind), rows[i].code);
    }
}
