/*
 * package_write - a package onto the disk, whole or not at all.
 *
 * Everything is written into a hidden folder beside the place it is for, which
 * is then renamed.  A crash leaves at most a hidden folder behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "model/excerpt.h"
#include "model/graph.h"
#include "model/package_inside.h"

/* ---- settings ------------------------------------------------------------------ */

static const char *resize_name(ResizeMode mode)
{
    switch (mode) {
    case RESIZE_STRETCH:         return "stretch";
    case RESIZE_LETTERBOX:       return "letterbox";
    case RESIZE_CENTER_CROP:     return "center-crop";
    case RESIZE_FIT_LONGER_EDGE: return "fit-longer-edge";
    }
    return "stretch";
}

static const char *contrast_name(Contrast contrast)
{
    switch (contrast) {
    case CONTRAST_NONE:       break;
    case CONTRAST_STRETCHING: return "Contrast Stretching";
    case CONTRAST_HISTOGRAM:  return "Histogram Equalization";
    case CONTRAST_ADAPTIVE:   return "Adaptive Equalization";
    }
    return NULL;
}

/* Whole numbers are written as such: 255, not 255.0. */
static void write_number(JsonWriter *w, const char *key, double value)
{
    json_key(w, key);
    if (value == floor(value) && fabs(value) < 1e9)
        json_write_int(w, (int64_t)value);
    else
        json_write_double(w, value);
}

static void write_text(JsonWriter *w, const char *key, const char *value)
{
    json_key(w, key);
    json_write_string(w, value);
}

static void write_flag(JsonWriter *w, const char *key, bool value)
{
    json_key(w, key);
    json_write_bool(w, value);
}

static void write_null(JsonWriter *w, const char *key)
{
    json_key(w, key);
    json_write_null(w);
}

static void begin_object(JsonWriter *w, const char *key)
{
    json_key(w, key);
    json_begin_object(w);
}

static void write_config(JsonWriter *w, const Package *package)
{
    json_begin_object(w);
    write_text(w, "model_id", package->id);
    write_text(w, "model_architecture", package->architecture);
    write_text(w, "task_type", task_name(package->task));
    write_text(w, "backend_type", "onnx");
    json_end_object(w);
}

static void write_switches(JsonWriter *w, const Preprocess *p)
{
    begin_object(w, "image_pre_processing");
    begin_object(w, "auto-orient");
    write_flag(w, "enabled", true);
    json_end_object(w);
    if (p->static_crop) {
        begin_object(w, "static-crop");
        write_flag(w, "enabled", true);
        write_number(w, "x_min", p->crop_x_min);
        write_number(w, "x_max", p->crop_x_max);
        write_number(w, "y_min", p->crop_y_min);
        write_number(w, "y_max", p->crop_y_max);
        json_end_object(w);
    }
    if (p->contrast != CONTRAST_NONE) {
        begin_object(w, "contrast");
        write_flag(w, "enabled", true);
        write_text(w, "type", contrast_name(p->contrast));
        json_end_object(w);
    }
    if (p->grayscale) {
        begin_object(w, "grayscale");
        write_flag(w, "enabled", true);
        json_end_object(w);
    }
    json_end_object(w);
}

static void write_triple(JsonWriter *w, const double numbers[3])
{
    json_begin_array(w);
    for (int i = 0; i < 3; i++)
        json_write_double(w, numbers[i]);
    json_end_array(w);
}

static void write_input(JsonWriter *w, const Preprocess *p)
{
    begin_object(w, "network_input");
    if (p->width > 0) {
        begin_object(w, "training_input_size");
        write_number(w, "height", p->height);
        write_number(w, "width", p->width);
        json_end_object(w);
    }
    write_flag(w, "dynamic_spatial_size_supported", p->width == 0);
    write_text(w, "color_mode", p->rgb ? "rgb" : "bgr");
    write_text(w, "resize_mode", resize_name(p->resize));
    if (p->resize == RESIZE_LETTERBOX)
        write_number(w, "padding_value", p->padding);
    else
        write_null(w, "padding_value");
    if (p->top_left)
        write_text(w, "padding_place", "top-left");
    write_number(w, "input_channels", 3);
    if (p->has_scale)
        write_number(w, "scaling_factor", p->scale);
    else
        write_null(w, "scaling_factor");
    if (p->has_normalization) {
        json_key(w, "normalization");
        json_begin_array(w);
        write_triple(w, p->mean);
        write_triple(w, p->std);
        json_end_array(w);
    } else {
        write_null(w, "normalization");
    }
    json_end_object(w);
}

