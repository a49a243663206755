/*
 * stitch_ocr_detections - text out of characters that were detected.
 *
 * The class of every object is a character or a word; they are put in lines and read in
 * a direction.  Version 2 has two more ways to find the lines and can tell words apart.
 */
#include "base/buffer.h"
#include "blocks/block.h"
#include "vision/reading.h"

enum { BY_TOLERANCE, BY_OTSU, BY_COLLIMATE };

typedef struct Args {
    const Detections *predictions;
    int               algorithm;       /* version 1 has no choice: BY_TOLERANCE */
    int               direction;
    int64_t           tolerance;
    Text              delimiter;
    double            multiplier;
    int64_t           collimate_tolerance;
} Args;

static const Choice algorithms[] = {
    { "tolerance", BY_TOLERANCE }, { "otsu", BY_OTSU }, { "collimate", BY_COLLIMATE }, { 0 },
};

static const Choice directions[] = {
    { "left_to_right", READ_RIGHTWARDS },        { "right_to_left", READ_LEFTWARDS },
    { "vertical_top_to_bottom", READ_DOWNWARDS }, { "vertical_bottom_to_top", READ_UPWARDS },
    { "auto", READ_AUTO },                        { 0 },
};

#define FIELD_PREDICTIONS \
    { "predictions", DETECTIONS(Args, predictions), .kinds = KIND(OD), .batched = true, \
      .help = "The characters; their classes are what is read." }

#define FIELD_DIRECTION \
    { "reading_direction", CHOICE(Args, direction, directions), \
      .help = "Which way the text runs; 'auto' takes rows where characters are wider than " \
              "high, else columns." }

#define FIELD_TOLERANCE \
    { "tolerance", INTEGER(Args, tolerance), .kinds = KIND(INTEGER), .preset = "10", \
      .range = ABOVE(0), .help = "How high the strips are, in pixels, that make a line." }

#define FIELD_DELIMITER \
    { "delimiter", STRING(Args, delimiter), .kinds = KIND(STRING), .preset = "\"\"", \
      .help = "What is put between two characters." }

static const Field fields_v1[] = {
    FIELD_PREDICTIONS, FIELD_DIRECTION, FIELD_TOLERANCE, FIELD_DELIMITER, { 0 },
};

static const Field fields_v2[] = {
    { "stitching_algorithm", CHOICE(Args, algorithm, algorithms),
      .help = "How lines are found: strips of a fixed height, characters of one height with "
              "words told apart by their gaps, or chains that may bend." },

    FIELD_PREDICTIONS, FIELD_DIRECTION, FIELD_TOLERANCE, FIELD_DELIMITER,

    { "otsu_threshold_multiplier", NUMBER(Args, multiplier), .kinds = KIND(FLOAT),
      .preset = "1.0", .help = "For 'otsu': above 1 fewer gaps part words, below 1 more." },

    { "collimate_tolerance", INTEGER(Args, collimate_tolerance), .kinds = KIND(INTEGER),
      .preset = "10", .help = "For 'collimate': how many pixels a character may be off." },

    { 0 },
};

enum { OUT_TEXT };

static const Output outputs[] = {
    [OUT_TEXT] = { "ocr_text", KIND(STRING), "The text." },
    { 0 },
};

static bool find_order(Call *call, const Args *in, Reading *reading, Error *err)
{
    if (!reading_open(call->arena, in->predictions, (ReadingDirection)in->direction, reading,
                      err)) {
        return false;
    }
    switch (in->algorithm) {
    case BY_OTSU:
        return reading_by_gaps(call->arena, reading, in->multiplier, err);
    case BY_COLLIMATE:
        return reading_by_chain(call->arena, reading, (double)in->collimate_tolerance,
                                call->cancel, err);
    default:
        return reading_by_tolerance(call->arena, reading, (double)in->tolerance, err);
    }
}

/* What stands before place k.  Strips are joined as if the end of a line were a character;
 * words show only where characters have nothing between them. */
static void put_gap(Buffer *text, const Args *in, const Reading *reading, int k)
{
    bool ends_line = reading->line_starts[k];
    bool ends_word = reading->word_starts[k] && in->delimiter.length == 0;

    if (k == 0) {
        return;
    }
    if (!ends_line || in->algorithm == BY_TOLERANCE) {
        buffer_text(text, in->delimiter);
    }
    if (ends_line) {
        buffer_char(text, reading_is_vertical(reading) ? ' ' : '\n');
    } else if (ends_word) {
        buffer_char(text, ' ');
    }
    if (ends_line && in->algorithm == BY_TOLERANCE) {
        buffer_text(text, in->delimiter);
    }
}

static bool stitch(Call *call, int i, const Args *in)
{
    Reading reading;
    Buffer  text;
    Error   err = { 0 };

    if (!find_order(call, in, &reading, &err)) {
        return call_fail_error(call, i, &err);
    }
    buffer_init(&text, LIMIT_FORMATTED_TEXT);
    for (int k = 0; k < reading.count; k++) {
        put_gap(&text, in, &reading, k);
        buffer_text(&text, in->predictions->class_names[reading.order[k]]);
    }
    if (text.failed) {
        buffer_fini(&text);
        return call_fail(call, i, "MemoryError", "the text of %d detections is longer than %zu "
                         "bytes", reading.count, (size_t)LIMIT_FORMATTED_TEXT);
    }
    emit_text(call, i, OUT_TEXT, arena_text(call->arena, (Text){ text.data, text.length }));
    buffer_fini(&text);
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        if (!stitch(call, i, call_args(call, i))) {
            return false;
        }
    }
    return true;
}

const Block block_stitch_ocr_detections_v1 = {
    .type      = "roboflow_core/stitch_ocr_detections@v1",
    .title     = "Stitch OCR Detections",
    .category  = CATEGORY_TRANSFORM,
    .work      = WORK(TRANSFORMATION) | WORK(DETECTIONS),
    .batches   = true,
    .summary   = "Put detected characters together to a text.",
    .args_size = sizeof(Args),
    .fields    = fields_v1,
    .outputs   = outputs,
    .run       = run,
};

const Block block_stitch_ocr_detections_v2 = {
    .type      = "roboflow_core/stitch_ocr_detections@v2",
    .title     = "Stitch OCR Detections",
    .category  = CATEGORY_TRANSFORM,
    .work      = WORK(TRANSFORMATION) | WORK(DETECTIONS),
    .batches   = true,
    .summary   = "Put detected characters together to a text, line by line and word by word.",
    .args_size = sizeof(Args),
    .fields    = fields_v2,
    .outputs   = outputs,
    .run       = run,
};
