/*
 * package_read - a package off the disk, in either layout.
 */
#include "base/file.h"
#include "base/text.h"
#include "model/package_inside.h"

/* Of one settings file, and of a list of class names. */
#define SETTINGS_BYTES MIB(1)
#define NAMES_BYTES    MIB(16)

/* ---- class names -------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

Text text_without_blanks(Text text)
{
    while (text.length > 0 && is_blank(text.at[0]))
        text = (Text){ text.at + 1, text.length - 1 };
    while (text.length > 0 && is_blank(text.at[text.length - 1]))
        text.length--;
    return text;
}

/* The next line that is not blank, without the blanks around it, as the
 * reference takes it; false after the last one. */
static bool next_name(Text *rest, Text *name)
{
    while (rest->length > 0) {
        const char *end  = memchr(rest->at, '\n', rest->length);
        size_t      step = end ? (size_t)(end - rest->at) + 1 : rest->length;

        *name = text_without_blanks((Text){ rest->at, step });
        *rest = (Text){ rest->at + step, rest->length - step };
        if (name->length > 0)
            return true;
    }
    return false;
}

static size_t count_names(Text text)
{
    size_t count = 0;
    Text   name;

    while (next_name(&text, &name))
        count++;
    return count;
}

bool class_names_parse(Arena *arena, const char *file, Text text, const Text **names, int *count,
                       Error *err)
{
    size_t mark  = text_starts(text, "\xEF\xBB\xBF") ? 3 : 0;    /* byte order */
    Text   rest  = { text.at + mark, text.length - mark };
    size_t lines = count_names(rest);
    Text  *list, name;

    if (lines == 0)
        return fail(err, ERR_INVALID, "%s: there are no class names in it", file);
    if (lines > LIMIT_CLASSES)
        return fail(err, ERR_TOO_LARGE, "%s: %zu class names; at most %d are read", file, lines,
                    LIMIT_CLASSES);
    if (!utf8_valid(rest))
        return fail(err, ERR_INVALID, "%s: not UTF-8 text", file);

    list = arena_array(arena, Text, lines);
    for (size_t i = 0; list && next_name(&rest, &name); i++) {
        if (name.length > LIMIT_CLASS_NAME)
            return fail(err, ERR_TOO_LARGE, "%s: name %zu is longer than %zu bytes", file, i + 1,
                        LIMIT_CLASS_NAME);
        list[i] = arena_text(arena, name);
    }
    if (arena_failed(arena))
        return fail(err, ERR_MEMORY, "no memory for the class names of %s", file);
    *names = list;
    *count = (int)lines;
    return true;
}

/* ---- package ------------------------------------------------------------------- */

bool package_parse(Arena *arena, const PackageTexts *texts, Package *package, Error *err)
{
    const Preprocess *p = &package->preprocess;

    if (!texts->model_config.at && !texts->model_type.at)
        return fail(err, ERR_INVALID, "there is neither model_config.json nor model_type.json");
    if (!(texts->model_config.at ? package_parse_new : package_parse_old)(arena, texts, package,
                                                                          err) ||
        !key_points_parse(arena, texts->key_points, package, err))
        return false;
    if ((p->width == 0) != (p->height == 0))
        return fail(err, ERR_INVALID, "%s: the network's input size has only one of width and "
                    "height", texts->model_config.at ? "inference_config.json"
                                                     : "environment.json");
    return !arena_failed(arena) || fail(err, ERR_MEMORY, "no memory for the package");
}

/* The content of one file; {NULL, 0} if it is not there. */
static bool read_text(Arena *arena, const char *folder, const char *name, size_t limit, Text *text,
                      Error *err)
{
    const char *path = path_join(arena, folder, name);
    Buffer      content;

    *text = (Text){ 0 };
    if (!file_exists(path))
        return true;

    buffer_init(&content, limit);
    bool done = file_read(path, limit, &content, err);
    if (done)
        *text = arena_text(arena, (Text){ content.data ? content.data : "", content.length });
    buffer_fini(&content);
    return done;
}

static bool read_texts(Arena *arena, const char *folder, PackageTexts *t, Error *err)
{
    return read_text(arena, folder, "model_config.json", SETTINGS_BYTES, &t->model_config, err) &&
           read_text(arena, folder, "inference_config.json", SETTINGS_BYTES, &t->inference_config,
                     err) &&
           read_text(arena, folder, "model_type.json", SETTINGS_BYTES, &t->model_type, err) &&
           read_text(arena, folder, "environment.json", NAMES_BYTES, &t->environment, err) &&
           read_text(arena, folder, "class_names.txt", NAMES_BYTES, &t->class_names, err) &&
           read_text(arena, folder, "keypoints_metadata.json", NAMES_BYTES, &t->key_points, err);
}

const Package *package_read(Arena *arena, const char *folder, const char *id, Error *err)
{
    Package     *package = arena_new(arena, Package);
    PackageTexts texts;

    if (!folder_exists(folder)) {
        fail(err, ERR_NOT_FOUND, "there is no model '%s'", id);
        return NULL;
    }
    package->id      = arena_string(arena, id);
    package->folder  = arena_string(arena, folder);
    package->weights = path_join(arena, folder, "weights.onnx");
    if (!read_texts(arena, folder, &texts, err) || !package_parse(arena, &texts, package, err)) {
        fail_prefix(err, "model %s", id);
        return NULL;
    }
    if (!file_exists(package->weights)) {
        fail(err, ERR_INVALID, "model %s: weights.onnx is missing", id);
        return NULL;
    }
    return package;
}

/* ---- ids ----------------------------------------------------------------------- */

/* Hidden names are taken by what is being written or removed. */
bool model_id_valid(Text id)
{
    const char *slash = id.length ? memchr(id.at, '/', id.length) : NULL;

    if (!slash || id.length > LIMIT_MODEL_ID || !path_is_safe(id) || !utf8_valid(id))
        return false;

    Text version = { slash + 1, id.length - (size_t)(slash + 1 - id.at) };
    return !memchr(version.at, '/', version.length) && id.at[0] != '.' && version.at[0] != '.';
}
