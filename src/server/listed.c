/*
 * listed - which pictures a data set lists, remembered for the one asked about last.
 */
#include "server/listed.h"

#include <pthread.h>

#include "base/clock.h"
#include "dataset/dataset.h"

static const int64_t KEPT_NANOSECONDS = 60000000000;

struct Listed {
    pthread_mutex_t lock;
    Arena           arena;
    const DataSet  *set;        /* NULL: none yet */
    int64_t         read_at;
};

Listed *listed_open(Error *err)
{
    Listed *listed = calloc(1, sizeof(*listed));

    if (!listed) {
        fail(err, ERR_MEMORY, "no memory for the lists of pictures");
        return NULL;
    }
    pthread_mutex_init(&listed->lock, NULL);
    arena_init(&listed->arena, LIMIT_RUN_MEMORY);
    return listed;
}

void listed_close(Listed *listed)
{
    if (!listed) {
        return;
    }
    arena_fini(&listed->arena);
    pthread_mutex_destroy(&listed->lock);
    free(listed);
}

static bool read_set(Listed *listed, const char *folder, Error *err)
{
    int64_t now = clock_now();

    if (listed->set && strcmp(listed->set->folder, folder) == 0 &&
        now - listed->read_at < KEPT_NANOSECONDS) {
        return true;
    }
    arena_fini(&listed->arena);
    arena_init(&listed->arena, LIMIT_RUN_MEMORY);
    listed->set     = dataset_read(&listed->arena, folder, err);
    listed->read_at = now;
    return listed->set != NULL;
}

static int compare(const void *key, const void *item)
{
    return strcmp(key, ((const DataPicture *)item)->name.at);
}

const char *listed_path(Listed *listed, Arena *arena, const char *folder, Text name, Error *err)
{
    const char        *key   = arena_text(arena, name).at;
    const DataPicture *found = NULL;
    const char        *path  = NULL;

    pthread_mutex_lock(&listed->lock);
    if (read_set(listed, folder, err)) {
        found = bsearch(key, listed->set->pictures, (size_t)listed->set->picture_count,
                        sizeof(*found), compare);
        path  = found ? arena_string(arena, found->path) : NULL;
        if (!path) {
            fail(err, ERR_NOT_FOUND, "the data set lists no picture '%.*s'",
                 (int)MIN(name.length, 100), name.at);
        }
    }
    pthread_mutex_unlock(&listed->lock);
    return path;
}
