/*
 * backbone - a network that turns pictures into features.
 */
#include "train/backbone.h"

#include <math.h>

#include "base/file.h"
#include "base/text.h"
#include "model/graph.h"
#include "model/model_inside.h"

enum { MOST_FEATURES = 1 << 16 };

/* ---- the base ------------------------------------------------------------------------- */

/* A bare classifier needs no names here, so that its classes are numbered. */
static const char *number_classes(Arena *arena, const BackboneOptions *options, Error *err)
{
    const Graph *graph = graph_read(arena, options->base, err);
    const char  *path  = path_join(arena, options->folder, "numbers.txt");
    Buffer       names;

    if (!graph)
        return NULL;

    const GraphValue *output = &graph->outputs[0];
    int64_t count = graph->output_count > 0 && output->rank > 1 ? output->shape[output->rank - 1]
                                                                : -1;
    if (graph_note(graph, "names").at || count < 1 || count > LIMIT_CLASSES)
        return "";                       /* importing finds the names, or says what is amiss */
    buffer_init(&names, MIB(2));
    for (int64_t i = 0; i < count; i++)
        buffer_printf(&names, "%lld\n", (long long)i);
    bool done = file_write(path, names.data, names.length, err);
    buffer_fini(&names);
    return done ? path : NULL;
}

static const char *import_base(Arena *arena, const BackboneOptions *options, Error *err)
{
    ImportOptions how    = options->import;
    const char   *models = path_join(arena, options->folder, "models");
    const char   *names  = how.classes ? how.classes : number_classes(arena, options, err);
    Buffer        report;

    if (!names)
        return NULL;
    how.classes = *names ? names : NULL;
    how.replace = true;
    if (!how.task)
        how.task = "classification";
    buffer_init(&report, KIB(64));
    bool done = model_import(models, TEXT("base/1"), options->base, &how, &report, err);
    buffer_fini(&report);
    return done ? path_join(arena, models, "base/1") : NULL;
}

static bool ends_with(const char *text, const char *ending)
{
    size_t length = strlen(text), tail = strlen(ending);

    return length >= tail && strcmp(text + length - tail, ending) == 0;
}

static const Package *read_base(Arena *arena, const BackboneOptions *options, Error *err)
{
    const char    *folder = options->base;
    const Package *package;

    if (ends_with(options->base, ".onnx"))
        folder = import_base(arena, options, err);
    else if (!folder_exists(folder) && model_id_valid(text_of(options->base)))
        folder = path_join(arena, options->models, options->base);
    if (!folder)
        return NULL;
    if (!folder_exists(folder)) {
        if (model_id_valid(text_of(options->base)))
            model_not_found(options->models, text_of(options->base), err);
        else
            fail(err, ERR_NOT_FOUND, "there is no package '%.200s'", options->base);
        return NULL;
    }
    package = package_read(arena, folder, options->base, err);
    if (package && package->task != TASK_CLASSIFICATION && package->task != TASK_MULTI_LABEL) {
        fail(err, ERR_INVALID, "%s is a model for %s; training needs a classifier to begin with",
             options->base, task_name(package->task));
        return NULL;
    }
    return package;
}

/* A classifier that somebody brought here, and none that was trained here. */
static bool is_base(Arena *arena, const char *models, const char *id)
{
    const char    *folder  = path_join(arena, models, id);
    const Package *package = package_read(arena, folder, id, NULL);
    const Graph   *graph   = package && package->task == TASK_CLASSIFICATION
                           ? graph_read(arena, package->weights, NULL) : NULL;

    return graph && !text_is(graph->producer, head_producer);
}

const char *backbone_default(Arena *arena, const char *models, Error *err)
{
    const char **ids   = folder_models(arena, models);
    size_t       count = 0;

    for (size_t i = 0; ids[i]; i++) {
        if (is_base(arena, models, ids[i]))
            ids[count++] = ids[i];
    }
    if (count == 1)
        return ids[0];
    if (count == 0)
        fail(err, ERR_INVALID, "there is no classifier to begin with; name one with --base, as a "
             "package or an ONNX file (MobileNet or ResNet trained on ImageNet are good ones)");
    else
        fail(err, ERR_INVALID, "name the classifier to begin with, with --base: %s",
             text_choices(arena, ids, count));
    return NULL;
}

/* ---- without its head ------------------------------------------------------------------ */

static bool write_network(const Backbone *backbone, const NetworkHead *head, const char *path,
                          Error *err)
{
    const char *weights = backbone->package->weights;
    Buffer      out;
    Text        bytes;

    if (!file_map(weights, LIMIT_MODEL_FILE, &bytes, err))
        return false;
    buffer_init(&out, LIMIT_MODEL_FILE);
    bool done = head_replace(weights, bytes, backbone->features, backbone->pooling, head, &out,
                             err) &&
                file_write(path, out.data, out.length, err);
    buffer_fini(&out);
    file_unmap(bytes);
    return done;
}

static bool find_tensor(Arena *arena, Backbone *backbone, const char *named, Error *err)
{
    Text bytes;

    if (named) {
        backbone->features = arena_text(arena, text_of(named));
        return true;
    }
    if (!file_map(backbone->package->weights, LIMIT_MODEL_FILE, &bytes, err))
        return false;
    bool found = head_find_features(arena, backbone->package->weights, bytes, &backbone->features,
                                    err);
    file_unmap(bytes);
    return found;
}

