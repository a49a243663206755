/*
 * case - texts in lower case.
 *
 * The simple mappings of all of Unicode come from the C library's C.UTF-8; the
 * two that Python adds, because one letter is not enough or its place counts,
 * stand here.
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

static bool is_letter(uint32_t code)
{
    return unicode ? iswalpha_l(code, unicode) != 0
                   : (code | 32) >= 'a' && (code | 32) <= 'z';
}

/* The small sigma at the end of a word has its own form. */
static uint32_t small_sigma(bool after_letter, const char *at, const char *end)
{
    bool before_letter = at < end && is_letter(utf8_next(&at, end));

    return after_letter && !before_letter ? 0x3C2 : 0x3C3;
}

static uint32_t lower(uint32_t code)
{
    if (unicode) {
        return (uint32_t)towlower_l(code, unicode);
    }
    return code >= 'A' && code <= 'Z' ? code + 32 : code;
}

void text_lower(Buffer *out, Text text)
{
    const char *at = text.at, *end = text.at + text.length;
    bool        after_letter = false;

    pthread_once(&once, open_unicode);
    while (at < end) {
        uint32_t code = utf8_next(&at, end);

        if (code == 0x130) {              /* I with a dot: i and a combining dot */
            utf8_append(out, 'i');
            utf8_append(out, 0x307);
        } else {
            utf8_append(out, code == 0x3A3 ? small_sigma(after_letter, at, end) : lower(code));
        }
        after_letter = is_letter(code);
    }
}
