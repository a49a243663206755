/*
 * kind_schema - what values of some kinds look like on the wire, as JSON schema.
 *
 * Names, types and what is required are part of the protocol: clients generate
 * code from them.  Kinds whose wire type says it all have no schema.
 */
#include "value/kind.h"

#define SAID(about)         "\"description\":\"" about "\","
#define TITLED(title)       "\"title\":\"" title "\""
#define PLAIN(title, type)  "{" TITLED(title) ",\"type\":\"" type "\"}"
#define TOLD(title, type, about) \
    "{" SAID(about) TITLED(title) ",\"type\":\"" type "\"}"
#define EITHER(one, other)  "\"anyOf\":[{\"type\":\"" one "\"},{\"type\":\"" other "\"}],"
#define NUMBER(title, about) "{" EITHER("integer", "number") SAID(about) TITLED(title) "}"
#define OPTION(title, type, about) \
    "{" EITHER(type, "null") "\"default\":null," SAID(about) TITLED(title) "}"
#define LIST(title, of) \
    "{\"items\":{\"$ref\":\"#/$defs/" of "\"}," TITLED(title) ",\"type\":\"array\"}"
#define OBJECT(title, properties, required) \
    "\"properties\":{" properties "},\"required\":[" required "]," TITLED(title) \
    ",\"type\":\"object\""

/* ---- pictures ---------------------------------------------------------------------- */

#define IMAGE_SCHEMA "{" \
    OBJECT("ImageSchema", \
        "\"type\":{\"const\":\"url\"," TITLED("Type") ",\"type\":\"string\"}," \
        "\"value\":{" SAID("The address of the picture, its base64 text or its path, as " \
                           "`type` says.") TITLED("Value") "}", \
        "\"type\",\"value\"") "}"

#define VIDEO_SCHEMA "{" \
    OBJECT("VideoMetadata", \
        "\"video_identifier\":" TOLD("Video Identifier", "string", \
            "Tells videos apart; its form means nothing.") "," \
        "\"frame_number\":" PLAIN("Frame Number", "integer") "," \
        "\"frame_timestamp\":{" SAID("When the frame was taken. In video files it runs at " \
            "the pace of reading: count frames instead.") \
            "\"format\":\"date-time\"," TITLED("Frame Timestamp") ",\"type\":\"string\"}," \
        "\"fps\":" OPTION("Fps", "number", "Frames per second, where known.") "," \
        "\"measured_fps\":" OPTION("Measured Fps", "number", \
            "Frames per second that a live stream really delivers.") "," \
        "\"comes_from_video_file\":" OPTION("Comes From Video File", "boolean", \
            "True for a file, false for a stream, null when nobody knows.") "," \
        "\"total_frames\":" OPTION("Total Frames", "integer", \
            "How many frames the file has, where it tells."), \
        "\"video_identifier\",\"frame_number\",\"frame_timestamp\"") "}"

#define IMAGE_KEYPOINTS_SCHEMA "{" \
    OBJECT("ImageKeyPoints", \
        "\"pt\":{\"maxItems\":2,\"minItems\":2,\"prefixItems\":[{\"type\":\"number\"}," \
            "{\"type\":\"number\"}]," TITLED("Pt") ",\"type\":\"array\"}," \
        "\"size\":" PLAIN("Size", "number") "," \
        "\"angle\":" PLAIN("Angle", "number") "," \
        "\"response\":" PLAIN("Response", "number") "," \
        "\"octave\":" PLAIN("Octave", "integer") "," \
        "\"class_id\":" PLAIN("Class Id", "integer"), \
        "\"pt\",\"size\",\"angle\",\"response\",\"octave\",\"class_id\"") "}"

/* ---- what predictions share ---------------------------------------------------------- */

#define SIZE_DEFINITION "\"ImageMetadataSchema\":{" \
    OBJECT("ImageMetadataSchema", \
        "\"width\":{" EITHER("integer", "null") \
            SAID("Width of the picture that was looked at.") TITLED("Width") "}," \
        "\"height\":{" EITHER("integer", "null") \
            SAID("Height of the picture that was looked at.") TITLED("Height") "}", \
        "\"width\",\"height\"") "}"

#define SIZE "\"image\":{\"$ref\":\"#/$defs/ImageMetadataSchema\"}"

#define PARENT OPTION("Parent Id", "string", \
    "The picture that this one was cut from, if it was.")

/* ---- classification ------------------------------------------------------------------ */

#define CLASS_MEMBERS \
    "\"parent_id\":" PARENT "," \
    "\"prediction_type\":" OPTION("Prediction Type", "string", "The type of prediction.") "," \
    "\"inference_id\":" OPTION("Inference Id", "string", "Identifier of the inference.") "," \
    "\"root_parent_id\":" OPTION("Root Parent Id", "string", \
        "The picture that the first cut was made from.")

#define CLASS_CONFIDENCE "\"confidence\":" TOLD("Confidence", "number", \
    "How sure the model is of the class, from 0 to 1.")

#define CLASS_ID "\"class_id\":" TOLD("Class Id", "integer", "The number of the class.")

#define ONE_CLASS_SCHEMA "{\"$defs\":{\"ClassificationPrediction\":{" \
    OBJECT("ClassificationPrediction", \
        "\"class\":" TOLD("Class", "string", "The name of the class.") "," \
        CLASS_ID "," CLASS_CONFIDENCE, \
        "\"class\",\"class_id\",\"confidence\"") "}," SIZE_DEFINITION "}," \
    OBJECT("MultiClassClassificationSchema", \
        SIZE "," \
        "\"predictions\":" LIST("Predictions", "ClassificationPrediction") "," \
        "\"top\":" TOLD("Top", "string", "The name of the best class.") "," \
        "\"confidence\":" TOLD("Confidence", "number", "How sure the model is of it.") "," \
        CLASS_MEMBERS, \
        "\"image\",\"predictions\",\"top\",\"confidence\"") "}"