static void give_back(void *model)
{
    model_unref(model);
}

/* The base's package, but for the network that lies at `path`. */
static Model *open_cut(Arena *arena, const Backbone *backbone, const char *path, Error *err)
{
    Package *package = arena_new(arena, Package);

    *package         = *backbone->package;
    package->weights = path;
    return model_open(package, NULL, 1, err);
}

/* How features of that shape become a vector. */
static HeadPooling pooling_of(const Tensor *tensor)
{
    if (tensor->rank == 4 && tensor->shape[2] * tensor->shape[3] > 1 && tensor->shape[1] > 1)
        return POOL_PLACES;
    if (tensor->rank == 3 && tensor->shape[1] > 1 && tensor->shape[2] > 1)
        return POOL_TOKENS;
    return POOL_NONE;
}

static int64_t count_of(const Tensor *tensor, HeadPooling pooling)
{
    int64_t count = 1;

    if (pooling != POOL_NONE)
        return tensor->shape[pooling == POOL_PLACES ? 1 : 2];
    for (int i = 1; i < tensor->rank; i++)
        count *= tensor->shape[i];
    return count;
}

/* What the tensor of features looks like is seen when a picture is shown. */
static bool see_shape(Arena *arena, Backbone *backbone, const char *path, Error *err)
{
    Model       *model = open_cut(arena, backbone, path, err);
    Image       *image = model ? image_new(64, 64, 3, TEXT("trial"), err) : NULL;
    ModelOutputs outputs;
    Arena        scratch;

    arena_init(&scratch, LIMIT_RUN_MEMORY);
    bool done = image && model_run(model, &scratch, &image, 1, (PreprocessOff){ 0 }, NULL,
                                   &outputs, err);
    if (done) {
        backbone->pooling       = pooling_of(&outputs.tensors[0]);
        backbone->feature_count = (int)MIN(count_of(&outputs.tensors[0], backbone->pooling),
                                           MOST_FEATURES + 1);
    }
    arena_fini(&scratch);
    image_unref(image);
    model_unref(model);
    return done;
}

/* First as they are, to see what has to be done to them. */
static bool cut_off(Arena *arena, Backbone *backbone, const char *path, Error *err)
{
    backbone->pooling = POOL_LOOK;
    return write_network(backbone, NULL, path, err) && see_shape(arena, backbone, path, err) &&
           write_network(backbone, NULL, path, err);
}

Backbone *backbone_open(Arena *arena, const BackboneOptions *options, Error *err)
{
    Backbone   *backbone = arena_new(arena, Backbone);
    const char *path     = path_join(arena, options->folder, "backbone.onnx");

    backbone->package = read_base(arena, options, err);
    if (!backbone->package || !find_tensor(arena, backbone, options->features, err) ||
        !cut_off(arena, backbone, path, err))
        return NULL;
    if (backbone->feature_count < 1 || backbone->feature_count > MOST_FEATURES) {
        fail(err, ERR_UNSUPPORTED, "%s: the tensor '%.*s' has %s%d numbers a picture; 1 to %d can "
             "be features", options->base, SHOW(backbone->features),
             backbone->feature_count > MOST_FEATURES ? "more than " : "",
             MIN(backbone->feature_count, MOST_FEATURES), MOST_FEATURES);
        return NULL;
    }
    backbone->model = open_cut(arena, backbone, path, err);
    if (!backbone->model || !arena_defer(arena, give_back, backbone->model))
        return NULL;
    return backbone;
}

/* ---- using it ------------------------------------------------------------------------ */

bool backbone_run(Backbone *backbone, Image *image, const Cancel *cancel, float *features,
                  Error *err)
{
    size_t       count = (size_t)backbone->feature_count;
    ModelOutputs outputs;
    Arena        arena;

    arena_init(&arena, LIMIT_RUN_MEMORY);
    bool done = model_run(backbone->model, &arena, &image, 1, (PreprocessOff){ 0 }, cancel,
                          &outputs, err);
    if (done) {
        const Tensor *tensor = &outputs.tensors[0];

        if (tensor->rank != 2 || tensor->shape[0] != 1 || tensor->shape[1] != (int64_t)count)
            done = fail(err, ERR_UNSUPPORTED, "the network gives features of another shape for "
                        "this picture");
        else
            memcpy(features, tensor->data, count * sizeof *features);
    }
    for (size_t i = 0; i < count && done; i++) {
        if (!isfinite(features[i]))
            done = fail(err, ERR_INVALID, "the network gives a feature that is no number");
    }
    arena_fini(&arena);
    return done;
}

bool backbone_write(const Backbone *backbone, const NetworkHead *head, const char *path, Error *err)
{
    return write_network(backbone, head, path, err);
}

bool backbone_package(const Backbone *backbone, const NetworkHead *head, const char *weights,
                      const char *folder, Error *err)
{
    Package package = *backbone->package;

    package.task        = head->sigmoid ? TASK_MULTI_LABEL : TASK_CLASSIFICATION;
    package.classes     = head->classes;
    package.class_count = head->class_count;
    package.fused_post  = true;
    return package_write(&package, folder, weights, false, err);
}
