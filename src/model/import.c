/*
 * import - a package out of a file, a folder or a zip.
 *
 * The network is tried from where it lies; only what has answered is written.
 */
#include "model/import.h"

#include "base/file.h"
#include "base/text.h"
#include "base/zip.h"
#include "model/excerpt.h"
#include "model/import_inside.h"
#include "model/metadata.h"
#include "model/model_inside.h"
#include "model/package_inside.h"

/* ---- classes ------------------------------------------------------------------- */

static bool read_names(ImportPlan *plan, const char *path)
{
    Buffer text;

    buffer_init(&text, MIB(16));
    bool done = file_read(path, MIB(16), &text, plan->err) &&
                class_names_parse(plan->arena, path,
                                  (Text){ text.data ? text.data : "", text.length },
                                  &plan->package.classes, &plan->package.class_count, plan->err);
    buffer_fini(&text);
    return done;
}

bool import_check_scores(const ImportPlan *plan, int64_t scores)
{
    const char *source = plan->options->classes ? plan->options->classes : "its metadata";

    if (scores < 0 || scores == plan->package.class_count)
        return true;
    return fail(plan->err, ERR_INVALID, "%s has %d class names, but the network of %s gives %lld "
                "scores", source, plan->package.class_count, path_base(plan->weights),
                (long long)scores);
}

/* None are no error yet: what a network does says whether it needs any. */
static bool find_classes(ImportPlan *plan)
{
    Text note = graph_note(plan->graph, "names");

    if (plan->options->classes)
        return read_names(plan, plan->options->classes);
    return !note.at ||
           metadata_names(plan->arena, note, &plan->package.classes,
                          &plan->package.class_count, plan->err) ||
           fail_prefix(plan->err, "%s", plan->weights);
}

/* What has points and no boxes is one object, whatever it is called. */
static bool check_classes(ImportPlan *plan)
{
    static const Text object = { "object", 6 };

    if (plan->package.class_count == 0 && plan->package.layout == BOXES_POINTS) {
        plan->package.classes     = &object;
        plan->package.class_count = 1;
    }
    if (plan->package.class_count == 0)
        return fail(plan->err, ERR_INVALID, "%s names no classes; give them with --classes FILE, "
                    "one name a line%s", plan->weights, plan->scores < 0 ? "" : ", or state "
                    "--layout points if its output is x and y of the points of one object");
    return import_check_scores(plan, plan->scores);
}

bool import_plan(ImportPlan *plan)
{
    plan->graph = graph_read(plan->arena, plan->weights, plan->err);
    return plan->graph && graph_check(plan->graph, plan->weights, MODEL_OUTPUTS, plan->err) &&
           find_classes(plan) && import_plan_task(plan) && import_plan_pictures(plan) &&
           check_classes(plan);
}

/* ---- trying -------------------------------------------------------------------- */

static bool is_classifier(Task task)
{
    return task == TASK_CLASSIFICATION || task == TASK_MULTI_LABEL;
}

/* Numbers tell a softmax, since only shares always add up to one; a sigmoid is
 * told by the operation that the scores come out of. */
static bool is_fused(const ImportPlan *plan, const Trial *trial)
{
    switch (plan->package.task) {
    case TASK_MULTI_LABEL:
        return trial->within && text_is(plan->graph->outputs[0].made_by, "Sigmoid");
    case TASK_CLASSIFICATION:
        return trial->shares;
    case TASK_SEMANTIC_SEGMENTATION:
        return false;
    default:
        return !box_layout_suppresses(trial->layout);
    }
}

static bool try_it(ImportPlan *plan, Buffer *report)
{
    Trial  trial;
    Model *model = model_open(&plan->package, NULL, 0, plan->err);

    if (!model)
        return false;
    model->settles = true;
    bool done = trial_run(model, &trial, plan->err) &&
                (!is_classifier(plan->package.task) ||
                 import_check_scores(plan, trial.scores)) &&
                import_plan_settle(plan, &trial);
    if (done) {
        plan->package.fused_post = is_fused(plan, &trial);
        trial_report(model, &trial, report);
        if (plan->assumed[0])
            buffer_printf(report, "assumed: what is said under input; if the network was trained "
                          "otherwise, state%s\n", plan->assumed);
    }
    model_unref(model);
    return done;
}

/* A package tells what it is; its own settings decide. */
static bool try_package(const Package *package, Trial *trial, Buffer *report, Error *err)
{
    Model *model = model_open(package, NULL, 0, err);
    bool   done  = model && trial_run(model, trial, err);

    if (done)
        trial_report(model, trial, report);
    if (done && package->task == TASK_CLASSIFICATION && trial->shares != package->fused_post)
        buffer_printf(report, "warning: post_processing.fused is %s, but the answers %s\n",
                      package->fused_post ? "true" : "false",
                      trial->shares ? "add up to 1" : "do not add up to 1");
    model_unref(model);
    return done;
}

/* ---- sources --------------------------------------------------------------------- */

/* One import. */
typedef struct Import {
    Arena               *arena;
    const char          *id, *folder;     /* where the package goes */
    const ImportOptions *options;
    Buffer              *report;
    Error               *err;
} Import;

static bool report_whole(const Buffer *report, Error *err)
{
    return !report->failed || fail(err, ERR_TOO_LARGE, "the report has no room");
}

static bool import_file(const Import *in, const char *weights)
{
    ImportPlan plan = { .arena = in->arena, .weights = weights, .options = in->options,
                        .assumed = "", .err = in->err,
                        .package = { .id = in->id, .folder = in->folder, .weights = weights } };

    return import_plan(&plan) && try_it(&plan, in->report) &&
           report_whole(in->report, in->err) &&
           package_write(&plan.package, in->folder, weights, in->options->replace, in->err);
}