#define MANY_CLASSES_SCHEMA "{\"$defs\":{" SIZE_DEFINITION "," \
    "\"MultiLabelClassificationPrediction\":{" \
    OBJECT("MultiLabelClassificationPrediction", CLASS_CONFIDENCE "," CLASS_ID, \
        "\"confidence\",\"class_id\"") "}}," \
    OBJECT("MultiLabelClassificationSchema", \
        SIZE "," \
        "\"predictions\":{\"additionalProperties\":{\"$ref\":" \
            "\"#/$defs/MultiLabelClassificationPrediction\"}," TITLED("Predictions") \
            ",\"type\":\"object\"}," \
        "\"predicted_classes\":{" SAID("The classes that were found.") \
            "\"items\":{\"type\":\"string\"}," TITLED("Predicted Classes") \
            ",\"type\":\"array\"}," \
        CLASS_MEMBERS, \
        "\"image\",\"predictions\",\"predicted_classes\"") "}"

/* ---- detections ---------------------------------------------------------------------- */

#define BOX_MEMBERS \
    "\"width\":" NUMBER("Width", "Width of the box in pixels.") "," \
    "\"height\":" NUMBER("Height", "Height of the box in pixels.") "," \
    "\"x\":" NUMBER("X", "X of the middle of the box.") "," \
    "\"y\":" NUMBER("Y", "Y of the middle of the box.") "," \
    "\"confidence\":" TOLD("Confidence", "number", "How sure the model is of the box.") "," \
    "\"class\":" TOLD("class", "string", "The name of the class.") "," \
    CLASS_ID "," \
    "\"detection_id\":" TOLD("Detection Id", "string", "Tells detections apart.") "," \
    "\"parent_id\":" PARENT

#define BOX_REQUIRED "\"width\",\"height\",\"x\",\"y\",\"confidence\",\"class\",\"class_id\"," \
    "\"detection_id\""

#define POINT_MEMBERS \
    "\"x\":" NUMBER("X", "X of the point.") "," \
    "\"y\":" NUMBER("Y", "Y of the point.")

/* A list of `box`, which `definitions` defines. */
#define DETECTIONS_SCHEMA(title, box, definitions) \
    "{\"$defs\":{" definitions "," SIZE_DEFINITION "}," \
    OBJECT(title, SIZE ",\"predictions\":" LIST("Predictions", box), \
           "\"image\",\"predictions\"") "}"

#define BOXES_SCHEMA \
    DETECTIONS_SCHEMA("ObjectDetectionSchema", "BoundingBoxSchema", \
        "\"BoundingBoxSchema\":{" \
        OBJECT("BoundingBoxSchema", BOX_MEMBERS, BOX_REQUIRED) "}")

#define OUTLINES_SCHEMA \
    DETECTIONS_SCHEMA("InstanceSegmentationSchema", "BoundingBoxWithSegmentationSchema", \
        "\"BoundingBoxWithSegmentationSchema\":{" \
        OBJECT("BoundingBoxWithSegmentationSchema", \
            BOX_MEMBERS ",\"points\":" LIST("Points", "PointSchema"), \
            BOX_REQUIRED ",\"points\"") "}," \
        "\"PointSchema\":{" OBJECT("PointSchema", POINT_MEMBERS, "\"x\",\"y\"") "}")

#define KEYPOINTS_SCHEMA \
    DETECTIONS_SCHEMA("KeyPointsDetectionSchema", "BoundingBoxWithKeyPoints", \
        "\"BoundingBoxWithKeyPoints\":{" \
        OBJECT("BoundingBoxWithKeyPoints", \
            BOX_MEMBERS ",\"keypoints\":" LIST("Keypoints", "KeyPointSchema"), \
            BOX_REQUIRED ",\"keypoints\"") "}," \
        "\"KeyPointSchema\":{" \
        OBJECT("KeyPointSchema", \
            POINT_MEMBERS "," \
            "\"confidence\":" TOLD("Confidence", "number", \
                "How sure the model is of the point.") "," \
            "\"class\":" TOLD("class", "string", "The name of the point.") "," \
            "\"class_id\":" TOLD("Class Id", "integer", "The number of the point."), \
            "\"x\",\"y\",\"confidence\",\"class\",\"class_id\"") "}")

#define CODES_SCHEMA \
    DETECTIONS_SCHEMA("CodeDetectionSchema", "BoundingBoxWithCodeSchema", \
        "\"BoundingBoxWithCodeSchema\":{" \
        OBJECT("BoundingBoxWithCodeSchema", \
            "\"data\":" TOLD("Data", "string", "What the code says."), "\"data\"") "}")

/* ---- the table ----------------------------------------------------------------------- */

static const char *const schemas[KIND_COUNT] = {
    [KIND_IMAGE]           = IMAGE_SCHEMA,
    [KIND_VIDEO_METADATA]  = VIDEO_SCHEMA,
    [KIND_IMAGE_KEYPOINTS] = IMAGE_KEYPOINTS_SCHEMA,
    [KIND_CLS]             = "[" ONE_CLASS_SCHEMA "," MANY_CLASSES_SCHEMA "]",
    [KIND_OD]              = BOXES_SCHEMA,
    [KIND_IS]              = OUTLINES_SCHEMA,
    [KIND_KP]              = KEYPOINTS_SCHEMA,
    [KIND_QR]              = CODES_SCHEMA,
};

const char *kind_schema(KindId id)
{
    return schemas[id];
}
