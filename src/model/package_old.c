/*
 * package_old - model_type.json and environment.json.
 *
 * The layout of the reference's legacy engine.  Its preprocessing is put into
 * the new engine's terms: resize by name, RGB, divided by 255; classifiers are
 * normalised with 0.5, or with ImageNet's numbers where the network is a ResNet.
 */
#include "base/text.h"
#include "model/package_inside.h"

static const char *const type_file        = "model_type.json";
static const char *const environment_file = "environment.json";

static bool parse_type(Arena *arena, Text text, Package *package, Error *err)
{
    Section type;
    Text    task = { 0 }, model = { 0 };

    if (!section_parse(arena, type_file, text, err, &type) ||
        !section_text(&type, "project_task_type", &task) ||
        !section_text(&type, "model_type", &model))
        return false;
    package->task         = task_find(task);
    package->architecture = model.at ? model.at : "";
    package->point_numbers = 3;
    if (package->task == TASK_UNKNOWN)
        return section_fail(&type, "project_task_type", ERR_UNSUPPORTED,
                            "missing, or not a task known here");
    return true;
}

/* ---- environment.json ---------------------------------------------------------- */

/* PREPROCESSING is an object, or a text that holds one. */
static bool find_preprocessing(Arena *arena, const Section *environment, Section *out)
{
    static const char *const key = "PREPROCESSING";
    const Json *json = json_get(environment->json, key);

    if (!json_is(json, JSON_STRING)) {
        if (!section_find(environment, key, out))
            return false;
        return out->json || section_fail(environment, key, ERR_INVALID, "missing");
    }
    if (!section_parse(arena, environment_file, json_text(json), environment->err, out))
        return section_fail(environment, key, ERR_INVALID, "its text is not a JSON object");
    out->name = key;
    return true;
}

/* Formats not listed are done as the legacy engine does them: letterboxes with
 * black edges where it has no better, else stretched. */
static bool parse_resize(const Section *preprocessing, Preprocess *p)
{
    static const struct {
        const char *name;
        ResizeMode  mode;
        uint8_t     padding;
    } formats[] = {
        { "Stretch to",                 RESIZE_STRETCH,   0 },
        { "Fit (black edges) in",       RESIZE_LETTERBOX, 0 },
        { "Fit (white edges) in",       RESIZE_LETTERBOX, 255 },
        { "Fit (grey edges) in",        RESIZE_LETTERBOX, 114 },
        { "Fit (reflect edges) in",     RESIZE_LETTERBOX, 0 },
        { "Fit within",                 RESIZE_LETTERBOX, 0 },
        { "Fill (with center crop) in", RESIZE_LETTERBOX, 0 },
    };
    Section resize;
    bool    enabled = true;
    Text    format  = TEXT("Stretch to");

    if (!section_find(preprocessing, "resize", &resize) ||
        !section_flag(&resize, "enabled", &enabled) ||
        !section_text(&resize, "format", &format))
        return false;
    resize.name = "PREPROCESSING.resize";
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        if (text_is(format, formats[i].name)) {
            p->resize  = formats[i].mode;
            p->padding = formats[i].padding;
        }
    }
    return !enabled || (section_whole(&resize, "width", 1, NETWORK_SIDE, &p->width) &&
                        section_whole(&resize, "height", 1, NETWORK_SIDE, &p->height));
}

static void choose_numbers(Package *package)
{
    static const double imagenet[2][3] = { { 0.485, 0.456, 0.406 }, { 0.229, 0.224, 0.225 } };
    static const double half[2][3]     = { { 0.5, 0.5, 0.5 }, { 0.5, 0.5, 0.5 } };
    Preprocess *p = &package->preprocess;

    p->rgb       = true;
    p->has_scale = true;
    p->scale     = 255;
    if (package->task == TASK_CLASSIFICATION || package->task == TASK_MULTI_LABEL) {
        const double (*numbers)[3] = strstr(package->architecture, "resnet") ? imagenet : half;

        p->has_normalization = true;
        memcpy(p->mean, numbers[0], sizeof p->mean);
        memcpy(p->std, numbers[1], sizeof p->std);
    }
}

/* CLASS_MAP: {"0": "bolt", "1": "nut"}. */
static bool parse_class_map(Arena *arena, const Section *environment, Package *package)
{
    static const char *const key = "CLASS_MAP";
    Section map;

    if (!section_find(environment, key, &map))
        return false;

    size_t count = json_count(map.json);
    Text  *names = arena_array(arena, Text, MAX(count, 1));

    if (count > LIMIT_CLASSES)
        return section_fail(environment, key, ERR_TOO_LARGE, "too many classes");
    for (size_t i = 0; names && i < count; i++) {
        char number[16];

        snprintf(number, sizeof number, "%zu", i);
        names[i] = json_text(json_get(map.json, number));
        if (names[i].length == 0 || names[i].length > LIMIT_CLASS_NAME)
            return section_fail(&map, number, ERR_INVALID, "is no class name");
    }
    package->classes     = names;
    package->class_count = (int)count;
    return names || fail(environment->err, ERR_MEMORY, "no memory for class names");
}

static bool parse_environment(Arena *arena, const PackageTexts *texts, Package *package,
                              Error *err)
{
    Section environment, preprocessing;
    bool    multiclass = false;

    if (!section_parse(arena, environment_file, texts->environment, err, &environment) ||
        !section_flag(&environment, "MULTICLASS", &multiclass) ||
        !find_preprocessing(arena, &environment, &preprocessing) ||
        !section_switches(&preprocessing, &package->preprocess) ||
        !parse_resize(&preprocessing, &package->preprocess))
        return false;
    if (multiclass && package->task == TASK_CLASSIFICATION)
        package->task = TASK_MULTI_LABEL;
    if (texts->class_names.at)
        return class_names_parse(arena, "class_names.txt", texts->class_names, &package->classes,
                                 &package->class_count, err);
    if (!section_has(&environment, "CLASS_MAP"))
        return fail(err, ERR_INVALID, "there is no class_names.txt and no CLASS_MAP in %s",
                    environment_file);
    return parse_class_map(arena, &environment, package);
}

bool package_parse_old(Arena *arena, const PackageTexts *texts, Package *package, Error *err)
{
    if (!texts->environment.at)
        return fail(err, ERR_INVALID, "%s is missing", environment_file);
    if (!parse_type(arena, texts->model_type, package, err) ||
        !parse_environment(arena, texts, package, err))
        return false;
    choose_numbers(package);
    return true;
}
