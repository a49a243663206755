/*
 * folder_models - which packages lie in a folder of models.
 */
#include "base/file.h"
#include "base/text.h"
#include "model/excerpt.h"
#include "model/model_inside.h"

/* Ids as they are found. */
typedef struct Found {
    Arena       *arena;
    const char **ids;
    size_t       count, capacity;
} Found;

static void add(Found *found, const char *id)
{
    if (found->count == found->capacity) {
        size_t       capacity = 2 * found->capacity + 16;
        const char **ids      = arena_array(found->arena, const char *, capacity);

        if (!ids)
            return;
        if (found->count > 0)
            memcpy(ids, found->ids, found->count * sizeof *ids);
        found->ids      = ids;
        found->capacity = capacity;
    }
    found->ids[found->count++] = id;
}

static bool is_package(Arena *arena, const char *folder)
{
    return file_exists(path_join(arena, folder, "model_config.json")) ||
           file_exists(path_join(arena, folder, "model_type.json"));
}

static void look_into(Found *found, const char *folder, const char *project)
{
    const char  *path     = path_join(found->arena, folder, project);
    const char **versions = folder_exists(path) ? folder_list(found->arena, path, NULL) : NULL;

    for (; versions && *versions; versions++) {
        const char *id = arena_printf(found->arena, "%s/%s", project, *versions);

        if (model_id_valid(text_of(id)) && is_package(found->arena, path_join(found->arena, folder,
                                                                              id)))
            add(found, id);
    }
}

const char **folder_models(Arena *arena, const char *folder)
{
    Found        found    = { .arena = arena };
    const char **projects = folder_exists(folder) ? folder_list(arena, folder, NULL) : NULL;

    for (; projects && *projects; projects++)
        look_into(&found, folder, *projects);
    add(&found, NULL);
    return found.ids ? found.ids : arena_alloc(arena, sizeof *found.ids);
}

/* The nearest id comes first: the list may be cut where the sentence ends. */
bool model_not_found(const char *folder, Text id, Error *err)
{
    Arena arena;

    arena_init(&arena, MIB(16));
    const char **ids   = folder_models(&arena, folder);
    const char  *asked = arena_text(&arena, excerpt(id, 80)).at;
    size_t       count = 0;

    while (ids[count])
        count++;

    const char *near = text_nearest(id, ids, count);
    if (count == 0)
        fail(err, ERR_NOT_FOUND, "there is no model '%s': there are no models at all", asked);
    else if (near)
        fail(err, ERR_NOT_FOUND, "there is no model '%s' (did you mean '%s'?): there is %s", asked,
             near, text_choices(&arena, ids, count));
    else
        fail(err, ERR_NOT_FOUND, "there is no model '%s': there is %s", asked,
             text_choices(&arena, ids, count));
    arena_fini(&arena);
    return false;
}
