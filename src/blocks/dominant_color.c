/*
 * dominant_color - the colour that covers most of a picture.
 *
 * Pixels at even distances are gathered into clusters of like colours (k-means); the
 * mean of the largest cluster is the answer.  Clusters begin at pixels spread over the
 * sample at random, the same ones each time, so that equal pictures get equal answers.
 */
#include <math.h>

#include "blocks/block.h"
#include "image/resize.h"

enum { CLUSTERS_MOST = 10 };

typedef struct Args {
    Image  *image;
    int64_t clusters, iterations, target_size;
} Args;

static const Field fields[] = {
    { "image", IMAGE(Args, image), .alias = "images", .help = "The picture to look at." },

    { "color_clusters", INTEGER(Args, clusters), .kinds = KIND(INTEGER), .preset = "4",
      .range = { .min = 0, .has_min = true, .above = true, .max = CLUSTERS_MOST,
                 .has_max = true },
      .help = "How many colours to part the picture into." },

    { "max_iterations", INTEGER(Args, iterations), .kinds = KIND(INTEGER), .preset = "100",
      .range = { .min = 0, .has_min = true, .above = true, .max = 500, .has_max = true },
      .help = "After how many rounds of gathering to stop." },

    { "target_size", INTEGER(Args, target_size), .kinds = KIND(INTEGER), .preset = "100",
      .range = { .min = 0, .has_min = true, .above = true, .max = 250, .has_max = true },
      .help = "How many pixels of the shorter side to look at." },

    { 0 },
};

enum { OUT_COLOR };

static const Output outputs[] = {
    [OUT_COLOR] = { "rgb_color", KIND(COLOR), "The colour as red, green and blue." },
    { 0 },
};

typedef struct Cluster {
    double  mean[3], sum[3];
    int64_t count;
} Cluster;

typedef struct Sample {
    Plane plane;
    int   stride, columns, rows;
} Sample;

/* Pixel k of the sample as blue, green and red. */
static void color_at(const Sample *s, int64_t k, double color[3])
{
    int            x  = (int)(k % s->columns) * s->stride, y = (int)(k / s->columns) * s->stride;
    const uint8_t *at = s->plane.at + (size_t)y * s->plane.stride +
                        (size_t)x * (size_t)s->plane.pixel;

    for (int c = 0; c < 3; c++) {
        color[c] = at[s->plane.pixel == 1 ? 0 : c];
    }
}

static int nearest(const Cluster *clusters, int count, const double color[3])
{
    double best = INFINITY;
    int    at   = 0;

    for (int i = 0; i < count; i++) {
        double d = 0;

        for (int c = 0; c < 3; c++) {
            d += (color[c] - clusters[i].mean[c]) * (color[c] - clusters[i].mean[c]);
        }
        if (d < best) {
            best = d;
            at   = i;
        }
    }
    return at;
}

/* Begin every cluster at another pixel. */
static void begin(const Sample *s, Cluster *clusters, int count)
{
    int64_t  pixels = (int64_t)s->columns * s->rows;
    uint32_t state  = 12345;

    for (int i = 0; i < count; i++) {
        int64_t from = pixels * i / count, room = pixels * (i + 1) / count - from;

        state = state * 1664525 + 1013904223;
        color_at(s, from + (int64_t)(((uint64_t)state * (uint64_t)room) >> 32), clusters[i].mean);
    }
}

/* One round: false when no mean has moved. */
static bool gather(const Sample *s, Cluster *clusters, int count)
{
    int64_t pixels = (int64_t)s->columns * s->rows;
    bool    moved  = false;

    for (int i = 0; i < count; i++) {
        memset(clusters[i].sum, 0, sizeof(clusters[i].sum));
        clusters[i].count = 0;
    }
    for (int64_t k = 0; k < pixels; k++) {
        double   color[3];
        Cluster *cluster;

        color_at(s, k, color);
        cluster = &clusters[nearest(clusters, count, color)];
        cluster->count++;
        for (int c = 0; c < 3; c++) {
            cluster->sum[c] += color[c];
        }
    }
    for (int i = 0; i < count; i++) {
        for (int c = 0; clusters[i].count > 0 && c < 3; c++) {
            double mean = clusters[i].sum[c] / (double)clusters[i].count;

            moved               = moved || mean != clusters[i].mean[c];
            clusters[i].mean[c] = mean;
        }
    }
    return moved;
}

static Sample sample_of(const Image *image, int64_t target_size)
{
    Sample s = { .plane = image_plane(image) };

    s.stride  = MAX(1, (int)(MIN(s.plane.width, s.plane.height) / target_size));
    s.columns = (s.plane.width + s.stride - 1) / s.stride;
    s.rows    = (s.plane.height + s.stride - 1) / s.stride;
    return s;
}

static bool dominant(Call *call, const Args *in, const Sample *s, double color[3], Error *err)
{
    Cluster clusters[CLUSTERS_MOST] = { 0 };
    int     count = (int)in->clusters, most = 0;

    begin(s, clusters, count);
    for (int64_t round = 0; round < in->iterations; round++) {
        if (!cancel_check(call->cancel, err)) {
            return false;
        }
        if (!gather(s, clusters, count)) {
            break;
        }
    }
    for (int i = 1; i < count; i++) {
        most = clusters[i].count > clusters[most].count ? i : most;
    }
    memcpy(color, clusters[most].mean, sizeof(clusters[most].mean));
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in    = call_args(call, i);
        Sample      s     = sample_of(in->image, in->target_size);
        Value      *parts = arena_array(call->arena, Value, 3);
        Error       err   = { 0 };
        double      color[3];

        if ((int64_t)s.columns * s.rows < in->clusters) {
            return call_fail(call, i, "ValueError", "color_clusters: %lld colours cannot be found "
                             "in %d pixels", (long long)in->clusters, s.columns * s.rows);
        }
        if (!dominant(call, in, &s, color, &err)) {
            return call_fail_error(call, i, &err);
        }
        for (int c = 0; c < 3; c++) {
            parts[c] = value_int(llrint(color[2 - c]));
        }
        emit_value(call, i, OUT_COLOR, value_list(parts, 3));
    }
    return true;
}

const Block block_dominant_color_v1 = {
    .type      = "roboflow_core/dominant_color@v1",
    .title     = "Dominant Color",
    .category  = CATEGORY_CLASSICAL_CV,
    .work      = WORK(IMAGE_ANALYSIS),
    .summary   = "Find the colour that covers most of a picture.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
