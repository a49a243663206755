/*
 * services - the defaults: the real clock and real randomness, nothing else.
 */
#include "blocks/services.h"

#include "base/clock.h"
#include "base/text.h"

static int64_t real_now(void *context)
{
    (void)context;
    return clock_local();
}

static void real_id(void *context, char out[37])
{
    (void)context;
    uuid4(out);
}

void services_init(Services *services)
{
    *services = (Services){ .now = real_now, .new_id = real_id };
}