static void write_inference(JsonWriter *w, const Package *package)
{
    const char *type = package->task == TASK_MULTI_LABEL             ? "sigmoid"
                     : package->task == TASK_CLASSIFICATION ||
                       package->task == TASK_SEMANTIC_SEGMENTATION   ? "softmax" : "nms";

    json_begin_object(w);
    write_switches(w, &package->preprocess);
    write_input(w, &package->preprocess);
    begin_object(w, "forward_pass");
    write_null(w, "static_batch_size");
    write_null(w, "max_dynamic_batch_size");
    json_end_object(w);
    begin_object(w, "post_processing");
    write_text(w, "type", type);
    write_flag(w, "fused", package->fused_post);
    if (package->layout != BOXES_UNKNOWN)
        write_text(w, "layout", box_layout_name(package->layout));
    if (package->point_numbers == 2)
        write_number(w, "keypoint_numbers", package->point_numbers);
    json_end_object(w);
    json_end_object(w);
}

/* ---- files --------------------------------------------------------------------- */

static bool write_json(Arena *arena, const char *folder, const char *name,
                       void (*write)(JsonWriter *, const Package *), const Package *package,
                       Error *err)
{
    Buffer text;

    buffer_init(&text, MIB(16));
    JsonWriter w = json_writer(&text);
    write(&w, package);
    buffer_char(&text, '\n');

    bool done = !text.failed || fail(err, ERR_MEMORY, "no memory to write %s", name);
    done = done && file_write(path_join(arena, folder, name), text.data, text.length, err);
    buffer_fini(&text);
    return done;
}

static bool write_names(Arena *arena, const char *folder, const Package *package, Error *err)
{
    Buffer text;
    bool   done = true;

    buffer_init(&text, MIB(16));
    for (int i = 0; i < package->class_count && done; i++) {
        Text name = package->classes[i];

        if (name.length == 0 || memchr(name.at, '\n', name.length) ||
            text_without_blanks(name).length < name.length)
            done = fail(err, ERR_INVALID, "class %d cannot be called '%.*s': names are not empty, "
                        "have no line breaks and no blanks around them", i,
                        SHOW(excerpt(name, 60)));
        buffer_text(&text, name);
        buffer_char(&text, '\n');
    }
    if (done && text.failed)
        done = fail(err, ERR_TOO_LARGE, "the class names take more than 16 MB");
    done = done && file_write(path_join(arena, folder, "class_names.txt"), text.data, text.length,
                              err);
    buffer_fini(&text);
    return done;
}

static void write_class_points(JsonWriter *w, int class_id, const KeyPointNames *points)
{
    char key[12];

    json_begin_object(w);
    write_number(w, "object_class_id", class_id);
    begin_object(w, "keypoints");
    for (int i = 0; i < points->count; i++) {
        snprintf(key, sizeof key, "%d", i);
        json_key(w, key);
        json_write_text(w, points->names[i]);
    }
    json_end_object(w);
    json_key(w, "edges");
    json_begin_array(w);
    json_end_array(w);
    json_end_object(w);
}

static void write_points(JsonWriter *w, const Package *package)
{
    json_begin_array(w);
    for (int i = 0; i < package->class_count; i++)
        write_class_points(w, i, &package->key_points[i]);
    json_end_array(w);
}

/* As they were given: there is more in such a file than is read here. */
static bool write_key_points(Arena *arena, const char *folder, const Package *package, Error *err)
{
    static const char *const name = "keypoints_metadata.json";
    Text text = package->key_points_text;

    if (text.at)
        return file_write(path_join(arena, folder, name), text.at, text.length, err);
    return !package->key_points ||
           write_json(arena, folder, name, write_points, package, err);
}

/* The folder part of a path; "." without one. */
static const char *folder_of(Arena *arena, const char *path)
{
    const char *name = path_base(path);

    return name == path ? "." : arena_printf(arena, "%.*s", (int)MAX(name - path - 1, 1), path);
}

