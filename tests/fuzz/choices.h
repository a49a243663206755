/*
 * choices - the fuzzer's bytes, taken one by one as choices among some.
 */
#ifndef OCELLUS_FUZZ_CHOICES_H
#define OCELLUS_FUZZ_CHOICES_H

#include <stdint.h>

typedef struct Choices {
    const uint8_t *at, *end;
} Choices;

/* A number below `count`; 0 when the bytes are used up. */
static inline unsigned choose(Choices *c, unsigned count)
{
    return c->at < c->end && count > 0 ? *c->at++ % count : 0;
}

#endif
