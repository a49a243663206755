/*
 * record - any bytes as a packed value are read or refused, and what was read packs to
 * the same value again; any bytes as the record of every step and input of a workflow
 * give a run that ends well or with a problem.
 */
#include "value/value_hash.h"
#include "value/value_pack.h"
#include "workflow/replay.h"
#include "workflow/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const char definition[] =
    "{\"version\":\"1.0\",\"inputs\":[{\"type\":\"WorkflowImage\",\"name\":\"image\"},"
    "{\"type\":\"WorkflowBatchInput\",\"name\":\"p\",\"kind\":[\"object_detection_prediction\"]}],"
    "\"steps\":["
    "{\"type\":\"roboflow_core/dynamic_crop@v1\",\"name\":\"crop\",\"images\":\"$inputs.image\","
    "\"predictions\":\"$inputs.p\"},"
    "{\"type\":\"roboflow_core/property_definition@v1\",\"name\":\"size\",\"data\":"
    "\"$steps.crop.crops\",\"operations\":[{\"type\":\"ExtractImageProperty\","
    "\"property_name\":\"size\"}]},"
    "{\"type\":\"roboflow_core/switch_case@v1\",\"name\":\"switch\",\"value\":"
    "\"$steps.size.output\",\"cases\":{\"4\":\"$steps.text\"},\"default_next_steps\":[]},"
    "{\"type\":\"roboflow_core/string_template@v1\",\"name\":\"text\",\"template\":\"{n}\","
    "\"data\":{\"n\":\"$steps.size.output\"}},"
    "{\"type\":\"roboflow_core/dimension_collapse@v1\",\"name\":\"all\",\"data\":"
    "\"$steps.text.output\"}],"
    "\"outputs\":[{\"type\":\"JsonField\",\"name\":\"all\",\"selector\":\"$steps.all.output\"},"
    "{\"type\":\"JsonField\",\"name\":\"crops\",\"selector\":\"$steps.crop.*\"},"
    "{\"type\":\"JsonField\",\"name\":\"p\",\"selector\":\"$inputs.p\"},"
    "{\"type\":\"JsonField\",\"name\":\"size\",\"selector\":\"$steps.size.output\"}]}";

static const char inputs[] =
    "{\"image\":[{\"type\":\"base64\",\"value\":\"iVBORw0KGgoAAAANSUhEUgAAAAQAAAADCAIAAAA7ljmRAAAA"
    "GElEQVR4nGNkYIiyYWCAIBaGAAY4QOEAAC8CAbjuf9mhAAAAAElFTkSuQmCC\"}],"
    "\"p\":[{\"image\":{\"width\":4,\"height\":3},\"predictions\":[{\"x\":2,\"y\":1.5,\"width\":2,"
    "\"height\":2,\"confidence\":0.5,\"class\":\"a\",\"class_id\":0,\"detection_id\":\"d\"}]}]}";

/* ---- values -------------------------------------------------------------------------- */

static void add_bytes(void *context, const void *bytes, size_t length)
{
    buffer_append(context, bytes, length);
}

static bool add_pixels(void *context, const Image *image)
{
    pack_pixels(&(Packer){ .context = context, .add = add_bytes }, image);
    return true;
}

static void try_value(const uint8_t *bytes, size_t size)
{
    Arena    arena, other;
    Error    err = { 0 };
    Buffer   packed;
    Packer   packer = { .context = &packed, .add = add_bytes, .pixels = add_pixels };
    Unpacker in     = { .at = (const char *)bytes, .end = (const char *)bytes + size,
                        .arena = &arena, .pixels = unpack_pixels };
    Value    value, again;
    Digest   one, two;

    arena_init(&arena, MIB(64));
    arena_init(&other, MIB(64));
    buffer_init(&packed, MIB(64));
    if (!value_unpack(&in, &value, &err)) {
        assert(err.kind != ERR_NONE);
    } else if (value_pack(&packer, value) && !packed.failed) {
        in = (Unpacker){ .at = packed.data, .end = packed.data + packed.length, .arena = &other,
                         .pixels = unpack_pixels };
        if (value_unpack(&in, &again, &err)) {
            assert(in.at == in.end);
            assert(value_hash(value, &one) && value_hash(again, &two) && digest_equal(one, two));
        } else {
            assert(arena_failed(&other));
        }
    }
    buffer_fini(&packed);
    arena_fini(&other);
    arena_fini(&arena);
}

/* ---- replays ------------------------------------------------------------------------- */

/* Some of the bytes stand for every input, the rest for every step. */
static Text give_step(void *context, Digest key)
{
    (void)key;
    return ((Text *)context)[1];
}

static Text give_input(void *context, const PlanInput *input)
{
    (void)input;
    return ((Text *)context)[0];
}

static void look_at_outputs(Replay *replay, Run *run)
{
    Error      err = { 0 };
    Buffer     out;
    JsonWriter w;

    buffer_init(&out, MIB(16));
    w = json_writer(&out);
    for (int i = 0; i < run_plan(run)->output_count; i++) {
        if (!replay_load_output(replay, run, i, &err)) {
            buffer_fini(&out);
            assert(err.kind != ERR_NONE);
            return;
        }
    }
    if (!run_write_outputs(run, &w, NULL)) {
        assert(run_problem(run));
    }
    buffer_fini(&out);
}

static void try_replay(const Plan *plan, const Json *json, const Json *given, Text parts[2])
{
    Error    err     = { 0 };
    Session *session = session_open(plan, &err);
    Keys    *keys    = keys_open(plan, json, (ModelMarks){ 0 }, &err);
    Replay  *replay  = replay_open(plan, keys, (Records){ parts, give_step, give_input }, false,
                                   &err);
    Run     *run;

    assert(session && keys && replay);
    run = run_open(session, given, &(RunOptions){ .reuse = replay_reuse(replay) });
    assert(run);
    if (!run_problem(run)) {
        look_at_outputs(replay, run);
    }
    run_close(run);
    replay_close(replay);
    keys_close(keys);
    session_close(session);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static Arena       arena;
    static const Plan *plan;
    static const Json *json, *given;
    Problem            problem = { 0 };
    Error              err;
    size_t             half;

    if (!plan) {
        arena_init(&arena, MIB(1));
        json  = json_parse(&arena, text_of(definition), JSON_STRICT, &err);
        given = json_parse(&arena, text_of(inputs), JSON_STRICT, &err);
        plan  = plan_compile(json, NULL, &arena, &problem);
        assert(plan && given);
    }
    if (size < 2) {
        return 0;
    }
    if (bytes[0] & 1) {
        try_value(bytes + 1, size - 1);
    } else {
        half = MIN(size - 2, (size_t)(bytes[0] >> 1) | (size_t)bytes[1] << 7);
        try_replay(plan, json, given,
                   (Text[2]){ { (const char *)bytes + 2, half },
                              { (const char *)bytes + 2 + half, size - 2 - half } });
    }
    return 0;
}
