/*
 * current_time - what time it is.
 *
 * Now, in one of a list of time zones that stands for all that are in use, as a
 * point in time and as texts.
 */
#include "base/clock.h"
#include "base/zone.h"
#include "blocks/block.h"

typedef struct Args {
    int zone;
} Args;

/* From west to east; the value of an entry is its place. */
static const Choice zones[] = {
    { "Etc/GMT+12", 0 }, { "Pacific/Pago_Pago", 1 }, { "Pacific/Honolulu", 2 },
    { "Pacific/Marquesas", 3 }, { "America/Anchorage", 4 }, { "Pacific/Gambier", 5 },
    { "America/Los_Angeles", 6 }, { "America/Denver", 7 }, { "America/Phoenix", 8 },
    { "America/Chicago", 9 }, { "America/Mexico_City", 10 }, { "America/New_York", 11 },
    { "America/Bogota", 12 }, { "America/Halifax", 13 }, { "America/Puerto_Rico", 14 },
    { "America/St_Johns", 15 }, { "America/Sao_Paulo", 16 }, { "Atlantic/South_Georgia", 17 },
    { "Atlantic/Azores", 18 }, { "Atlantic/Cape_Verde", 19 }, { "UTC", 20 },
    { "Europe/London", 21 }, { "Europe/Berlin", 22 }, { "Africa/Lagos", 23 },
    { "Europe/Kyiv", 24 }, { "Africa/Cairo", 25 }, { "Africa/Johannesburg", 26 },
    { "Europe/Moscow", 27 }, { "Europe/Istanbul", 28 }, { "Africa/Nairobi", 29 },
    { "Asia/Tehran", 30 }, { "Asia/Dubai", 31 }, { "Asia/Kabul", 32 }, { "Asia/Karachi", 33 },
    { "Asia/Kolkata", 34 }, { "Asia/Kathmandu", 35 }, { "Asia/Dhaka", 36 }, { "Asia/Yangon", 37 },
    { "Asia/Bangkok", 38 }, { "Asia/Shanghai", 39 }, { "Australia/Eucla", 40 },
    { "Asia/Tokyo", 41 }, { "Australia/Darwin", 42 }, { "Australia/Adelaide", 43 },
    { "Australia/Sydney", 44 }, { "Pacific/Port_Moresby", 45 }, { "Australia/Lord_Howe", 46 },
    { "Pacific/Guadalcanal", 47 }, { "Pacific/Norfolk", 48 }, { "Pacific/Fiji", 49 },
    { "Pacific/Auckland", 50 }, { "Pacific/Chatham", 51 }, { "Pacific/Tongatapu", 52 },
    { "Pacific/Apia", 53 }, { "Pacific/Kiritimati", 54 }, { 0 },
};

static const Field fields[] = {
    { "timezone", CHOICE(Args, zone, zones), .kinds = KIND(STRING), .preset = "\"UTC\"",
      .help = "The time zone to tell the time in." },

    { 0 },
};

enum { OUT_TIMESTAMP, OUT_ISO, OUT_DATE, OUT_TIME };

static const Output outputs[] = {
    [OUT_TIMESTAMP] = { "timestamp", KIND(TIMESTAMP), "The point in time." },
    [OUT_ISO] = { "iso_string", KIND(STRING), "The same as text in ISO 8601." },
    [OUT_DATE] = { "date", KIND(STRING), "The date there: 2026-01-02." },
    [OUT_TIME] = { "time", KIND(STRING), "The time of day there: 03:04:05." },
    { 0 },
};

static bool tell(Call *call, int i, const Args *in)
{
    int64_t    now = call->services->utc(call->services->context);
    Timestamp *at  = arena_new(call->arena, Timestamp);
    char       iso[CLOCK_ISO_SIZE];
    int32_t    offset;
    Error      err = { 0 };

    if (!zone_offset(zones[in->zone].name, now / 1000000, &offset, &err)) {
        return call_fail(call, i, "ZoneInfoNotFoundError", "%s", err.text);
    }
    *at = (Timestamp){ now, offset / 60 };
    clock_iso(iso, now, at->offset);
    emit_value(call, i, OUT_TIMESTAMP, (Value){ .type = VALUE_TIMESTAMP, .as.timestamp = at });
    emit_text(call, i, OUT_ISO, text_of(iso));
    emit_text(call, i, OUT_DATE, (Text){ iso, strlen("2026-01-02") });
    emit_text(call, i, OUT_TIME, (Text){ strchr(iso, 'T') + 1, strlen("03:04:05") });
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        if (!tell(call, i, call_args(call, i))) {
            return false;
        }
    }
    return true;
}

const Block block_current_time_v1 = {
    .type      = "roboflow_core/current_time@v1",
    .title     = "Current Time",
    .category  = CATEGORY_UTILITY,
    .work      = WORK(TRANSFORMATION),
    .summary   = "Tell the time in a time zone.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .live      = true,
    .run       = run,
};
