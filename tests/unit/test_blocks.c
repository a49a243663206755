/*
 * test_blocks - the cases of tests/blocks, and rules that every block keeps.
 *
 * A case is data:
 *
 *     { "name": "...", "inputs": [...], "steps": [...], "outputs": {"o": "$steps.s.out"},
 *       "given": {...}, "expect": [{...}] }
 *
 * "given" may be a list of passes through one session, "expect" then a list of
 * answers.  {"$picture": [width, height]} stands for a picture of that size, in
 * and out, with "video" beside it one of that video metadata; "$any" fits
 * everything.  Instead of "expect", "error" names what must
 * go wrong: type, and step, field and a part of the sentence when given.  "files"
 * are the files that sinks must have written, by path.
 */
#include <dirent.h>
#include <math.h>

#include "base/file.h"
#include "base/text.h"
#include "image/decode.h"
#include "image/encode.h"
#include "test.h"
#include "workflow/run.h"

enum { MANY_FILES = 16 };

/* The world of a case: a clock that ticks, ids that count, files in memory. */
typedef struct World {
    Arena       arena;
    int64_t     time;
    int         ids, files;
    const char *paths[MANY_FILES];
    Buffer      contents[MANY_FILES];
    char        why[600];
} World;

static int64_t tick(void *context)
{
    World *world = context;

    return world->time += 1000001;
}

static const char *environment(void *context, const char *name)
{
    (void)context;
    return strcmp(name, "SECRET_WORD") == 0 ? "correct horse" : NULL;
}

static void count_id(void *context, char out[37])
{
    World *world = context;

    snprintf(out, 37, "00000000-0000-4000-8000-%012d", world->ids++);
}

static bool keep_file(void *context, Text folder, Text name, Text content, bool append, Error *err)
{
    World      *world = context;
    const char *path  = arena_printf(&world->arena, "%.*s/%.*s", SHOW(folder), SHOW(name));
    int         i     = 0;

    (void)err;
    while (i < world->files && strcmp(world->paths[i], path) != 0) {
        i++;
    }
    if (i == world->files && i < MANY_FILES) {
        world->paths[world->files++] = path;
        buffer_init(&world->contents[i], MIB(1));
    }
    if (!append) {
        buffer_clear(&world->contents[i]);
    }
    buffer_text(&world->contents[i], content);
    return true;
}

/* ---- pictures ------------------------------------------------------------------------------ */

/* A gradient, so that crops of it differ. */
static void write_picture(JsonWriter *w, const Json *size, const Json *video)
{
    JsonWalk walk = json_walk(size);
    int      side[2] = { 0, 0 };
    Buffer   png;
    Image   *image;
    Error    err = { 0 };

    while (json_next(&walk) && walk.index < 2) {
        side[walk.index] = (int)json_int(walk.value, 0);
    }
    image = image_new(side[0], side[1], 3, TEXT("test"), &err);
    for (int y = 0; image && y < side[1]; y++) {
        for (int x = 0; x < side[0]; x++) {
            uint8_t *pixel = image_edit(image) + (size_t)y * image_stride(image) + (size_t)x * 4;

            pixel[0] = (uint8_t)x;
            pixel[1] = (uint8_t)y;
            pixel[3] = 255;
        }
    }
    buffer_init(&png, MIB(64));
    if (image && image_encode(image, as_png(), &png, &err)) {
        json_begin_object(w);
        json_key(w, "type");
        json_write_string(w, "base64");
        json_key(w, "value");
        json_write_base64(w, png.data, png.length);
        if (video) {
            json_key(w, "video_metadata");
            json_write(w, video);
        }
        json_end_object(w);
    } else {
        json_write_null(w);
    }
    buffer_fini(&png);
    image_unref(image);
}

/* JSON with every {"$picture": size} made a picture. */
static void write_given(JsonWriter *w, const Json *json)
{
    JsonWalk walk = json_walk(json);

    if (json_get(json, "$picture")) {
        write_picture(w, json_get(json, "$picture"), json_get(json, "video"));
    } else if (json_is(json, JSON_OBJECT)) {
        json_begin_object(w);
        while (json_next(&walk)) {
            json_key_text(w, walk.key);
            write_given(w, walk.value);
        }
        json_end_object(w);
    } else if (json_is(json, JSON_ARRAY)) {
        json_begin_array(w);
        while (json_next(&walk)) {
            write_given(w, walk.value);
        }
        json_end_array(w);
    } else {
        json_write(w, json);
    }
}

