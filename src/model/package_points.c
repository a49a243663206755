/*
 * package_points - keypoints_metadata.json: the names of the key points of each class.
 *
 * A list of {"object_class_id": 0, "keypoints": {"0": "nose", ...}, "edges": [...]}.  What
 * the edges connect is up to whoever draws.
 */
#include "model/package_inside.h"

static const char file[] = "keypoints_metadata.json";

/* The number that a key or a member is, below `limit`; -1: none. */
static int64_t number_below(Text text, int64_t limit)
{
    int64_t number = 0;

    for (size_t i = 0; i < text.length && number < limit; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return -1;
        number = 10 * number + (text.at[i] - '0');
    }
    return text.length > 0 && number < limit ? number : -1;
}

static bool wrong(Error *err, const char *what)
{
    return fail(err, ERR_INVALID, "%s: %s", file, what);
}

static bool read_names(Arena *arena, const Json *points, KeyPointNames *out, Error *err)
{
    JsonWalk walk = json_walk(points);
    Text    *names;

    out->count = 0;
    while (json_next(&walk)) {
        int64_t slot = number_below(walk.key, LIMIT_KEYPOINT_SLOTS);

        if (slot < 0 || !json_is(walk.value, JSON_STRING))
            return wrong(err, "\"keypoints\" is no object of names by their number");
        out->count = MAX(out->count, (int)slot + 1);
    }
    names = arena_array(arena, Text, MAX(out->count, 1));
    if (!names)
        return fail(err, ERR_MEMORY, "no memory for the key points of %s", file);
    walk = json_walk(points);
    while (json_next(&walk)) {
        Text name = json_text(walk.value);

        if (name.length > LIMIT_CLASS_NAME)
            return fail(err, ERR_TOO_LARGE, "%s: a name is longer than %zu bytes", file,
                        LIMIT_CLASS_NAME);
        names[number_below(walk.key, LIMIT_KEYPOINT_SLOTS)] = name;
    }
    out->names = names;
    return true;
}

bool key_points_parse(Arena *arena, Text text, Package *package, Error *err)
{
    KeyPointNames *classes = arena_array(arena, KeyPointNames, MAX(package->class_count, 1));
    const Json    *json    = text.at ? json_parse(arena, text, JSON_STRICT, err) : NULL;
    JsonWalk       walk    = json_walk(json);

    if (!text.at)
        return true;
    if (!json)
        return fail_prefix(err, "%s", file);
    if (!json_is(json, JSON_ARRAY))
        return wrong(err, "a list of classes with their key points is needed");
    if (!classes)
        return fail(err, ERR_MEMORY, "no memory for the key points of %s", file);
    while (json_next(&walk)) {
        int64_t class_id = json_int(json_get(walk.value, "object_class_id"), -1);

        if (!json_is(json_get(walk.value, "keypoints"), JSON_OBJECT) || class_id < 0)
            return wrong(err, "an entry has no \"object_class_id\" or no \"keypoints\"");
        if (class_id < package->class_count &&
            !read_names(arena, json_get(walk.value, "keypoints"), &classes[class_id], err))
            return false;
    }
    package->key_points      = classes;
    package->key_points_text = text;
    return true;
}
