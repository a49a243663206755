/*
 * cross - how strong L2 should be, and what layers say of examples they never saw.
 *
 * The examples are cut into folds, alike in their classes; a layer is fitted to all folds
 * but one and asked about that one.  From strong to weak L2, until the loss has grown
 * twice, each fit starting where the one before ended.
 */
#ifndef OCELLUS_TRAIN_CROSS_H
#define OCELLUS_TRAIN_CROSS_H

#include "train/linear.h"

enum { CROSS_FOLDS = 5 };

/* What a layer that never saw an example says of it. */
typedef struct Doubt {
    int   predicted;          /* the best class; where any number is possible, the class that
                                 the layer contradicts most */
    float predicted_share;    /* of that class */
    float label_share;        /* of the example's own class; where any number is possible, 1
                                 if the example has the class `predicted`, else 0 */
} Doubt;

typedef struct CrossOptions {
    int           copies;         /* rows behind each that are the same picture, changed */
    uint64_t      seed;
    Pool         *pool;
    const Cancel *cancel;
    void         *context;
    void        (*tell)(void *context, double l2, const Score *score);    /* NULL: nobody */
} CrossOptions;

typedef struct Cross {
    double       l2;
    Score        score;       /* at that l2, of examples not seen */
    const Doubt *doubts;      /* of each row; NULL where it would have taken too long */
    bool         sampled;     /* l2 was chosen with some of the examples */
} Cross;

/* `rows` are those of pictures as they are.  Small sets have as many folds as they can;
 * with fewer than two examples of every class l2 is a middle one, and there are no doubts. */
bool cross_validate(Arena *arena, const Examples *examples, Rows rows,
                    const CrossOptions *options, Cross *cross, Error *err) MUST_USE;

/* What a layer says of each of the rows. */
bool linear_doubts(const Linear *linear, const Examples *examples, Rows rows, Pool *pool,
                   Doubt *doubts, Error *err) MUST_USE;

/* A number for each row, `shares[0]` : `shares[1]` : ... of them 0, 1, ... in every class as
 * far as it can be; the same for the same seed.  Lives in the arena. */
int *stratify(Arena *arena, const Examples *examples, Rows rows, const double shares[], int parts,
              uint64_t seed, Error *err) MUST_USE;

#endif
