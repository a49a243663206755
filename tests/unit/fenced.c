/*
 * fenced - buffers between pages that cannot be touched, filled at random.
 */
#include "fenced.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static uint64_t next_random(Fenced *f)
{
    f->state ^= f->state << 13;
    f->state ^= f->state >> 7;
    f->state ^= f->state << 17;
    return f->state;
}

static size_t body_of(const Fenced *f)
{
    return (FENCED_BODY + f->page - 1) / f->page * f->page;
}

void fenced_open(Fenced *f, uint64_t seed)
{
    *f = (Fenced){ .page = (size_t)sysconf(_SC_PAGESIZE), .state = seed * 0x9E3779B97F4A7C15 };
    for (int i = 0; i < FENCED_BUFFERS; i++) {
        size_t   body = body_of(f);
        uint8_t *all  = mmap(NULL, body + 2 * f->page, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (all == MAP_FAILED || mprotect(all, f->page, PROT_NONE) != 0 ||
            mprotect(all + f->page + body, f->page, PROT_NONE) != 0) {
            abort();
        }
        f->at[i] = all + f->page;
    }
}

void fenced_close(Fenced *f)
{
    for (int i = 0; i < FENCED_BUFFERS; i++) {
        munmap(f->at[i] - f->page, body_of(f) + 2 * f->page);
    }
}

int fenced_below(Fenced *f, int limit)
{
    return (int)((next_random(f) >> 32) % (uint32_t)limit);
}

void *fenced_again(Fenced *f, int i, size_t bytes)
{
    if (bytes > FENCED_BODY) {
        abort();
    }
    return f->first ? f->at[i] : f->at[i] + body_of(f) - bytes;
}

void *fenced(Fenced *f, int i, size_t bytes)
{
    uint8_t *at   = fenced_again(f, i, bytes);
    int      kind = fenced_below(f, 16);

    if (kind == 0) {
        memset(at, fenced_below(f, 2) ? 255 : fenced_below(f, 256), bytes);
        return at;
    }
    for (size_t k = 0; k < bytes; k += 8) {
        uint64_t value = next_random(f);

        if (kind == 1) {    /* black and white */
            value = (value & 0x0101010101010101) * 255;
        }
        memcpy(at + k, &value, MIN(8, bytes - k));
    }
    return at;
}

Plane fenced_plane(Fenced *f, int i, Size size, int pixel, int gap)
{
    size_t row = (size_t)size.width * (size_t)pixel, stride = row + (size_t)gap;

    return (Plane){ fenced(f, i, stride * ((size_t)size.height - 1) + row), stride, size.width,
                    size.height, pixel };
}

static size_t bytes_of(Plane plane)
{
    return plane.stride * ((size_t)plane.height - 1) + (size_t)plane.width * (size_t)plane.pixel;
}

Plane fenced_copy(Fenced *f, int i, Plane from)
{
    uint8_t *at = fenced_again(f, i, bytes_of(from));

    memcpy(at, from.at, bytes_of(from));
    from.at = at;
    return from;
}

bool planes_equal(Plane a, Plane b)
{
    return memcmp(a.at, b.at, bytes_of(a)) == 0;
}
