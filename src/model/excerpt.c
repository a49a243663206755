/*
 * excerpt - as much of a text as a sentence has room for.
 */
#include "model/excerpt.h"

#include "base/text.h"

Text excerpt(Text text, size_t most)
{
    if (text.length > most) {
        text.length = most;
        while (text.length > 0 && (text.at[text.length] & 0xC0) == 0x80)
            text.length--;
    }
    return utf8_valid(text) ? text : TEXT("...");
}
