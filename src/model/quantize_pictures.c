/*
 * quantize_pictures - the pictures of a folder, prepared for a model.
 */
#include "model/quantize_pictures.h"

#include "base/file.h"

enum { DEPTH = 8, FILES = 1000000 };

/* All samples together, prepared. */
#define SAMPLE_BYTES GIB(2)

/* Paths as they are met. */
typedef struct Paths {
    Arena       *arena;
    const char **items;
    int          count, room;
    Error       *err;
} Paths;

static bool add_path(Paths *paths, const char *path)
{
    if (paths->count == FILES) {
        return fail(paths->err, ERR_TOO_LARGE, "the folder has more than %d pictures; name one "
                    "with fewer", FILES);
    }
    if (paths->count == paths->room) {
        int          room  = 2 * paths->room + 64;
        const char **items = arena_array(paths->arena, const char *, room);

        if (!items) {
            return fail(paths->err, ERR_MEMORY, "no memory for the names of pictures");
        }
        if (paths->count > 0) {
            memcpy(items, paths->items, (size_t)paths->count * sizeof *items);
        }
        paths->items = items;
        paths->room  = room;
    }
    paths->items[paths->count++] = path;
    return true;
}

static bool find_pictures(Paths *paths, const char *folder, int depth)
{
    const char **names = folder_list(paths->arena, folder, paths->err);

    for (int i = 0; names && names[i]; i++) {
        const char *path = path_join(paths->arena, folder, names[i]);

        if (names[i][0] == '.') {
            continue;
        }
        if (name_is_picture(names[i]) && file_exists(path)) {
            if (!add_path(paths, path)) {
                return false;
            }
        } else if (depth > 1 && folder_exists(path) && !find_pictures(paths, path, depth - 1)) {
            return false;
        }
    }
    return names != NULL;
}

/* ---- preparing ----------------------------------------------------------------------- */

static bool prepare(Arena *arena, Model *model, const char *path, const Cancel *cancel,
                    Sample *sample, Error *err)
{
    Image *image = image_read(path, TEXT("picture"), cancel, err);

    if (!image) {
        return false;
    }
    Size   size = preprocess_size(&model->how, image, (PreprocessOff){ 0 });
    size_t one  = 3 * (size_t)size.width * (size_t)size.height;
    float *data = arena_array(arena, float, MAX(one, 1));
    float *scratch = malloc(MAX(one, 1) * sizeof(float));
    bool   done = (data && scratch) ||
                  fail(err, ERR_MEMORY, "the prepared pictures take more than %zu MB; calibrate "
                       "with fewer: --pictures", (size_t)(SAMPLE_BYTES >> 20));

    done = done && model_prepare(model, image, (PreprocessOff){ 0 }, size, data, scratch, err);
    *sample = (Sample){ path, model_input(model, 1, size, data) };
    free(scratch);
    image_unref(image);
    return done;
}

/* One that cannot be read is no reason to end, unless all are; memory and impatience are. */
static bool prepare_all(Arena *arena, Model *model, const Paths *paths,
                        const QuantizeOptions *options, Samples *all, QuantizeReport *report,
                        Error *err)
{
    int   most  = MIN(2 * options->pictures, paths->count);
    Error first = { 0 };

    all->items = arena_array(arena, Sample, MAX(most, 1));
    if (!all->items) {
        return fail(err, ERR_MEMORY, "no memory for %d pictures", most);
    }
    for (int i = 0; i < most; i++) {
        const char *path = paths->items[(int64_t)i * paths->count / most];
        Error       here = { 0 };

        if (options->progress) {
            options->progress(options->context, "preparing pictures", i, most);
        }
        if (prepare(arena, model, path, options->cancel, &all->items[all->count], &here)) {
            all->count++;
            continue;
        }
        if (here.kind == ERR_MEMORY || here.kind == ERR_CANCELLED || here.kind == ERR_TIMEOUT) {
            *err = here;
            return false;
        }
        fail_prefix(&here, "%s", path);
        first = report->unread_count++ == 0 ? here : first;
    }
    if (all->count == 0) {
        *err = first;
        return fail_prefix(err, "no picture can be read");
    }
    return true;
}

/* Every second one is held out. */
static bool share_out(Arena *arena, const Samples *all, Samples *calibration, Samples *held_out)
{
    calibration->items = arena_array(arena, Sample, all->count + 1);
    held_out->items    = arena_array(arena, Sample, all->count + 1);
    if (!calibration->items || !held_out->items) {
        return false;
    }
    for (int i = 0; i < all->count; i++) {
        Samples *to = i % 2 == 0 ? calibration : held_out;

        to->items[to->count++] = all->items[i];
    }
    if (held_out->count == 0) {
        *held_out = *calibration;
    }
    return true;
}

bool quantize_pictures(Arena *arena, Model *model, const char *folder,
                       const QuantizeOptions *options, Samples *calibration, Samples *held_out,
                       QuantizeReport *report, Error *err)
{
    Paths   paths = { .arena = arena, .err = err };
    Samples all   = { 0 };

    if (!find_pictures(&paths, folder, DEPTH)) {
        return false;
    }
    if (paths.count == 0) {
        return fail(err, ERR_NOT_FOUND, "%s has no pictures in it; calibration needs some like "
                    "those the model will see, a hundred is enough", folder);
    }
    if (!prepare_all(arena, model, &paths, options, &all, report, err)) {
        return false;
    }
    if (!share_out(arena, &all, calibration, held_out)) {
        return fail(err, ERR_MEMORY, "no memory for %d pictures", all.count);
    }
    report->calibrated    = calibration->count;
    report->held_out      = all.count > 1 ? held_out->count : 0;
    report->same_pictures = all.count == 1;
    return true;
}
