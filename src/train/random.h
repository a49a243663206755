/*
 * random - numbers that look like chance and come again with the same seed.
 *
 * SplitMix64 (Steele, Lea and Flood, 2014).  Not for secrets: see random_bytes().
 */
#ifndef OCELLUS_TRAIN_RANDOM_H
#define OCELLUS_TRAIN_RANDOM_H

#include <stdint.h>

static inline uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* 0 .. 1, without 1. */
static inline double random_share(uint64_t *state)
{
    return (double)(random_next(state) >> 11) * 0x1p-53;
}

/* 0 .. count - 1. */
static inline int random_below(uint64_t *state, int count)
{
    return (int)(random_share(state) * count);
}

#endif
