/*
 * nms - B9: non-maximum suppression alone.
 *
 *     nms FILE
 *
 * FILE holds rows of six float32: x1, y1, x2, y2, score, class.  Prints one JSON object:
 * the best and the median microseconds, and which rows stay at an IoU of 0.5 within
 * classes, so that another program's answer can be held against it.
 */
#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "vision/proposal.h"

enum { RUNS = 101, ROW = 6 };

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void read_rows(const Buffer *bytes, Proposal *items, int count)
{
    for (int i = 0; i < count; i++) {
        float row[ROW];

        memcpy(row, bytes->data + (size_t)i * sizeof row, sizeof row);
        items[i] = (Proposal){ row[0], row[1], row[2], row[3], row[4], (int32_t)row[5], i };
    }
}

static int suppress(Proposal *items, int count)
{
    Suppression how = { .iou = 0.5F, .most = count };
    Arena       arena;

    arena_init(&arena, MIB(64));
    int kept = proposals_suppress(&arena, items, count, &how, NULL, NULL);
    arena_fini(&arena);
    return kept;
}

int main(int argc, char **argv)
{
    Buffer bytes;
    double times[RUNS];
    int    kept = 0;

    buffer_init(&bytes, MIB(64));
    if (argc != 2 || !file_read(argv[1], MIB(64), &bytes, NULL)) {
        return 2;
    }
    int       count = (int)(bytes.length / (ROW * sizeof(float)));
    Proposal *items = calloc((size_t)count, sizeof *items);

    for (int i = 0; items && i < RUNS; i++) {
        read_rows(&bytes, items, count);
        int64_t start = clock_now();

        kept     = suppress(items, count);
        times[i] = (double)(clock_now() - start) / 1e3;
    }
    qsort(times, RUNS, sizeof times[0], by_size);
    printf("{\"min\": %.2f, \"p50\": %.2f, \"kept\": [", times[0], times[RUNS / 2]);
    for (int i = 0; i < kept; i++) {
        printf("%s%d", i ? ", " : "", items[i].index);
    }
    printf("]}\n");
    free(items);
    buffer_fini(&bytes);
    return 0;
}