static bool is_picture_of(const Json *size, const Json *got)
{
    Text        text  = json_text(json_get(got, "value"));
    uint8_t    *bytes = malloc((text.length / 4 + 1) * 3);
    int64_t     n     = text.at ? base64_decode(bytes, text, NULL) : -1;
    ImageHeader header;
    JsonWalk    walk = json_walk(size);
    bool        ok   = n > 0 && image_probe(bytes, (size_t)n, &header, NULL);

    while (ok && json_next(&walk) && walk.index < 2) {
        ok = json_int(walk.value, 0) == (walk.index == 0 ? header.width : header.height);
    }
    free(bytes);
    return ok;
}

/* ---- comparing ------------------------------------------------------------------------------- */

static bool same(const Json *want, const Json *got)
{
    JsonWalk walk = json_walk(want), other = json_walk(got);

    if (text_is(json_text(want), "$any")) {
        return got != NULL;
    }
    if (json_get(want, "$picture")) {
        return is_picture_of(json_get(want, "$picture"), got);
    }
    if (json_is_number(want) && json_is_number(got)) {
        return fabs(json_double(want, 0) - json_double(got, 1)) < 1e-9 &&
               json_is(want, JSON_DOUBLE) == json_is(got, JSON_DOUBLE);
    }
    if (json_type(want) != json_type(got) || json_count(want) != json_count(got)) {
        return false;
    }
    while (json_is(want, JSON_OBJECT) && json_next(&walk)) {
        if (!json_get_text(got, walk.key) || !same(walk.value, json_get_text(got, walk.key))) {
            return false;
        }
    }
    while (json_is(want, JSON_ARRAY) && json_next(&walk) && json_next(&other)) {
        if (!same(walk.value, other.value)) {
            return false;
        }
    }
    return !json_is(want, JSON_STRING) || text_equal(json_text(want), json_text(got));
}

/* ---- one case -------------------------------------------------------------------------------- */

