/*
 * train_request - what a client asks of a training, as JSON.
 */
#include "server/train_request.h"

#include <ctype.h>

#include "base/file.h"
#include "base/text.h"
#include "model/package.h"
#include "train/augment.h"
#include "train/backbone.h"
#include "train/trainset.h"

/* ---- places ---------------------------------------------------------------------------- */

const char *models_folder(Arena *arena, const char *data)
{
    return path_join(arena, data, "models");
}

const char *dataset_folder(Arena *arena, const char *data, Text name)
{
    return arena_printf(arena, "%s/datasets/%.*s", data, SHOW(name));
}

const char *run_folder(Arena *arena, const char *data, Text job)
{
    return arena_printf(arena, "%s/runs/classify/%.*s", data, SHOW(job));
}

bool dataset_name_valid(Text name)
{
    if (name.length == 0 || name.length > LIMIT_DATASET_NAME || name.at[0] == '.' ||
        name.at[0] == ' ' || name.at[name.length - 1] == ' ') {
        return false;
    }
    for (size_t i = 0; i < name.length; i++) {
        unsigned char c = (unsigned char)name.at[i];

        if (c >= 0x80 || !(isalnum(c) || strchr("-_. ", c)) || c == '\0') {
            return false;
        }
    }
    return true;
}

/* ---- the settings ---------------------------------------------------------------------- */

typedef enum SettingType { SET_TEXT, SET_INTEGER, SET_FLAG } SettingType;

typedef struct Setting {
    const char *key;
    SettingType type;
    size_t      at;         /* in TrainArgs */
} Setting;

#define AT(field) offsetof(TrainArgs, field)

static const Setting settings[] = {
    { "base",     SET_TEXT,    AT(base) },
    { "name",     SET_TEXT,    AT(project) },
    { "seed",     SET_INTEGER, AT(seed) },
    { "valid",    SET_INTEGER, AT(valid) },
    { "epochs",   SET_INTEGER, AT(epochs) },
    { "patience", SET_INTEGER, AT(patience) },
    { "balance",  SET_FLAG,    AT(balance) },
    { "augment",  SET_TEXT,    AT(augment) },
    { "copies",   SET_INTEGER, AT(copies) },
    { "features", SET_TEXT,    AT(features) },
};

static const Setting *find_setting(Text key)
{
    for (size_t i = 0; i < COUNT_OF(settings); i++) {
        if (text_is(key, settings[i].key)) {
            return &settings[i];
        }
    }
    return NULL;
}

static bool refuse_key(Arena *arena, Text key, Error *err)
{
    const char *names[COUNT_OF(settings) + 2] = { "dataset", "folder" };
    const char *near;

    for (size_t i = 0; i < COUNT_OF(settings); i++) {
        names[i + 2] = settings[i].key;
    }
    near = text_nearest(key, names, COUNT_OF(names));
    return fail(err, ERR_INVALID, "there is no setting '%.*s'; %s%s", (int)MIN(key.length, 60),
                key.at, near ? "did you mean " : "there are ",
                near ? near : text_choices(arena, names, COUNT_OF(names)));
}

static bool set(Arena *arena, TrainArgs *args, const Setting *setting, const Json *value,
                Error *err)
{
    void *at = (char *)args + setting->at;

    switch (setting->type) {
    case SET_TEXT:
        if (!json_is(value, JSON_STRING)) {
            return fail(err, ERR_INVALID, "%s: a text is wanted", setting->key);
        }
        *(const char **)at = arena_text(arena, json_text(value)).at;
        return strlen(*(const char **)at) == json_text(value).length ||
               fail(err, ERR_INVALID, "%s: the text has a NUL in it", setting->key);
    case SET_INTEGER:
        if (!json_is(value, JSON_INT) && !json_is(value, JSON_UINT)) {
            return fail(err, ERR_INVALID, "%s: a whole number is wanted", setting->key);
        }
        *(int64_t *)at = json_int(value, -1);
        return true;
    case SET_FLAG:
        if (!json_is(value, JSON_BOOL)) {
            return fail(err, ERR_INVALID, "%s: true or false is wanted", setting->key);
        }
        *(bool *)at = json_bool(value, false);
        return true;
    }
    return false;
}

/* Which pictures: exactly one of the two ways to say it. */
static bool read_place(Arena *arena, const char *data, const Json *json, TrainRequest *request,
                       Error *err)
{
    const Json *named  = json_get(json, "dataset");
    const Json *folder = json_get(json, "folder");

    if ((json_is(named, JSON_NULL)) == (json_is(folder, JSON_NULL))) {
        return fail(err, ERR_INVALID, "say which pictures: \"dataset\", the name of an uploaded "
                    "data set, or \"folder\", an absolute path on this machine");
    }
    if (!json_is(named, JSON_NULL)) {
        if (!dataset_name_valid(json_text(named))) {
            return fail(err, ERR_INVALID, "dataset: this is no name of a data set; letters, "
                        "digits, '-', '_', '.' and blanks are fine");
        }
        request->dataset   = arena_text(arena, json_text(named));
        request->args.data = dataset_folder(arena, data, request->dataset);
        return true;
    }
    request->args.data = arena_text(arena, json_text(folder)).at;
    return (json_text(folder).length > 0 && request->args.data[0] == '/' &&
            strlen(request->args.data) == json_text(folder).length) ||
           fail(err, ERR_INVALID, "folder: an absolute path is wanted, such as /data/flowers");
}

