/*
 * listed - which pictures a data set lists, remembered for the one asked about last.
 *
 * A gallery asks for many pictures of one set, and reading a set lists its folders.
 */
#ifndef OCELLUS_SERVER_LISTED_H
#define OCELLUS_SERVER_LISTED_H

#include "base/arena.h"
#include "base/error.h"

typedef struct Listed Listed;

Listed *listed_open(Error *err) MUST_USE;
void    listed_close(Listed *listed);

/* The path of a picture of the data set in `folder`, in the arena; NULL and ERR_NOT_FOUND
 * when the set does not list that name. */
const char *listed_path(Listed *listed, Arena *arena, const char *folder, Text name,
                        Error *err) MUST_USE;

#endif
