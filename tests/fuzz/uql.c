/*
 * uql - the query language alone, with queries made from its tables.
 *
 * The bytes are choices: a chain of operations or a statement, the parameters that
 * operations know, and the value they work on: anything JSON can say, and what
 * only a workflow has (pictures, detections with masks and key points, times).
 * What is compiled must run to an answer or an error, the same one twice, and
 * leave its input as it was.
 */
#include <math.h>

#include "query.h"
#include "value/detections.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* ---- detections ------------------------------------------------------------------------ */

static void write_number(Making *m, const char *key, double value)
{
    json_key(m->w, key);
    json_write_double(m->w, value);
}

static double coordinate(Making *m)
{
    static const double odd[] = { -1e9, 1e9, 0.25, -0.0, 1e300, 31.999 };
    unsigned n = choose(m->choices, 64);

    return n < COUNT_OF(odd) ? odd[n] : (double)n - 16;
}

static void write_points(Making *m, const char *key, bool named)
{
    unsigned count = choose(m->choices, 6);

    json_key(m->w, key);
    json_begin_array(m->w);
    for (unsigned i = 0; i < count; i++) {
        json_begin_object(m->w);
        write_number(m, "x", coordinate(m));
        write_number(m, "y", coordinate(m));
        if (named) {
            write_number(m, "confidence", 0.5);
            write_number(m, "class_id", i);
            json_key(m->w, "class");
            json_write_string(m->w, PICK(m, texts));
        }
        json_end_object(m->w);
    }
    json_end_array(m->w);
}

static void write_extras(Making *m, unsigned extras)
{
    if (extras & 1) {
        write_points(m, "points", false);
    }
    if (extras & 2) {
        write_points(m, "keypoints", true);
    }
    if (extras & 4) {
        json_key(m->w, "tracker_id");
        json_write_int(m->w, (int)choose(m->choices, 256) - 8);
    }
    if (extras & 8) {
        json_key(m->w, "parent_id");
        json_write_string(m->w, PICK(m, texts));
        write_number(m, "time_in_zone", coordinate(m));
    }
    if (extras & 16) {
        json_key(m->w, "velocity");
        write_any(m, 1);
    }
    if (extras & 32) {
        json_key(m->w, "rle_mask");
        json_write_raw(m->w, TEXT("{\"size\":[8,4],\"counts\":[3,5,2,9,13]}"));
    }
}

static void write_row(Making *m, unsigned extras, unsigned i)
{
    char id[16];

    snprintf(id, sizeof(id), "d%u", i);
    json_begin_object(m->w);
    write_number(m, "x", coordinate(m));
    write_number(m, "y", coordinate(m));
    write_number(m, "width", coordinate(m));
    write_number(m, "height", coordinate(m));
    write_number(m, "confidence", choose(m->choices, 8) / 8.0);
    json_key(m->w, "class");
    json_write_string(m->w, PICK(m, texts));
    json_key(m->w, "class_id");
    json_write_int(m->w, choose(m->choices, 4));
    json_key(m->w, "detection_id");
    json_write_string(m->w, id);
    write_extras(m, extras);
    json_end_object(m->w);
}

static void write_detections(Making *m)
{
    unsigned count = choose(m->choices, 6), extras = choose(m->choices, 64);

    json_begin_object(m->w);
    json_key(m->w, "image");
    json_begin_object(m->w);
    if (choose(m->choices, 8)) {
        json_key(m->w, "width");
        json_write_int(m->w, 1 + choose(m->choices, 64));
        json_key(m->w, "height");
        json_write_int(m->w, 1 + choose(m->choices, 64));
    }
    json_end_object(m->w);
    json_key(m->w, "predictions");
    json_begin_array(m->w);
    for (unsigned i = 0; i < count; i++) {
        write_row(m, extras, i);
    }
    json_end_array(m->w);
    json_end_object(m->w);
}

/* ---- values ---------------------------------------------------------------------------- */

/* What `write` writes, parsed. */
static const Json *made(Arena *arena, Making *m, void (*write)(Making *, int), int depth)
{
    const Json *json;
    Error       err = { 0 };
    JsonWriter  w;
    Buffer      text;

    buffer_init(&text, MIB(4));
    w    = json_writer(&text);
    m->w = &w;
    write(m, depth);
    json = text.failed ? NULL : json_parse(arena, (Text){ text.data, text.length }, JSON_STRICT,
                                           &err);
    buffer_fini(&text);
    return json;
}

