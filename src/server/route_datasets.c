/*
 * route_datasets - data sets that are uploaded: file by file, looked at, removed.
 *
 * A data set is the folder DATA/datasets/NAME.  What may be put there is pictures and lists
 * of labels, below at most a split and a class; how it is laid out is dataset/'s.
 */
#include <errno.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "dataset/dataset.h"
#include "server/picture_file.h"
#include "server/routes.h"
#include "server/train_request.h"

enum { PARTS_MOST = 3, PART_BYTES = 200 };

#define LABELS_NAME "_classes.csv"

/* ---- names ----------------------------------------------------------------------------- */

/* The folder of the data set that the path names; NULL: the answer is given. */
static const char *folder_of(App *app, Request *request, Response *response, bool there)
{
    Text        name = request->params[0];
    const char *folder;

    if (!dataset_name_valid(name)) {
        response_message(response, 400, "'%.*s' is no name of a data set; up to %d letters, "
                         "digits, '-', '_', '.' and blanks are fine", (int)MIN(name.length, 100),
                         name.at, LIMIT_DATASET_NAME);
        return NULL;
    }
    folder = dataset_folder(request->arena, app->data, name);
    if (there && !folder_exists(folder)) {
        response_message(response, 404, "there is no data set '%.*s'", SHOW(name));
        return NULL;
    }
    return folder;
}

/* Safe, not deep, nothing hidden. */
static bool is_plain_path(Text path)
{
    int    parts = 1;
    size_t part  = 0;

    if (!path.at || path.length > LIMIT_DATASET_PATH || !path_is_safe(path) || path.at[0] == '.') {
        return false;
    }
    for (size_t i = 0; i < path.length; i++) {
        bool border = path.at[i] == '/';

        if (border && path.at[i + 1] == '.') {
            return false;
        }
        parts += border;
        part   = border ? 0 : part + 1;
        if (part > PART_BYTES) {
            return false;
        }
    }
    return parts <= PARTS_MOST;
}

/* ?path= of a file that a data set may have; false: the answer is given. */
static bool read_path(Request *request, Response *response, Text *path)
{
    *path = request_query(request, "path");
    if (!is_plain_path(*path)) {
        response_message(response, 400, "path: a path such as train/cats/1.jpg is wanted, of at "
                         "most %d parts, none hidden", PARTS_MOST);
        return false;
    }
    if (!name_is_picture(path->at) && !text_is(text_of(path_base(path->at)), LABELS_NAME)) {
        response_message(response, 415, "'%.*s' is neither a picture (jpg, png, webp, bmp, gif, "
                         "tiff, avif) nor " LABELS_NAME, (int)MIN(path->length, 200), path->at);
        return false;
    }
    return true;
}

/* ---- uploading ------------------------------------------------------------------------- */

static bool room_for_another(App *app, Request *request, const char *folder, Error *err)
{
    const char  *all   = path_join(request->arena, app->data, "datasets");
    const char **names = !folder_exists(folder) && folder_exists(all)
                             ? folder_list(request->arena, all, NULL) : NULL;
    int          count = 0;

    for (; names && *names; names++) {
        count++;
    }
    return count < LIMIT_DATASETS ||
           fail(err, ERR_TOO_LARGE, "there are %d data sets already; remove one", LIMIT_DATASETS);
}

static bool put_file(App *app, Request *request, const char *folder, Text path, Error *err)
{
    const char *whole = arena_printf(request->arena, "%s/%.*s", folder, SHOW(path));
    char       *above = (char *)(uintptr_t)arena_string(request->arena, whole);

    above[path_base(above) - above - 1] = '\0';
    if (folder_exists(whole)) {
        return fail(err, ERR_CONFLICT, "'%.*s' is a folder of the data set", SHOW(path));
    }
    return room_for_another(app, request, folder, err) && folder_make(above, err) &&
           file_write(whole, request->body.at, request->body.length, err);
}

static void put(App *app, Request *request, Response *response)
{
    const char *folder = folder_of(app, request, response, false);
    JsonWriter  w      = json_writer(&response->buffer);
    Error       err    = { 0 };
    Text        path;

    if (!folder || !read_path(request, response, &path)) {
        return;
    }
    if (request->body.length == 0) {
        response_message(response, 400, "the body is empty: it is the file itself");
        return;
    }
    if (!put_file(app, request, folder, path, &err)) {
        response_error(response, &err);
        return;
    }
    response->status = 201;
    json_begin_object(&w);
    json_member_text(&w, "path", path);
    json_key(&w, "bytes");
    json_write_uint(&w, request->body.length);
    json_end_object(&w);
}

