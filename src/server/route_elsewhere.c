/*
 * route_elsewhere - what the reference has and this server does not have yet.
 *
 * A sentence that says so is worth more than a 404.
 */
#include "server/routes.h"

static void missing(App *app, Request *request, Response *response)
{
    (void)app;
    response_message(response, 501, "%.*s is not here yet: this server runs workflows and models "
                     "for classification", (int)MIN(request->path.length, 100), request->path.at);
}

static void gone(App *app, Request *request, Response *response)
{
    JsonWriter w = json_writer(&response->buffer);

    (void)app;
    (void)request;
    response->status = 410;
    json_begin_object(&w);
    json_key(&w, "message");
    json_write_string(&w, "gaze detection has been retired");
    json_key(&w, "error_type");
    json_write_string(&w, "FeatureDeprecatedError");
    json_end_object(&w);
}

#define BODY LIMIT_REQUEST_BODY
#define ANY  (METHOD_GET | METHOD_POST)

const Route routes_elsewhere[] = {
    { METHOD_POST, "/infer/depth-estimation", missing, BODY, "Not here yet." },
    { METHOD_POST, "/infer/lmm", missing, BODY, "Not here yet." },
    { METHOD_POST, "/infer/embeddings", missing, BODY, "Not here yet." },
    { METHOD_POST, "/infer/action_recognition", missing, BODY, "Not here yet." },
    { METHOD_POST, "/ocr/{model}", missing, BODY, "Not here yet." },
    { METHOD_POST, "/doctr/ocr", missing, BODY, "Not here yet." },
    { METHOD_POST, "/easy_ocr/ocr", missing, BODY, "Not here yet." },
    { METHOD_POST, "/clip/{verb}", missing, BODY, "Not here yet." },
    { METHOD_POST, "/perception_encoder/{verb}", missing, BODY, "Not here yet." },
    { METHOD_POST, "/sam/{verb}", missing, BODY, "Not here yet." },
    { METHOD_POST, "/sam2/{verb}", missing, BODY, "Not here yet." },
    { METHOD_POST, "/sam3/{verb}", missing, BODY, "Not here yet." },
    { METHOD_POST, "/sam3_3d/infer", missing, BODY, "Not here yet." },
    { METHOD_POST, "/grounding_dino/infer", missing, BODY, "Not here yet." },
    { METHOD_POST, "/yolo_world/infer", missing, BODY, "Not here yet." },
    { METHOD_POST, "/owlv2/infer", missing, BODY, "Not here yet." },
    { METHOD_POST, "/gaze/gaze_detection", gone, BODY, "Retired." },
    { ANY, "/inference_pipelines/{verb}", missing, BODY, "Not here yet." },
    { ANY, "/inference_pipelines/{pipeline}/{verb}", missing, BODY, "Not here yet." },
    { 0 },
};
