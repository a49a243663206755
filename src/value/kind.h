/*
 * kind - the types of the workflow language.
 *
 * Kinds decide which selectors a field accepts and how inputs are read.  Known
 * kinds are bits of a 64-bit mask; KIND(ANY) matches everything.  A definition
 * may name kinds nobody knows: those are legal, match only the same name, and
 * are kept as text beside the mask.
 */
#ifndef OCELLUS_VALUE_KIND_H
#define OCELLUS_VALUE_KIND_H

#include "base/arena.h"

/* X(constant, wire name, type on the wire, type inside, what it is) */
#define KIND_LIST(X) \
    X(ANY, "*", "Any", "any", "Equivalent of any element") \
    X(IMAGE, "image", "dict", "image", "Image in workflows") \
    X(VIDEO_METADATA, "video_metadata", "dict", "video_metadata", "Video image metadata") \
    X(MODEL_ID, "roboflow_model_id", "str", "str", "Identifier of a model") \
    X(PROJECT, "roboflow_project", "str", "str", "Name of a project") \
    X(SOLUTION, "roboflow_solution", "str", "str", "Name of a solution") \
    X(API_KEY, "roboflow_api_key", "str", "str", "API key") \
    X(MANAGED_KEY, "ROBOFLOW_MANAGED_KEY", "str", "str", "API key kept by the server") \
    X(STRING, "string", "str", "str", "Text") \
    X(TOP_CLASS, "top_class", "str", "str", "Name of the best class") \
    X(LMO, "language_model_output", "str", "str", "Answer of a language model") \
    X(PREDICTION_TYPE, "prediction_type", "str", "str", "Type of a prediction") \
    X(PARENT_ID, "parent_id", "str", "str", "Identifier of the parent picture") \
    X(INFERENCE_ID, "inference_id", "str", "str", "Identifier of an inference") \
    X(FLOAT01, "float_zero_to_one", "float", "float", "Number from 0.0 to 1.0") \
    X(FLOAT, "float", "float", "float", "Number") \
    X(INTEGER, "integer", "int", "int", "Whole number") \
    X(BOOLEAN, "boolean", "bool", "bool", "True or false") \
    X(LIST, "list_of_values", "List[Any]", "list", "List of values of any type") \
    X(DICTIONARY, "dictionary", "dict", "dict", "Dictionary") \
    X(OVERLAPS, "detections_overlaps", "List[Dict[str, Any]]", "list", "Overlaps of detections") \
    X(COLOR, "rgb_color", "Tuple[int, int, int]", "tuple", "Colour") \
    X(POINT, "point", "Tuple[int, int]", "tuple", "Point in a picture") \
    X(LABELED_POINTS, "labeled_points", "List[Dict[str, Any]]", "list", "Points with a sign") \
    X(ZONE, "zone", "List[Tuple[int, int]]", "list", "Polygon in a picture") \
    X(ARRAY, "numpy_array", "list", "array", "Array of numbers") \
    X(CONTOURS, "contours", "List[list]", "list", "Contours of a picture") \
    X(IMAGE_KEYPOINTS, "image_keypoints", "dict", "list", "Key points of a picture") \
    X(EMBEDDING, "embedding", "List[float]", "list", "Vector that describes something") \
    X(PAYLOADS, "serialised_payloads", "List[Union[str, dict]]", "list", "Serialised elements") \
    X(IMAGE_METADATA, "image_metadata", "dict", "dict", "What is known of a picture") \
    X(DETECTION, "detection", \
      "Tuple[list, Optional[list], Optional[float], Optional[float], Optional[int], dict]", \
      "tuple", "One detection") \
    X(TENSOR, "tensor", "list", "array", "Tensor") \
    X(BYTES, "bytes", "str", "bytes", "Bytes") \
    X(TIMESTAMP, "timestamp", "str", "datetime", "Point in time") \
    X(SECRET, "secret", "str", "str", "Secret value") \
    X(CLS, "classification_prediction", "dict", "dict", "Classification") \
    X(OD, "object_detection_prediction", "dict", "detections", "Detected objects") \
    X(IS, "instance_segmentation_prediction", "dict", "detections", "Objects with masks") \
    X(KP, "keypoint_detection_prediction", "dict", "detections", "Objects with key points") \
    X(QR, "qr_code_detection", "dict", "detections", "QR codes") \
    X(BAR, "bar_code_detection", "dict", "detections", "Bar codes") \
    X(RLE, "rle_instance_segmentation_prediction", "dict", "detections", "Objects with RLE masks") \
    X(SEM, "semantic_segmentation_prediction", "dict", "detections", "Semantic segmentation") \
    X(ACT, "action_recognition_prediction", "List[dict]", "list", "Recognised actions")

typedef enum KindId {
#define X(id, name, wire, inner, about) KIND_##id,
    KIND_LIST(X)
#undef X
    KIND_COUNT
} KindId;

_Static_assert(KIND_COUNT <= 64, "kinds must fit a mask");

typedef uint64_t KindMask;

#define KIND(id) ((KindMask)1 << KIND_##id)

#define KINDS_DETECTIONS (KIND(OD) | KIND(IS) | KIND(KP) | KIND(RLE))
#define KINDS_ANY        KIND(ANY)

typedef struct Kind {
    const char *name, *wire_type, *inner_type, *about;
} Kind;

extern const Kind kind_table[KIND_COUNT];

/* The kind of that name, or -1. */
int kind_find(Text name);

/* The JSON schema of a kind's values on the wire, as text; a list of schemas where
 * there are several.  NULL: wire_type says it all. */
const char *kind_schema(KindId id);

/* The kinds that a definition declares for one input, in its order. */
typedef struct KindRef {
    int  id;          /* KindId, or -1 for an unknown name */
    Text name;
} KindRef;

typedef struct KindRefs {
    const KindRef *refs;
    int            count;
} KindRefs;

/* The mask of the known ones. */
KindMask kinds_mask(KindRefs kinds);

/* The kinds of a mask, in the order of the table, but for run lengths, which come before
 * outlines where there is no kind of boxes; '*' alone where it is among them. */
KindRefs kinds_refs(Arena *arena, KindMask mask);

/* True when a source of kinds `offered` may feed a field of `wanted` (which
 * are all known ones): either has ANY, or they share a name. */
bool kinds_match(KindMask offered, KindMask wanted);

#endif