/* ---- files ----------------------------------------------------------------------------- */

/* Every file of a folder and of those below it. */
static void write_files(JsonWriter *w, Arena *arena, const char *folder, const char *below,
                        int depth)
{
    const char **names = folder_list(arena, folder, NULL);

    for (; names && *names; names++) {
        const char *path = path_join(arena, folder, *names);
        const char *name = *below ? path_join(arena, below, *names) : *names;
        struct stat info;

        if (**names == '.' || stat(path, &info) != 0) {
            continue;
        }
        if (S_ISDIR(info.st_mode) && depth < PARTS_MOST) {
            write_files(w, arena, path, name, depth + 1);
        } else if (S_ISREG(info.st_mode)) {
            json_begin_object(w);
            json_member_string(w, "path", name);
            json_member_int(w, "bytes", info.st_size);
            json_end_object(w);
        }
    }
}

static void files(App *app, Request *request, Response *response)
{
    const char *folder = folder_of(app, request, response, true);
    JsonWriter  w      = json_writer(&response->buffer);
    Text        path;

    if (!folder) {
        return;
    }
    if (!request_query(request, "path").at) {
        json_begin_object(&w);
        json_key(&w, "files");
        json_begin_array(&w);
        write_files(&w, request->arena, folder, "", 1);
        json_end_array(&w);
        json_end_object(&w);
        return;
    }
    if (!read_path(request, response, &path)) {
        return;
    }
    if (!name_is_picture(path.at)) {
        response_message(response, 415, "only pictures are shown");
        return;
    }
    picture_answer(request, response,
                   arena_printf(request->arena, "%s/%.*s", folder, SHOW(path)));
}

/* ---- looking --------------------------------------------------------------------------- */

/* Pictures of each class in each split. */
static int64_t *count_pictures(Arena *arena, const DataSet *set)
{
    int64_t *counts = arena_array(arena, int64_t, (size_t)(set->class_count + 1) *
                                                  (SPLIT_TEST + 1));

    for (int i = 0; counts && i < set->picture_count; i++) {
        const DataPicture *picture = &set->pictures[i];

        for (int k = 0; k < picture->label_count; k++) {
            counts[(size_t)picture->labels[k] * (SPLIT_TEST + 1) + picture->split]++;
        }
    }
    return counts;
}

/* {"none", "train", "valid", "test"}, those that there are. */
static void write_splits(JsonWriter *w, const int64_t counts[SPLIT_TEST + 1])
{
    json_begin_object(w);
    for (Split split = SPLIT_NONE; split <= SPLIT_TEST; split++) {
        if (counts[split] > 0) {
            json_member_int(w, split == SPLIT_NONE ? "none" : split_name(split), counts[split]);
        }
    }
    json_end_object(w);
}

static void write_classes(JsonWriter *w, Arena *arena, const DataSet *set)
{
    const int64_t *counts = count_pictures(arena, set);

    json_key(w, "classes");
    json_begin_array(w);
    for (int k = 0; counts && k < set->class_count; k++) {
        json_begin_object(w);
        json_member_text(w, "name", set->classes[k]);
        json_key(w, "pictures");
        write_splits(w, counts + (size_t)k * (SPLIT_TEST + 1));
        json_end_object(w);
    }
    json_end_array(w);
}

static void write_remarks(JsonWriter *w, const DataSet *set)
{
    json_key(w, "remarks");
    json_begin_array(w);
    for (int i = 0; i < set->remark_count; i++) {
        json_begin_object(w);
        json_member_text(w, "name", set->remarks[i].name);
        json_member_text(w, "reason", set->remarks[i].reason);
        json_end_object(w);
    }
    json_end_array(w);
}