/* Weights may lie in several files; those beside the graph keep their names. */
static bool copy_weights(Arena *arena, const char *folder, const char *weights, Error *err)
{
    const Graph *graph = graph_read(arena, weights, err);
    const char  *from  = folder_of(arena, weights);

    if (!graph || !file_copy(weights, path_join(arena, folder, "weights.onnx"), err))
        return false;
    for (int i = 0; i < graph->external_count; i++) {
        const char *to = path_join(arena, folder, graph->external[i].at);

        if (file_exists(to))
            return fail(err, ERR_INVALID, "%s keeps weights in '%.*s', a name that a package "
                        "needs itself", weights, SHOW(excerpt(graph->external[i], 60)));
        if (!folder_make(folder_of(arena, to), err) ||
            !file_copy(path_join(arena, from, graph->external[i].at), to, err))
            return false;
    }
    return true;
}

static bool write_files(Arena *arena, const Package *package, const char *folder,
                        const char *weights, Error *err)
{
    return write_json(arena, folder, "model_config.json", write_config, package, err) &&
           write_json(arena, folder, "inference_config.json", write_inference, package, err) &&
           write_names(arena, folder, package, err) &&
           write_key_points(arena, folder, package, err) &&
           copy_weights(arena, folder, weights, err);
}

/* ---- putting in place ---------------------------------------------------------- */

/* A hidden name beside `folder`; ids never begin with a dot. */
static const char *hidden_name(Arena *arena, const char *folder)
{
    uint64_t unique;

    random_bytes(&unique, sizeof unique);
    return arena_printf(arena, "%s/.%.100s.%016llx.tmp", folder_of(arena, folder),
                        path_base(folder), (unsigned long long)unique);
}

/* Put `draft` where a folder is.  Where folders cannot be exchanged, the name is
 * free for a moment. */
static bool exchange(Arena *arena, const char *draft, const char *folder, Error *err)
{
    const char *old = hidden_name(arena, folder);

    if (renameat2(AT_FDCWD, draft, AT_FDCWD, folder, RENAME_EXCHANGE) == 0)
        return folder_remove(draft, err);
    if (rename(folder, old) != 0)
        return fail_errno(err, errno, "cannot replace %s", folder);
    if (rename(draft, folder) == 0)
        return folder_remove(old, err);
    fail_errno(err, errno, "cannot replace %s", folder);
    (void)!rename(old, folder);
    return false;
}

static bool put_in_place(Arena *arena, const char *draft, const char *folder, bool replace,
                         Error *err)
{
    if (replace && folder_exists(folder))
        return exchange(arena, draft, folder, err);
    if (renameat2(AT_FDCWD, draft, AT_FDCWD, folder, RENAME_NOREPLACE) == 0)
        return true;
    if (errno == EINVAL && rename(draft, folder) == 0)
        return true;    /* a file system that cannot promise not to replace */
    if (errno == EEXIST || errno == ENOTEMPTY)
        return fail(err, ERR_CONFLICT, "%s exists already", folder);
    return fail_errno(err, errno, "cannot put %s in place", folder);
}

static void sync_folder(const char *path)
{
    int handle = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (handle >= 0) {
        (void)!fsync(handle);
        close(handle);
    }
}

static bool write_package(Arena *arena, const Package *package, const char *folder,
                          const char *weights, bool replace, Error *err)
{
    const char *draft = hidden_name(arena, folder);

    if (!folder_make(draft, err))
        return false;
    if (!write_files(arena, package, draft, weights, err) ||
        !put_in_place(arena, draft, folder, replace, err)) {
        (void)!folder_remove(draft, NULL);
        rmdir(folder_of(arena, folder));    /* the project's, if nothing else is in it */
        return false;
    }
    sync_folder(folder_of(arena, folder));
    return true;
}

bool package_write(const Package *package, const char *folder, const char *weights, bool replace,
                   Error *err)
{
    Arena arena;
    bool  done = false;

    if (folder_exists(folder) && !replace)
        return fail(err, ERR_CONFLICT, "%s exists already", folder);

    arena_init(&arena, MIB(64));
    done = write_package(&arena, package, folder, weights, replace, err);
    arena_fini(&arena);
    return done;
}