static bool nothing_stated(const ImportOptions *o, Error *err)
{
    return (!o->classes && !o->task && !o->layout && !o->width && !o->height && !o->resize &&
            !o->color && !o->normalize) ||
           fail(err, ERR_INVALID, "a package states itself what its network is; change its files "
                "instead of giving options");
}

/* What its network turns out to be of what the package leaves open is written with it. */
static bool import_folder(const Import *in, const char *folder)
{
    const Package *package = package_read(in->arena, folder, in->id, in->err);
    Package        whole;
    Trial          trial;

    if (!package || !nothing_stated(in->options, in->err) ||
        !try_package(package, &trial, in->report, in->err) ||
        !report_whole(in->report, in->err))
        return false;
    whole        = *package;
    whole.layout = trial.layout;
    return package_write(&whole, in->folder, package->weights, in->options->replace, in->err);
}

/* A folder with a package in it, or with one folder that has: zips are made both ways. */
static const char *package_inside(Arena *arena, const char *folder)
{
    const char **names = folder_list(arena, folder, NULL);

    if (file_exists(path_join(arena, folder, "model_config.json")) ||
        file_exists(path_join(arena, folder, "model_type.json")))
        return folder;
    for (; names && *names; names++) {
        const char *path = path_join(arena, folder, *names);

        if (file_exists(path_join(arena, path, "model_config.json")) ||
            file_exists(path_join(arena, path, "model_type.json")))
            return path;
    }
    return NULL;
}

static bool import_package(const Import *in, const char *folder, const char *source)
{
    const char *inside = package_inside(in->arena, folder);

    return inside ? import_folder(in, inside)
                  : fail(in->err, ERR_INVALID, "%s holds no package: neither model_config.json "
                         "nor model_type.json is in it", source);
}

/* Unpacked beside where it goes, under a hidden name that no id has. */
static bool import_zip(const Import *in, const char *models_folder, const char *source)
{
    uint64_t    unique;
    const char *folder;

    random_bytes(&unique, sizeof(unique));
    folder = arena_printf(in->arena, "%s/.unpacked.%016llx.tmp", models_folder,
                          (unsigned long long)unique);
    if (!folder_make(folder, in->err))
        return false;
    bool done = zip_unpack(source, folder, LIMIT_MODEL_FILE, in->err) &&
                import_package(in, folder, source);
    (void)!folder_remove(folder, NULL);
    return done;
}

static bool is_zip(const char *path)
{
    Text bytes;

    if (folder_exists(path) || !file_map(path, LIMIT_MODEL_FILE, &bytes, NULL))
        return false;
    bool zip = zip_is(bytes);
    file_unmap(bytes);
    return zip;
}

static bool import_source(const Import *in, const char *models_folder, const char *source)
{
    if (folder_exists(in->folder) && !in->options->replace)
        return fail(in->err, ERR_CONFLICT, "there is a model '%s' already; --replace replaces it",
                    in->id);
    return folder_exists(source) ? import_package(in, source, source)
         : is_zip(source)        ? import_zip(in, models_folder, source)
                                 : import_file(in, source);
}

/* ---- the two verbs --------------------------------------------------------------- */

bool model_import(const char *models_folder, Text id, const char *source,
                  const ImportOptions *options, Buffer *report, Error *err)
{
    Arena arena;
    bool  done;

    if (!model_id_valid(id))
        return fail(err, ERR_INVALID, "'%.*s' is no model id; it is written project/version, for "
                    "example parts/1", SHOW(excerpt(id, 80)));

    arena_init(&arena, MIB(256));
    const char *name = arena_text(&arena, id).at;
    Import      in   = { &arena, name, path_join(&arena, models_folder, name), options, report,
                         err };

    done = import_source(&in, models_folder, source);
    arena_fini(&arena);
    return done;
}

bool model_check(const char *models_folder, Text id, Buffer *report, Error *err)
{
    Arena arena;
    bool  done;

    if (!model_id_valid(id))
        return model_not_found(models_folder, id, err);

    arena_init(&arena, MIB(256));
    const char    *name    = arena_text(&arena, id).at;
    const char    *folder  = path_join(&arena, models_folder, name);
    const Package *package = NULL;
    Trial          trial;

    if (folder_exists(folder))
        package = package_read(&arena, folder, name, err);
    else
        (void)model_not_found(models_folder, id, err);
    done = package && try_package(package, &trial, report, err) && report_whole(report, err);
    arena_fini(&arena);
    return done;
}

/* ---- options ------------------------------------------------------------------- */

bool import_size(const char *text, int *width, int *height, Error *err)
{
    const char *cross = text ? strchr(text, 'x') : NULL;
    size_t      first = cross ? (size_t)(cross - text) : text ? strlen(text) : 0;
    double      sides[2] = { 0, 0 };
    bool        whole[2] = { true, true };
    bool        ok = !text || (text_read_number((Text){ text, first }, &sides[0], &whole[0]) &&
                               text_read_number(cross ? text_of(cross + 1)
                                                      : (Text){ text, first }, &sides[1],
                                                &whole[1]));

    for (int i = 0; text && i < 2; i++) {
        ok = ok && whole[i] && sides[i] >= 1 && sides[i] <= INT32_MAX;
    }
    *width  = ok ? (int)sides[0] : 0;
    *height = ok ? (int)sides[1] : 0;
    return ok || fail(err, ERR_INVALID, "--size '%.40s' is not a number of pixels, as 640, or "
                      "width and height, as 640x480", text);
}
