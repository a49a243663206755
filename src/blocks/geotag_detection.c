/*
 * geotag_detection - where on earth the objects in an aerial picture are.
 *
 * For a camera that looks straight down: the middle of the picture is where the camera is,
 * and a pixel is as long on the ground as height and field of view make it.
 */
#include <math.h>

#include "base/text.h"
#include "blocks/block.h"

typedef struct Args {
    Image            *image;
    const Detections *predictions;
    double            latitude, longitude, altitude, field_of_view, heading;
} Args;

static const Field fields[] = {
    { "image", IMAGE(Args, image), .help = "The picture, taken straight down." },

    { "predictions", DETECTIONS(Args, predictions), .kinds = KIND(OD) | KIND(IS),
      .help = "The objects in it." },

    { "latitude", NUMBER(Args, latitude), .kinds = KIND(FLOAT),
      .help = "Where the camera is, in degrees north." },

    { "longitude", NUMBER(Args, longitude), .kinds = KIND(FLOAT),
      .help = "Where the camera is, in degrees east." },

    { "altitude", NUMBER(Args, altitude), .kinds = KIND(FLOAT),
      .help = "How many metres above the ground it is." },

    { "horizontal_fov", NUMBER(Args, field_of_view), .kinds = KIND(FLOAT), .preset = "73.7",
      .help = "The angle that the picture's width takes in, in degrees." },

    { "heading", NUMBER(Args, heading), .kinds = KIND(FLOAT), .preset = "0.0",
      .help = "Where the upper edge of the picture points to, in degrees clockwise from north." },

    { 0 },
};

enum { OUT_DETECTIONS, OUT_GEOJSON };

static const Output outputs[] = {
    [OUT_DETECTIONS] = { "geo_detections", KIND(LIST), "Every object with its place." },
    [OUT_GEOJSON] = { "geojson", KIND(DICTIONARY), "The same as a GeoJSON FeatureCollection." },
    { 0 },
};

/* Metres in a degree of latitude, as the reference has it. */
static const double degree = 111320;

/* Rounded to decimals as Python's round() does: by the exact value, half to even. */
static Value rounded(double value, int decimals)
{
    char   digits[400];
    double out = value;

    if (isfinite(value)) {
        int length = snprintf(digits, sizeof(digits), "%.*f", decimals, value);

        if (length < 0 || !text_to_double((Text){ digits, (size_t)length }, &out)) {
            out = value;
        }
    }
    return value_double(out);
}

typedef struct Place {
    Value latitude, longitude;
} Place;

static Place place_of(const Args *in, Box box)
{
    double width  = image_width(in->image), height = image_height(in->image);
    double pixel  = in->altitude > 0
                        ? 2 * in->altitude * tan(in->field_of_view / 2 * M_PI / 180) / width : 0;
    double turn   = in->heading * M_PI / 180;
    double right  = ((box.x1 + box.x2) / 2 - width / 2) * pixel;
    double ahead  = (height / 2 - (box.y1 + box.y2) / 2) * pixel;
    double north  = ahead * cos(turn) - right * sin(turn);
    double east   = right * cos(turn) + ahead * sin(turn);

    return (Place){ rounded(in->latitude + north / degree, 7),
                    rounded(in->longitude +
                                east / (degree * cos(in->latitude * M_PI / 180)), 7) };
}

static Value record(Arena *arena, const Detections *set, int row, Place place)
{
    DictBuilder dict = dict_builder(arena, 8);
    Box         box  = set->boxes[row];

    dict_set(&dict, TEXT("class"), value_text(set->class_names[row]));
    dict_set(&dict, TEXT("confidence"), rounded(set->confidences[row], 4));
    dict_set(&dict, TEXT("lat"), place.latitude);
    dict_set(&dict, TEXT("lon"), place.longitude);
    dict_set(&dict, TEXT("pixel_x"), rounded((box.x1 + box.x2) / 2, 1));
    dict_set(&dict, TEXT("pixel_y"), rounded((box.y1 + box.y2) / 2, 1));
    dict_set(&dict, TEXT("width"), rounded(box_width(box), 1));
    dict_set(&dict, TEXT("height"), rounded(box_height(box), 1));
    return dict_done(&dict);
}

static Value feature(Arena *arena, const Detections *set, int row, Place place)
{
    DictBuilder geometry = dict_builder(arena, 2), about = dict_builder(arena, 2);
    DictBuilder dict     = dict_builder(arena, 3);
    ListBuilder at       = list_builder(arena, 2);

    list_add(&at, place.longitude);
    list_add(&at, place.latitude);
    dict_set(&geometry, TEXT("type"), value_string("Point"));
    dict_set(&geometry, TEXT("coordinates"), list_done(&at));
    dict_set(&about, TEXT("class"), value_text(set->class_names[row]));
    dict_set(&about, TEXT("confidence"), rounded(set->confidences[row], 4));
    dict_set(&dict, TEXT("type"), value_string("Feature"));
    dict_set(&dict, TEXT("geometry"), dict_done(&geometry));
    dict_set(&dict, TEXT("properties"), dict_done(&about));
    return dict_done(&dict);
}

static void locate(Call *call, int i, const Args *in)
{
    const Detections *set        = in->predictions;
    ListBuilder       records    = list_builder(call->arena, (size_t)set->count);
    ListBuilder       features   = list_builder(call->arena, (size_t)set->count);
    DictBuilder       collection = dict_builder(call->arena, 2);

    for (int k = 0; k < set->count; k++) {
        Place place = place_of(in, set->boxes[k]);

        list_add(&records, record(call->arena, set, k, place));
        list_add(&features, feature(call->arena, set, k, place));
    }
    dict_set(&collection, TEXT("type"), value_string("FeatureCollection"));
    dict_set(&collection, TEXT("features"), list_done(&features));
    emit_value(call, i, OUT_DETECTIONS, list_done(&records));
    emit_value(call, i, OUT_GEOJSON, dict_done(&collection));
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        locate(call, i, call_args(call, i));
    }
    return true;
}

const Block block_geotag_detection_v1 = {
    .type      = "roboflow_core/geotag_detection@v1",
    .title     = "GeoTag Detection",
    .category  = CATEGORY_TRANSFORM,
    .work      = WORK(DETECTIONS),
    .summary   = "Tell where on earth the objects in an aerial picture are.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
