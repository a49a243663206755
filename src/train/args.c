/*
 * args - what a training was asked for, and the file that remembers it.
 */
#include "train/args.h"

#include <ctype.h>

#include "base/file.h"
#include "base/json.h"

enum { ARGS_BYTES = 1 << 20 };

typedef enum ArgType { ARG_TEXT, ARG_INTEGER, ARG_FLAG } ArgType;

typedef struct Arg {
    const char *key;
    ArgType     type;
    size_t      at;              /* in TrainArgs */
    int64_t     least, most;     /* of an integer */
} Arg;

#define AT(field) offsetof(TrainArgs, field)

static const Arg table[] = {
    { "data",      ARG_TEXT,    AT(data),      0, 0 },
    { "base",      ARG_TEXT,    AT(base),      0, 0 },
    { "features",  ARG_TEXT,    AT(features),  0, 0 },
    { "project",   ARG_TEXT,    AT(project),   0, 0 },
    { "seed",      ARG_INTEGER, AT(seed),      0, INT64_MAX },
    { "valid",     ARG_INTEGER, AT(valid),     0, 90 },
    { "epochs",    ARG_INTEGER, AT(epochs),    1, 10000 },
    { "patience",  ARG_INTEGER, AT(patience),  1, 10000 },
    { "balance",   ARG_FLAG,    AT(balance),   0, 0 },
    { "augment",   ARG_TEXT,    AT(augment),   0, 0 },
    { "copies",    ARG_INTEGER, AT(copies),    0, 100 },
    { "size",      ARG_TEXT,    AT(size),      0, 0 },
    { "resize",    ARG_TEXT,    AT(resize),    0, 0 },
    { "color",     ARG_TEXT,    AT(color),     0, 0 },
    { "normalize", ARG_TEXT,    AT(normalize), 0, 0 },
};

TrainArgs train_args(void)
{
    return (TrainArgs){ .valid = 20, .epochs = 100, .patience = 10, .balance = true,
                        .augment = "" };
}

const char *train_project(Arena *arena, const char *data)
{
    char  *out    = arena_alloc(arena, LIMIT_DATASET_NAME + 1);
    size_t end    = strlen(data), first, length = 0;

    while (end > 0 && data[end - 1] == '/')
        end--;
    for (first = end; first > 0 && data[first - 1] != '/'; first--) {
    }
    for (size_t i = first; i < end && length < LIMIT_DATASET_NAME; i++) {
        unsigned char c = (unsigned char)data[i];

        if (c < 0x80 && isalnum(c))
            out[length++] = (char)tolower(c);
        else if (length > 0 && out[length - 1] != '-')
            out[length++] = '-';
    }
    while (length > 0 && out[length - 1] == '-')
        length--;
    out[length] = '\0';
    return length > 0 ? out : "classifier";
}

static const char **text_of_arg(TrainArgs *args, const Arg *arg)
{
    return (const char **)(void *)((char *)args + arg->at);
}

static int64_t *integer_of_arg(TrainArgs *args, const Arg *arg)
{
    return (int64_t *)(void *)((char *)args + arg->at);
}

static bool *flag_of_arg(TrainArgs *args, const Arg *arg)
{
    return (bool *)(void *)((char *)args + arg->at);
}

bool train_args_check(const TrainArgs *args, Error *err)
{
    TrainArgs copy = *args;

    for (size_t i = 0; i < COUNT_OF(table); i++) {
        const Arg *arg   = &table[i];
        int64_t    value = arg->type == ARG_INTEGER ? *integer_of_arg(&copy, arg) : 0;

        if (arg->type == ARG_INTEGER && (value < arg->least || value > arg->most))
            return fail(err, ERR_INVALID, "%s: %lld is not from %lld to %lld", arg->key,
                        (long long)value, (long long)arg->least, (long long)arg->most);
    }
    return true;
}

bool train_args_write(const TrainArgs *args, const char *run, Error *err)
{
    TrainArgs copy = *args;
    Buffer    out;
    Arena     arena;

    arena_init(&arena, KIB(64));
    buffer_init(&out, ARGS_BYTES);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        const Arg *arg = &table[i];
        JsonWriter w   = json_writer(&out);

        buffer_printf(&out, "%s: ", arg->key);
        if (arg->type == ARG_TEXT)
            json_write_string(&w, *text_of_arg(&copy, arg));
        else if (arg->type == ARG_INTEGER)
            json_write_int(&w, *integer_of_arg(&copy, arg));
        else
            json_write_bool(&w, *flag_of_arg(&copy, arg));
        buffer_char(&out, '\n');
    }
    bool done = !out.failed || fail(err, ERR_MEMORY, "no memory to write args.yaml");
    done = done && file_write(path_join(&arena, run, "args.yaml"), out.data, out.length, err);
    buffer_fini(&out);
    arena_fini(&arena);
    return done;
}

/* One value into its field; false when it has another type. */
static bool set_arg(Arena *arena, TrainArgs *args, const Arg *arg, const Json *value)
{
    switch (arg->type) {
    case ARG_TEXT:
        if (json_is(value, JSON_STRING))
            *text_of_arg(args, arg) = arena_text(arena, json_text(value)).at;
        return json_is(value, JSON_STRING) || json_is(value, JSON_NULL);
    case ARG_INTEGER:
        *integer_of_arg(args, arg) = json_int(value, 0);
        return json_is(value, JSON_INT) || json_is(value, JSON_UINT);
    case ARG_FLAG:
        *flag_of_arg(args, arg) = json_bool(value, false);
        return json_is(value, JSON_BOOL);
    }
    return false;
}

static bool read_line(Arena *arena, TrainArgs *args, Text line, Error *err)
{
    const char *colon = line.length > 0 ? memchr(line.at, ':', line.length) : NULL;

    if (!colon)
        return true;

    Text key   = { line.at, (size_t)(colon - line.at) };
    Text value = { colon + 1, line.length - key.length - 1 };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (!text_is(key, table[i].key))
            continue;

        const Json *json = json_parse(arena, value, JSON_STRICT, err);
        if (!json || !set_arg(arena, args, &table[i], json))
            return fail(err, ERR_INVALID, "args.yaml: %s has no usable value", table[i].key);
    }
    return true;
}

bool train_args_read(Arena *arena, const char *run, TrainArgs *args, Error *err)
{
    Buffer text;
    bool   done;

    *args = train_args();
    buffer_init(&text, ARGS_BYTES);
    done = file_read(path_join(arena, run, "args.yaml"), ARGS_BYTES, &text, err);
    for (size_t at = 0; done && at < text.length;) {
        const char *end    = memchr(text.data + at, '\n', text.length - at);
        size_t      length = end ? (size_t)(end - text.data) - at : text.length - at;

        done = read_line(arena, args, (Text){ text.data + at, length }, err);
        at  += length + 1;
    }
    buffer_fini(&text);
    return done && train_args_check(args, err);
}
