/*
 * case - texts in lower and in upper case, as Python has them.
 *
 * The simple mappings of all of Unicode come from the C library's C.UTF-8,
 * whatever the process's locale; those that Python adds, because one letter is
 * not enough or its place counts, stand here (Unicode 15, SpecialCasing.txt).
 */
#include <locale.h>
#include <pthread.h>
#include <wctype.h>

#include "base/text.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static locale_t       unicode;

static void open_unicode(void)
{
    unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

typedef struct Expansion {
    uint32_t code, upper[3];
} Expansion;

/* The letters whose capital form is more than one letter. */
static const Expansion expansions[] = {
    { 0x00df, { 0x0053, 0x0053 } }, { 0x0149, { 0x02bc, 0x004e } },
    { 0x01f0, { 0x004a, 0x030c } }, { 0x0390, { 0x0399, 0x0308, 0x0301 } },
    { 0x03b0, { 0x03a5, 0x0308, 0x0301 } }, { 0x0587, { 0x0535, 0x0552 } },
    { 0x1e96, { 0x0048, 0x0331 } }, { 0x1e97, { 0x0054, 0x0308 } },
    { 0x1e98, { 0x0057, 0x030a } }, { 0x1e99, { 0x0059, 0x030a } },
    { 0x1e9a, { 0x0041, 0x02be } }, { 0x1f50, { 0x03a5, 0x0313 } },
    { 0x1f52, { 0x03a5, 0x0313, 0x0300 } }, { 0x1f54, { 0x03a5, 0x0313, 0x0301 } },
    { 0x1f56, { 0x03a5, 0x0313, 0x0342 } }, { 0x1f80, { 0x1f08, 0x0399 } },
    { 0x1f81, { 0x1f09, 0x0399 } }, { 0x1f82, { 0x1f0a, 0x0399 } },
    { 0x1f83, { 0x1f0b, 0x0399 } }, { 0x1f84, { 0x1f0c, 0x0399 } },
    { 0x1f85, { 0x1f0d, 0x0399 } }, { 0x1f86, { 0x1f0e, 0x0399 } },
    { 0x1f87, { 0x1f0f, 0x0399 } }, { 0x1f88, { 0x1f08, 0x0399 } },
    { 0x1f89, { 0x1f09, 0x0399 } }, { 0x1f8a, { 0x1f0a, 0x0399 } },
    { 0x1f8b, { 0x1f0b, 0x0399 } }, { 0x1f8c, { 0x1f0c, 0x0399 } },
    { 0x1f8d, { 0x1f0d, 0x0399 } }, { 0x1f8e, { 0x1f0e, 0x0399 } },
    { 0x1f8f, { 0x1f0f, 0x0399 } }, { 0x1f90, { 0x1f28, 0x0399 } },
    { 0x1f91, { 0x1f29, 0x0399 } }, { 0x1f92, { 0x1f2a, 0x0399 } },
    { 0x1f93, { 0x1f2b, 0x0399 } }, { 0x1f94, { 0x1f2c, 0x0399 } },
    { 0x1f95, { 0x1f2d, 0x0399 } }, { 0x1f96, { 0x1f2e, 0x0399 } },
    { 0x1f97, { 0x1f2f, 0x0399 } }, { 0x1f98, { 0x1f28, 0x0399 } },
    { 0x1f99, { 0x1f29, 0x0399 } }, { 0x1f9a, { 0x1f2a, 0x0399 } },
    { 0x1f9b, { 0x1f2b, 0x0399 } }, { 0x1f9c, { 0x1f2c, 0x0399 } },
    { 0x1f9d, { 0x1f2d, 0x0399 } }, { 0x1f9e, { 0x1f2e, 0x0399 } },
    { 0x1f9f, { 0x1f2f, 0x0399 } }, { 0x1fa0, { 0x1f68, 0x0399 } },
    { 0x1fa1, { 0x1f69, 0x0399 } }, { 0x1fa2, { 0x1f6a, 0x0399 } },
    { 0x1fa3, { 0x1f6b, 0x0399 } }, { 0x1fa4, { 0x1f6c, 0x0399 } },
    { 0x1fa5, { 0x1f6d, 0x0399 } }, { 0x1fa6, { 0x1f6e, 0x0399 } },
    { 0x1fa7, { 0x1f6f, 0x0399 } }, { 0x1fa8, { 0x1f68, 0x0399 } },
    { 0x1fa9, { 0x1f69, 0x0399 } }, { 0x1faa, { 0x1f6a, 0x0399 } },
    { 0x1fab, { 0x1f6b, 0x0399 } }, { 0x1fac, { 0x1f6c, 0x0399 } },
    { 0x1fad, { 0x1f6d, 0x0399 } }, { 0x1fae, { 0x1f6e, 0x0399 } },
    { 0x1faf, { 0x1f6f, 0x0399 } }, { 0x1fb2, { 0x1fba, 0x0399 } },
    { 0x1fb3, { 0x0391, 0x0399 } }, { 0x1fb4, { 0x0386, 0x0399 } },
    { 0x1fb6, { 0x0391, 0x0342 } }, { 0x1fb7, { 0x0391, 0x0342, 0x0399 } },
    { 0x1fbc, { 0x0391, 0x0399 } }, { 0x1fc2, { 0x1fca, 0x0399 } },
    { 0x1fc3, { 0x0397, 0x0399 } }, { 0x1fc4, { 0x0389, 0x0399 } },
    { 0x1fc6, { 0x0397, 0x0342 } }, { 0x1fc7, { 0x0397, 0x0342, 0x0399 } },
    { 0x1fcc, { 0x0397, 0x0399 } }, { 0x1fd2, { 0x0399, 0x0308, 0x0300 } },
    { 0x1fd3, { 0x0399, 0x0308, 0x0301 } }, { 0x1fd6, { 0x0399, 0x0342 } },
    { 0x1fd7, { 0x0399, 0x0308, 0x0342 } }, { 0x1fe2, { 0x03a5, 0x0308, 0x0300 } },
    { 0x1fe3, { 0x03a5, 0x0308, 0x0301 } }, { 0x1fe4, { 0x03a1, 0x0313 } },
    { 0x1fe6, { 0x03a5, 0x0342 } }, { 0x1fe7, { 0x03a5, 0x0308, 0x0342 } },
    { 0x1ff2, { 0x1ffa, 0x0399 } }, { 0x1ff3, { 0x03a9, 0x0399 } },
    { 0x1ff4, { 0x038f, 0x0399 } }, { 0x1ff6, { 0x03a9, 0x0342 } },
    { 0x1ff7, { 0x03a9, 0x0342, 0x0399 } }, { 0x1ffc, { 0x03a9, 0x0399 } },
    { 0xfb00, { 0x0046, 0x0046 } }, { 0xfb01, { 0x0046, 0x0049 } },
    { 0xfb02, { 0x0046, 0x004c } }, { 0xfb03, { 0x0046, 0x0046, 0x0049 } },
    { 0xfb04, { 0x0046, 0x0046, 0x004c } }, { 0xfb05, { 0x0053, 0x0054 } },
    { 0xfb06, { 0x0053, 0x0054 } }, { 0xfb13, { 0x0544, 0x0546 } },
    { 0xfb14, { 0x0544, 0x0535 } }, { 0xfb15, { 0x0544, 0x053b } },
    { 0xfb16, { 0x054e, 0x0546 } }, { 0xfb17, { 0x0544, 0x053d } },
};

static uint32_t simple_upper(uint32_t code)
{
    if (unicode) {
        return (uint32_t)towupper_l((wint_t)code, unicode);
    }
    return code >= 'a' && code <= 'z' ? code - 32 : code;
}

static uint32_t simple_lower(uint32_t code)
{
    if (unicode) {
        return (uint32_t)towlower_l((wint_t)code, unicode);
    }
    return code >= 'A' && code <= 'Z' ? code + 32 : code;
}

static bool is_cased(uint32_t code)
{
    return simple_upper(code) != code || simple_lower(code) != code;
}

/* What words' shape ignores: apostrophes, points inside, accents. */
static bool is_case_ignorable(uint32_t code)
{
    return code == '\'' || code == '.' || code == ':' || code == '^' || code == '`' ||
           code == 0xa8 || code == 0xad || code == 0xaf || code == 0xb4 || code == 0xb7 ||
           code == 0xb8 || (code >= 0x2b0 && code <= 0x36f) || code == 0x2018 ||
           code == 0x2019 || code == 0x2024 || code == 0x2027 ||
           (code >= 0x200b && code <= 0x200f);
}

/* Whether a letter follows, marks apart.  Sigmas are letters: all looks together
 * stay linear in the text. */
static bool letter_follows(const char *at, const char *end)
{
    while (at < end) {
        uint32_t code = utf8_next(&at, end);

        if (!is_case_ignorable(code)) {
            return is_cased(code);
        }
    }
    return false;
}

enum { DOTTED_I = 0x130, BIG_SIGMA = 0x3a3, SMALL_SIGMA = 0x3c3, FINAL_SIGMA = 0x3c2 };

void text_lower(Buffer *out, Text text)
{
    const char *at = text.at, *end = text.at + text.length;
    bool        after_letter = false;

    pthread_once(&once, open_unicode);
    while (at < end) {
        uint32_t code = utf8_next(&at, end);

        if (code == DOTTED_I) {
            buffer_string(out, "i\xcc\x87");      /* i and a combining dot */
        } else if (code == BIG_SIGMA) {
            utf8_append(out, after_letter && !letter_follows(at, end) ? FINAL_SIGMA
                                                                      : SMALL_SIGMA);
        } else {
            utf8_append(out, simple_lower(code));
        }
        after_letter = is_case_ignorable(code) ? after_letter : is_cased(code);
    }
}

/* The letters that a capital is more than one letter of, or NULL. */
static const uint32_t *expansion_of(uint32_t code)
{
    for (size_t i = 0; code > 0x7f && i < COUNT_OF(expansions); i++) {
        if (expansions[i].code == code) {
            return expansions[i].upper;
        }
    }
    return NULL;
}

void text_upper(Buffer *out, Text text)
{
    const char *at = text.at, *end = text.at + text.length;

    pthread_once(&once, open_unicode);
    while (at < end) {
        uint32_t        code  = utf8_next(&at, end);
        const uint32_t *upper = expansion_of(code);

        if (!upper) {
            utf8_append(out, simple_upper(code));
        }
        for (int k = 0; upper && k < 3 && upper[k]; k++) {
            utf8_append(out, upper[k]);
        }
    }
}
