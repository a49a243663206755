/*
 * yolo_list - paths that a description of a set writes, and lists of pictures.
 *
 * Descriptions carry paths of the machine they were made on, so a path means the longest
 * end of it that is in the set: "../train/images" and "/data/mine/train/images" are both
 * train/images.  Nothing outside the set's folder is ever meant.
 */
#include "base/file.h"
#include "base/text.h"
#include "dataset/yolo_inside.h"

enum { LONGEST_PATH = 4 * LIMIT_NAME, MOST_PARTS = 32 };

/* The last parts of a path: what is deeper costs more looking than any real set needs. */
static Text last_parts(Text path)
{
    int parts = 1;

    for (size_t i = path.length; i-- > 0;) {
        if (path.at[i] == '/' && parts++ == MOST_PARTS) {
            return (Text){ path.at + i + 1, path.length - i - 1 };
        }
    }
    return path;
}

static bool is_there(const Builder *builder, Text name, bool (*is)(const char *path))
{
    char path[4096];
    int  length = snprintf(path, sizeof(path), "%s/%.*s", builder->folder, SHOW(name));

    return length > 0 && length < (int)sizeof(path) && path_is_safe(name) &&
           utf8_valid(name) && is(path);
}

const char *yolo_inside(Builder *builder, Text path, bool (*is)(const char *path))
{
    if (path.length > LONGEST_PATH) {
        return NULL;
    }
    while (path.length > 0 && path.at[path.length - 1] == '/') {
        path.length--;
    }
    path = last_parts(path);
    while (path.length > 0) {
        const char *slash = memchr(path.at, '/', path.length);

        if (is_there(builder, path, is)) {
            return arena_text(builder->arena, path).at;
        }
        if (!slash) {
            return NULL;
        }
        path.length -= (size_t)(slash + 1 - path.at);
        path.at      = slash + 1;
    }
    return NULL;
}

bool yolo_is_list(Text path)
{
    return path.length > 4 && text_is((Text){ path.at + path.length - 4, 4 }, ".txt");
}

Text yolo_next_line(Text *left)
{
    const char *stop = left->length > 0 ? memchr(left->at, '\n', left->length) : NULL;
    Text        line = { left->at, stop ? (size_t)(stop - left->at) : left->length };

    left->at     += line.length + (stop != NULL);
    left->length -= line.length + (stop != NULL);
    return line;
}

static Text trimmed(Text line)
{
    while (line.length > 0 && strchr(" \t\r", line.at[line.length - 1])) {
        line.length--;
    }
    while (line.length > 0 && strchr(" \t", line.at[0])) {
        line.at++;
        line.length--;
    }
    while (text_starts(line, "./")) {
        line.at     += 2;
        line.length -= 2;
    }
    return line;
}

/* Beside the list, else anywhere in the set. */
static const char *listed_picture(Builder *builder, const char *list, Text line)
{
    const char *slash  = strrchr(list, '/');
    const char *beside = slash ? arena_printf(builder->arena, "%.*s/%.*s", (int)(slash - list),
                                              list, SHOW(line)) : NULL;

    return yolo_inside(builder, beside ? text_of(beside) : line, file_exists);
}

const char *yolo_next_picture(Builder *builder, const char *list, Text *left, Text *line)
{
    *line = (Text){ NULL, 0 };
    while (left->length > 0 && line->length == 0) {
        *line = trimmed(yolo_next_line(left));
    }
    return line->length == 0 || line->length > LONGEST_PATH
           ? NULL : listed_picture(builder, list, *line);
}