/* What nobody said follows from the rest. */
static bool fill_in(Arena *arena, const char *data, TrainRequest *request, bool copies_said,
                    Error *err)
{
    TrainArgs *args = &request->args;

    if (!args->project) {
        args->project = train_project(arena, args->data);
    }
    if (!copies_said) {
        args->copies = *args->augment ? 1 : 0;
    }
    if (!args->base) {
        args->base = backbone_default(arena, models_folder(arena, data), NULL);
    }
    return args->base ||
           fail(err, ERR_INVALID, "base: name the classifier to begin with; GET /train/bases lists "
                "those that are here, and `ocellus model add` brings one");
}

bool train_request_read(Arena *arena, const char *data, const Json *json, TrainRequest *request,
                        Error *err)
{
    JsonWalk walk   = json_walk(json);
    bool     copies = false;

    *request = (TrainRequest){ .args = train_args(), .dataset = TEXT("") };
    while (json_next(&walk)) {
        const Setting *setting = find_setting(walk.key);

        if (text_is(walk.key, "dataset") || text_is(walk.key, "folder") ||
            (setting && json_is(walk.value, JSON_NULL))) {
            continue;
        }
        if (!setting) {
            return refuse_key(arena, walk.key, err);
        }
        if (!set(arena, &request->args, setting, walk.value, err)) {
            return false;
        }
        copies = copies || text_is(walk.key, "copies");
    }
    return read_place(arena, data, json, request, err) &&
           fill_in(arena, data, request, copies, err);
}

/* ---- is it of use ---------------------------------------------------------------------- */

static bool check_base(Arena *arena, const char *data, const char *base, Error *err)
{
    const char    *folder = path_join(arena, models_folder(arena, data), base);
    const Package *package;

    if (!model_id_valid(text_of(base))) {
        return fail(err, ERR_INVALID, "base: '%.80s' is no model; GET /train/bases lists those to "
                    "begin with", base);
    }
    if (!folder_exists(folder)) {
        return fail(err, ERR_INVALID, "base: there is no model '%.80s'; GET /train/bases lists "
                    "those to begin with", base);
    }
    package = package_read(arena, folder, base, err);
    if (!package) {
        err->kind = ERR_INVALID;
        return fail_prefix(err, "base");
    }
    return package->task == TASK_CLASSIFICATION ||
           fail(err, ERR_INVALID, "base: %.80s is a model for %s; one for classification is "
                "wanted", base, task_name(package->task));
}

static bool check_data(Arena *arena, const TrainRequest *request, Error *err)
{
    const TrainArgs *args = &request->args;
    const DataSet   *set;

    if (request->dataset.length > 0 && !folder_exists(args->data)) {
        return fail(err, ERR_INVALID, "dataset: there is no data set '%.*s'",
                    SHOW(request->dataset));
    }
    set = dataset_read(arena, args->data, err);
    if (set && trainset_make(arena, set, (int)args->valid, (uint64_t)args->seed, err)) {
        return true;
    }
    if (err->kind == ERR_NOT_FOUND) {
        err->kind = ERR_INVALID;
    }
    return false;
}

bool train_request_check(Arena *arena, const char *data, const TrainRequest *request, Error *err)
{
    const TrainArgs *args = &request->args;
    Augmentation     how;

    if (!train_args_check(args, err)) {
        return false;
    }
    if (!model_id_valid(text_of(arena_printf(arena, "%s/1", args->project)))) {
        return fail(err, ERR_INVALID, "name: '%.100s' is no name of a project; letters, digits, "
                    "'-' and '_' are fine", args->project);
    }
    if (!augmentation_parse(args->augment, &how, err)) {
        return fail_prefix(err, "augment");
    }
    if (args->copies > 0 && !*args->augment) {
        return fail(err, ERR_INVALID, "copies: say with \"augment\" what the copies are like");
    }
    return check_base(arena, data, args->base, err) && check_data(arena, request, err);
}

/* ---- writing --------------------------------------------------------------------------- */

void train_request_write(JsonWriter *w, const TrainRequest *request)
{
    json_begin_object(w);
    if (request->dataset.length > 0) {
        json_member_text(w, "dataset", request->dataset);
    } else {
        json_member_string(w, "folder", request->args.data);
    }
    for (size_t i = 0; i < COUNT_OF(settings); i++) {
        const void *at = (const char *)&request->args + settings[i].at;

        json_key(w, settings[i].key);
        switch (settings[i].type) {
        case SET_TEXT:    json_write_string(w, *(const char *const *)at); break;
        case SET_INTEGER: json_write_int(w, *(const int64_t *)at);        break;
        case SET_FLAG:    json_write_bool(w, *(const bool *)at);          break;
        }
    }
    json_end_object(w);
}