static const Json *definition_of(World *world, const Json *test)
{
    Buffer      text;
    JsonWriter  w;
    JsonWalk    walk = json_walk(json_get(test, "outputs"));
    const Json *json;

    buffer_init(&text, MIB(1));
    w = json_writer(&text);
    json_begin_object(&w);
    json_key(&w, "version");
    json_write_string(&w, "1.0");
    json_key(&w, "inputs");
    json_write(&w, json_get(test, "inputs"));
    json_key(&w, "steps");
    json_write(&w, json_get(test, "steps"));
    json_key(&w, "outputs");
    json_begin_array(&w);
    while (json_next(&walk)) {
        json_begin_object(&w);
        json_key(&w, "type");
        json_write_string(&w, "JsonField");
        json_key(&w, "name");
        json_write_text(&w, walk.key);
        json_key(&w, "selector");
        json_write(&w, walk.value);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    json = json_parse(&world->arena, (Text){ text.data, text.length }, JSON_STRICT, NULL);
    buffer_fini(&text);
    return json;
}

static bool complain(World *world, const char *what, const Json *want, Text got)
{
    Buffer     text;
    JsonWriter w;

    buffer_init(&text, MIB(1));
    w = json_writer(&text);
    json_write(&w, want);
    snprintf(world->why, sizeof(world->why), "%s: wanted %.220s, got %.*s", what,
             text.data ? text.data : "", (int)MIN(got.length, 220), got.at ? got.at : "");
    buffer_fini(&text);
    return false;
}

static bool check_problem(World *world, const Json *want, const Problem *problem)
{
    Buffer       text;
    JsonWriter   w;
    const Json  *body;
    const Json  *block;
    bool         ok;
    Text         part = json_text(json_get(want, "text"));

    buffer_init(&text, MIB(1));
    w = json_writer(&text);
    problem_write(&w, problem);
    body  = json_parse(&world->arena, (Text){ text.data, text.length }, JSON_STRICT, NULL);
    ok    = text_equal(json_text(json_get(want, "type")), json_text(json_get(body, "error_type")));
    JsonWalk walk = json_walk(json_get(body, "blocks_errors"));
    block = json_next(&walk) ? walk.value : NULL;
    ok    = ok && (!json_get(want, "step") || same(json_get(want, "step"),
                                                   json_get(block, "block_id")));
    ok    = ok && (!json_get(want, "field") || same(json_get(want, "field"),
                                                    json_get(block, "property_name")));
    ok    = ok && (!part.at || strstr(text.data, part.at));
    if (!ok) {
        complain(world, "error", want, (Text){ text.data, text.length });
    }
    buffer_fini(&text);
    return ok;
}

static bool check_answer(World *world, const Json *want, Run *run)
{
    Buffer      text;
    JsonWriter  w;
    const Json *got;
    bool        ok;

    buffer_init(&text, MIB(64));
    w  = json_writer(&text);
    ok = run_write_outputs(run, &w, NULL);
    if (!ok) {
        ok = check_problem(world, want, run_problem(run));
    } else {
        got = json_parse(&world->arena, (Text){ text.data, text.length }, JSON_STRICT, NULL);
        ok  = same(want, got) || complain(world, "answer", want, (Text){ text.data, text.length });
    }
    buffer_fini(&text);
    return ok;
}

static bool pass(World *world, Session *session, const Json *given, const Json *want,
                 const Json *error)
{
    Services    services;
    RunOptions  options = { .services = &services };
    Buffer      text;
    JsonWriter  w;
    const Json *inputs;
    Run        *run;
    bool        ok;

    services_init(&services);
    services.context    = world;
    services.now        = tick;
    services.utc        = tick;
    services.environment = environment;
    services.new_id     = count_id;
    services.write_file = keep_file;
    buffer_init(&text, MIB(64));
    w = json_writer(&text);
    write_given(&w, given);
    inputs = json_parse(&world->arena, (Text){ text.data, text.length }, JSON_STRICT, NULL);
    run    = run_open(session, inputs, &options);
    if (run_problem(run)) {
        ok = check_problem(world, error, run_problem(run));
    } else {
        ok = want ? check_answer(world, want, run)
                  : complain(world, "error", error, TEXT("an answer"));
    }
    run_close(run);
    buffer_fini(&text);
    return ok;
}

static bool check_files(World *world, const Json *files)
{
    JsonWalk walk = json_walk(files);

    while (json_next(&walk)) {
        int i = 0;

        while (i < world->files && !text_is(walk.key, world->paths[i])) {
            i++;
        }
        if (i == world->files || !text_equal(json_text(walk.value),
                                             (Text){ world->contents[i].data,
                                                     world->contents[i].length })) {
            return complain(world, "files", walk.value,
                            i < world->files ? (Text){ world->contents[i].data,
                                                       world->contents[i].length }
                                             : text_of(world->files ? world->paths[0] : "none"));
        }
    }
    return !files || json_count(files) == (size_t)world->files ||
           complain(world, "files", files, TEXT("another number of files"));
}

static bool passes(World *world, const Json *test, const Plan *plan)
{
    Session    *session = session_open(plan, NULL);
    const Json *given   = json_get(test, "given");
    const Json *want    = json_get(test, "expect");
    const Json *error   = json_get(test, "error");
    JsonWalk    walk    = json_walk(given), wanted = json_walk(want);
    bool        ok      = true;

    if (!json_is(given, JSON_ARRAY)) {
        ok = pass(world, session, given, want, error);
    }
    while (json_is(given, JSON_ARRAY) && ok && json_next(&walk) && json_next(&wanted)) {
        ok = pass(world, session, walk.value, wanted.value, NULL);
    }
    session_close(session);
    return ok && check_files(world, json_get(test, "files"));
}

static bool run_case(World *world, const Json *test)
{
    Problem     problem = { 0 };
    const Plan *plan    = plan_compile(definition_of(world, test), NULL, &world->arena, &problem);
    bool        ok;

    world->time = (int64_t)1767225600 * 1000000;      /* 2026-01-01 */
    if (!plan) {
        return check_problem(world, json_get(test, "error"), &problem);
    }
    ok = passes(world, test, plan);
    plan_unref(plan);
    return ok;
}

TEST(block_cases)
{
    DIR           *folder = opendir("tests/blocks");
    struct dirent *entry;
    int            count = 0;

    CHECK(folder != NULL);
    while (folder && (entry = readdir(folder)) != NULL) {
        World  world = { 0 };
        Buffer text;
        Error  err   = { 0 };
        const Json *cases;
        JsonWalk    walk;

        if (!strstr(entry->d_name, ".json")) {
            continue;
        }
        arena_init(&world.arena, MIB(256));
        buffer_init(&text, MIB(4));
        CHECK(file_read(path_join(&world.arena, "tests/blocks", entry->d_name), MIB(4), &text,
                        &err));
        cases = json_parse(&world.arena, (Text){ text.data, text.length }, JSON_STRICT, &err);
        if (!cases) {
            fprintf(stderr, "%s: %s\n", entry->d_name, err.text);
        }
        CHECK(cases != NULL);
        walk = json_walk(cases);
        while (json_next(&walk)) {
            bool ok;

            world.ids = world.files = 0;
            ok = run_case(&world, walk.value);
            if (!ok) {
                fprintf(stderr, "%s: %.*s: %s\n", entry->d_name,
                        SHOW(json_text(json_get(walk.value, "name"))), world.why);
            }
            CHECK(ok);
            for (int i = 0; i < world.files; i++) {
                buffer_fini(&world.contents[i]);
            }
            count++;
        }
        buffer_fini(&text);
        arena_fini(&world.arena);
    }
    closedir(folder);
    CHECK(count > 0);
}

/* ---- rules for every block ----------------------------------------------------------------- */

TEST(block_names_are_unique)
{
    for (int i = 0; block_table[i]; i++) {
        CHECK(block_find(text_of(block_table[i]->type)) == block_table[i]);
        for (size_t k = 0; k < 4 && block_table[i]->aliases[k]; k++) {
            CHECK(block_find(text_of(block_table[i]->aliases[k])) == block_table[i]);
        }
    }
}

TEST(block_tables_are_whole)
{
    Arena arena;
    Error err = { 0 };

    arena_init(&arena, MIB(1));
    for (int i = 0; block_table[i]; i++) {
        const Block *block = block_table[i];
        size_t       n     = strlen(block->summary);

        CHECK(block->title && block->run && n > 0 && block->summary[n - 1] == '.');
        for (const Field *field = block->fields; field->name; field++) {
            CHECK(field->offset < block->args_size);
            CHECK(field->help && field->help[strlen(field->help) - 1] == '.');
            CHECK(!field->preset || json_parse(&arena, text_of(field->preset), 0, &err));
            CHECK(field->type != FIELD_CHOICE || field->choices);
            CHECK(!field->selector_only || field->kinds);
        }
        for (const Output *output = block->outputs; output && output->name; output++) {
            CHECK(output->kinds && output->help[strlen(output->help) - 1] == '.');
        }
    }
    arena_fini(&arena);
}

/* src/blocks/list.h and the files of src/blocks must not drift apart. */
TEST(block_list_names_every_file)
{
    Buffer list;
    DIR   *folder = opendir("src/blocks");
    Error  err    = { 0 };
    struct dirent *entry;

    buffer_init(&list, MIB(1));
    CHECK(folder && file_read("src/blocks/list.h", MIB(1), &list, &err));
    while (folder && (entry = readdir(folder)) != NULL) {
        static const char *const shared[] = {
            "cache", "chains", "classifier_block", "color_value", "consensus", "detector_block",
            "drawing", "embedding", "gray", "model_block", "points", "regions", "registry",
            "row_text", "services", "sets", "static_crop", "vlm_answer", "work",
        };
        char   stem[100];
        bool   is_shared = false;
        size_t length    = strlen(entry->d_name);

        if (length < 3 || strcmp(entry->d_name + length - 2, ".c") != 0) {
            continue;
        }
        snprintf(stem, sizeof(stem), "%.*s", (int)(length - 2), entry->d_name);
        for (size_t i = 0; i < COUNT_OF(shared); i++) {
            is_shared = is_shared || strcmp(stem, shared[i]) == 0;
        }
        if (!is_shared && !strstr(list.data, stem)) {
            fprintf(stderr, "src/blocks/%s.c is not in list.h\n", stem);
        }
        CHECK(is_shared || strstr(list.data, stem));
    }
    closedir(folder);
    buffer_fini(&list);
}