static void write_set(JsonWriter *w, Arena *arena, const DataSet *set)
{
    int64_t splits[SPLIT_TEST + 1];

    for (Split split = SPLIT_NONE; split <= SPLIT_TEST; split++) {
        splits[split] = dataset_split_count(set, split);
    }
    json_member_string(w, "layout", set->layout);
    json_member_bool(w, "multi_label", set->kind == DATA_MULTI_LABEL);
    json_member_int(w, "pictures", set->picture_count);
    json_key(w, "splits");
    write_splits(w, splits);
    write_classes(w, arena, set);
    write_remarks(w, set);
}

/* A set that cannot be used yet is there all the same: "problem" says why. */
static void show(App *app, Request *request, Response *response)
{
    const char    *folder = folder_of(app, request, response, true);
    JsonWriter     w      = json_writer(&response->buffer);
    Error          err    = { 0 };
    const DataSet *set    = folder ? dataset_read(request->arena, folder, &err) : NULL;

    if (!folder) {
        return;
    }
    if (!set && err.kind != ERR_INVALID) {
        response_error(response, &err);
        return;
    }
    json_begin_object(&w);
    json_member_text(&w, "name", request->params[0]);
    json_member_string(&w, "problem", set ? NULL : err.text);
    if (set) {
        write_set(&w, request->arena, set);
    }
    json_end_object(&w);
}

static void list(App *app, Request *request, Response *response)
{
    const char  *all   = path_join(request->arena, app->data, "datasets");
    const char **names = folder_exists(all) ? folder_list(request->arena, all, NULL) : NULL;
    JsonWriter   w     = json_writer(&response->buffer);

    json_begin_object(&w);
    json_key(&w, "datasets");
    json_begin_array(&w);
    for (; names && *names; names++) {
        if (dataset_name_valid(text_of(*names)) &&
            folder_exists(path_join(request->arena, all, *names))) {
            json_begin_object(&w);
            json_member_string(&w, "name", *names);
            json_end_object(&w);
        }
    }
    json_end_array(&w);
    json_end_object(&w);
}

/* ---- removing -------------------------------------------------------------------------- */

/* A job that waits or runs needs its pictures. */
static bool is_free(App *app, Request *request, Text name, Error *err)
{
    Job *jobs  = NULL;
    int  count = 0;

    if (!store_job_list(app->store, request->arena, TEXT(""), LIMIT_JOBS_LISTED, &jobs, &count,
                        err)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        const Json *input = json_parse(request->arena, jobs[i].input, JSON_STRICT, NULL);
        Text        used  = json_text(json_get(input, "dataset"));

        if ((text_is(jobs[i].state, "queued") || text_is(jobs[i].state, "running")) &&
            text_equal(used, name)) {
            return fail(err, ERR_CONFLICT, "the job %.*s needs this data set; stop it first",
                        SHOW(jobs[i].id));
        }
    }
    return true;
}

/* Out of sight in one step, then gone. */
static bool remove_set(App *app, Request *request, const char *folder, Error *err)
{
    char        id[UUID_SIZE];
    const char *away;

    uuid4(id);
    away = arena_printf(request->arena, "%s/datasets/.%s", app->data, id);
    if (rename(folder, away) != 0) {
        return fail_errno(err, errno, "cannot remove %.150s", folder);
    }
    return folder_remove(away, err);
}

static void drop(App *app, Request *request, Response *response)
{
    const char *folder = folder_of(app, request, response, true);
    JsonWriter  w      = json_writer(&response->buffer);
    Error       err    = { 0 };

    if (!folder) {
        return;
    }
    if (!is_free(app, request, request->params[0], &err) ||
        !remove_set(app, request, folder, &err)) {
        response_error(response, &err);
        return;
    }
    json_begin_object(&w);
    json_member_text(&w, "removed", request->params[0]);
    json_end_object(&w);
}

const Route routes_datasets[] = {
    { METHOD_GET, "/datasets", list, 0, "The data sets that were uploaded." },
    { METHOD_GET, "/datasets/{name}", show, 0,
      "A data set: its classes, pictures in each split, and what is left out." },
    { METHOD_DELETE, "/datasets/{name}", drop, 0, "Remove a data set with its pictures." },
    { METHOD_GET, "/datasets/{name}/files", files, 0,
      "Its files with their sizes; with ?path=FILE one picture, with ?size=N a thumbnail." },
    { METHOD_PUT, "/datasets/{name}/files", put, LIMIT_REQUEST_BODY,
      "Add a file: ?path=train/cats/1.jpg, and the picture as the body." },
    { 0 },
};
