/*
 * services - the defaults: the real clock, randomness and environment.
 */
#include "blocks/services.h"

#include "base/clock.h"
#include "base/text.h"

static int64_t real_now(void *context)
{
    (void)context;
    return clock_local();
}

static int64_t real_utc(void *context)
{
    (void)context;
    return clock_wall();
}

static const char *real_environment(void *context, const char *name)
{
    (void)context;
    return getenv(name);
}

static void real_id(void *context, char out[37])
{
    (void)context;
    uuid4(out);
}

void services_init(Services *services)
{
    *services = (Services){ .now = real_now, .utc = real_utc, .new_id = real_id,
                             .environment = real_environment };
}