static void write_set(Making *m, int depth)
{
    (void)depth;
    write_detections(m);
}

static void write_classification(Making *m, int depth)
{
    bool multi = choose(m->choices, 2);

    json_begin_object(m->w);
    json_key(m->w, "top");
    json_write_string(m->w, PICK(m, texts));
    json_key(m->w, "confidence");
    write_scalar(m);
    json_key(m->w, "predictions");
    multi ? json_begin_object(m->w) : json_begin_array(m->w);
    for (unsigned i = choose(m->choices, 4); i > 0; i--) {
        if (multi) {
            json_key(m->w, PICK(m, texts));
        }
        write_any(m, depth);
    }
    multi ? json_end_object(m->w) : json_end_array(m->w);
    json_key(m->w, "predicted_classes");
    write_any(m, 1);
    json_end_object(m->w);
}

static Value make_set(Arena *arena, Making *m)
{
    const Json *json  = made(arena, m, write_set, 0);
    Value       value = value_null();
    Error       err   = { 0 };

    if (json && !detections_read(arena, json, TEXT("x"), &value, &err)) {
        assert(err.kind != ERR_NONE);
        return value_null();
    }
    return value;
}

static Value make_picture(Arena *arena, Making *m)
{
    VideoMeta video = { .video_id = TEXT("v"), .frame_number = choose(m->choices, 256),
                        .fps = (double)choose(m->choices, 4) * 10 };
    Error  err   = { 0 };
    Image *image = image_new(1 + (int)choose(m->choices, 16), 1 + (int)choose(m->choices, 16),
                             choose(m->choices, 2) ? 1 : 3, TEXT("image"), &err);

    if (!image || (choose(m->choices, 2) && !image_set_video(image, &video, &err))) {
        image_unref(image);
        return value_null();
    }
    if (choose(m->choices, 2)) {
        image_edit(image)[0] = (uint8_t)choose(m->choices, 256);
    }
    return value_image(image_keep(arena, image));
}

static Value make_array(Arena *arena, Making *m)
{
    Array   *array = arena_new(arena, Array);
    int64_t  count = choose(m->choices, 6);
    double  *items = arena_array(arena, double, (size_t)count + 1);

    for (int64_t i = 0; i < count; i++) {
        items[i] = coordinate(m);
    }
    *array = (Array){ .type = ARRAY_F64, .rank = 1, .shape = { count }, .data = items };
    return (Value){ .type = VALUE_ARRAY, .as.array = array };
}

/* More elements than are looked up one by one. */
static Value make_many(Arena *arena, Making *m)
{
    unsigned    kinds = 1 + choose(m->choices, 8);
    ListBuilder list  = list_builder(arena, 300);

    for (int i = 0; i < 101 + (int)kinds; i++) {
        list_add(&list, (unsigned)i % kinds == 0 ? value_string(texts[(size_t)i % COUNT_OF(texts)])
                      : (unsigned)i % kinds == 1 ? value_double(i / 4.0) : value_int(i * i));
    }
    return list_done(&list);
}

static Value make_value(Arena *arena, Making *m, int depth)
{
    static const int64_t moments[] = { 0, 1, -1, 951782400000000, -62135596800000000,
                                       253402300799999999 };   /* years 1 to 9999 */
    Timestamp  *time = arena_new(arena, Timestamp);
    ListBuilder list = list_builder(arena, 4);
    Value       value;

    switch (choose(m->choices, 13)) {
    case 0:
    case 1:
    case 2: return make_set(arena, m);
    case 3: return make_picture(arena, m);
    case 4: return make_array(arena, m);
    case 5: return value_double(choose(m->choices, 2) ? NAN : INFINITY);
    case 6:
        *time = (Timestamp){ moments[choose(m->choices, COUNT_OF(moments))], 60 };
        return (Value){ .type = VALUE_TIMESTAMP, .as.timestamp = time };
    case 7: return value_from_json(arena, made(arena, m, write_classification, 2));
    case 8:
        for (unsigned i = depth > 0 ? choose(m->choices, 5) : 0; i > 0; i--) {
            list_add(&list, make_value(arena, m, depth - 1));
        }
        value      = list_done(&list);
        value.type = choose(m->choices, 2) ? VALUE_LIST : VALUE_TUPLE;
        return value;
    case 9:
        value      = value_string(PICK(m, texts));
        value.type = choose(m->choices, 2) ? VALUE_BYTES : VALUE_SECRET;
        return value;
    case 10: return make_many(arena, m);
    default: return value_from_json(arena, made(arena, m, write_any, 3));
    }
}

/* ---- running --------------------------------------------------------------------------- */

static void check_error(Arena *arena, const UqlError *err)
{
    assert(err->error.kind != ERR_NONE || arena_failed(arena));
    assert(err->failure >= UQL_INVALID_INPUT && err->failure <= UQL_STEP);
    assert(err->path[0] == '\0' || strncmp(err->path, "<root>", 6) == 0);
}

static void show(Buffer *out, Value v)
{
    buffer_init(out, MIB(8));
    value_print_quoted(out, v, false);
}

static bool same_text(const Buffer *a, const Buffer *b)
{
    return a->length == b->length && memcmp(a->data, b->data, a->length) == 0;
}

/* A copy that depends on nothing else is equal. */
static void check_copy(Value v, const Buffer *shown)
{
    Arena  arena;
    Buffer text;
    Value  copy;

    arena_init(&arena, MIB(64));
    copy = value_copy(&arena, v);
    show(&text, copy);
    assert(arena_failed(&arena) || same_text(&text, shown));
    buffer_fini(&text);
    arena_fini(&arena);
}

/* Run it once: true and the answer's text, or false. */
static bool run_once(Arena *arena, const Statement *statement, const Operation *chain, Value in,
                     const UqlScope *scope, Buffer *text)
{
    UqlError err = { 0 };
    Value    out = value_null();
    bool     yes = false;
    bool     ok  = statement ? uql_test(arena, statement, scope, &yes, &err)
                             : uql_apply(arena, chain, in, scope, &out, &err);

    if (!ok) {
        check_error(arena, &err);
    } else if (!arena_failed(arena)) {
        assert(out.type != VALUE_DETECTION);
        show(text, statement ? value_bool(yes) : out);
        if (!statement) {
            check_copy(out, text);
        }
        return true;
    }
    return false;
}

static void run_twice(Arena *arena, const Making *m, const Statement *statement,
                      const Operation *chain, Value in, const UqlScope *scope)
{
    Buffer before, after, answer, again;
    bool   ok, second;

    show(&before, in);
    ok     = run_once(arena, statement, chain, in, scope, &answer);
    second = run_once(arena, statement, chain, in, scope, &again);
    show(&after, in);
    assert(same_text(&before, &after));
    assert(m->varies || arena_failed(arena) ||
           (ok == second && (!ok || same_text(&answer, &again))));
    if (ok) {
        buffer_fini(&answer);
    }
    if (second) {
        buffer_fini(&again);
    }
    buffer_fini(&before);
    buffer_fini(&after);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    Choices          choices   = { bytes, bytes + size };
    Making           m         = { .choices = &choices };
    Error            err       = { 0 };
    const Statement *statement = NULL;
    const Operation *chain     = NULL;
    const Json      *json;
    Arena            arena;
    Cancel           cancel;
    bool             tests;

    arena_init(&arena, MIB(64));
    cancel_init(&cancel, 2);
    tests = choose(&choices, 2);
    json  = made(&arena, &m, tests ? write_statement : write_chain, DEPTH);
    if (tests) {
        statement = uql_compile_statement(&arena, json, &err);
    } else {
        chain = uql_compile_operations(&arena, json, &err);
    }
    assert(err.kind != ERR_NONE || !tests || statement || arena_failed(&arena));
    if (err.kind == ERR_NONE && !arena_failed(&arena)) {
        Value     in      = make_value(&arena, &m, 2);
        ValuePair names[] = { { TEXT("_"), in }, { TEXT("a"), make_value(&arena, &m, 1) },
                              { TEXT("b"), in } };
        UqlScope  scope   = { .names = names, .count = COUNT_OF(names), .cancel = &cancel };

        run_twice(&arena, &m, statement, chain, in, &scope);
    }
    arena_fini(&arena);
    return 0;
}
