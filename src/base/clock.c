/*
 * clock - the time: monotonic for durations, wall for people.
 *
 * Dates are computed here, on 64-bit microseconds, rather than by the C
 * library, whose time zone, locale and year 2038 differ between machines.
 */
#include "base/clock.h"

static const int64_t SECOND = 1000000;
static const int64_t MINUTE = 60 * 1000000;
static const int64_t DAY    = 86400 * INT64_C(1000000);

int64_t clock_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t clock_wall(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * SECOND + now.tv_nsec / 1000;
}

int64_t clock_local(void)
{
    int64_t   wall    = clock_wall();
    time_t    seconds = (time_t)(wall / SECOND);
    struct tm local;

    if (!localtime_r(&seconds, &local))
        return wall;
    return wall + (int64_t)local.tm_gmtoff * SECOND;
}

/* Both directions count in years that begin in March, so that the leap day
 * comes last, and in eras of 400 years = 146097 days; the method is Howard
 * Hinnant's, "chrono-Compatible Low-Level Date Algorithms". */
static int64_t days_from_date(int64_t year, int month, int day_of_month)
{
    year -= month <= 2;

    int64_t era         = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day_of_month - 1;
    int64_t day_of_era  = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

static void date_from_days(int64_t days, int64_t *year, int *month, int *day_of_month)
{
    days += 719468;

    int64_t era         = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era  = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524
                           - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;

    *day_of_month = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
    *month        = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
    *year         = year_of_era + era * 400 + (*month <= 2);
}

size_t clock_iso(char out[CLOCK_ISO_SIZE], int64_t microseconds, int32_t offset)
{
    bool    naive = offset == CLOCK_NAIVE;
    int64_t local = microseconds;
    int64_t year;
    int     month, day_of_month;

    if (!naive && __builtin_add_overflow(local, offset * MINUTE, &local))
        local = microseconds;

    int64_t days = local / DAY - (local % DAY < 0);
    int64_t rest = local % DAY + (local % DAY < 0 ? DAY : 0);
    int     clock = (int)(rest / SECOND), fraction = (int)(rest % SECOND);

    date_from_days(days, &year, &month, &day_of_month);

    int length = snprintf(out, CLOCK_ISO_SIZE, "%04lld-%02d-%02dT%02d:%02d:%02d",
                          (long long)year, month, day_of_month,
                          clock / 3600, clock / 60 % 60, clock % 60);
    size_t n = (size_t)length;

    if (fraction != 0)
        n += (size_t)snprintf(out + n, CLOCK_ISO_SIZE - n, ".%06d", fraction);
    if (!naive) {
        long long east = llabs((long long)offset);

        n += (size_t)snprintf(out + n, CLOCK_ISO_SIZE - n, "%c%02lld:%02lld",
                              offset < 0 ? '-' : '+', east / 60, east % 60);
    }
    return MIN(n, CLOCK_ISO_SIZE - 1);   /* absurd years with absurd offsets are cut */
}

/* A number of exactly `digits` digits at the start of *text, which moves past it. */
static bool take_number(Text *text, int digits, int *value)
{
    if (text->length < (size_t)digits)
        return false;

    *value = 0;
    for (int i = 0; i < digits; i++) {
        char c = *text->at;

        if (c < '0' || c > '9')
            return false;
        *value = *value * 10 + (c - '0');
        text->at++;
        text->length--;
    }
    return true;
}

/* True, and past it, if `c` comes next. */
static bool take_char(Text *text, char c)
{
    if (text->length == 0 || *text->at != c)
        return false;
    text->at++;
    text->length--;
    return true;
}

static bool take_date(Text *text, int64_t *days)
{
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int year, month, day_of_month;

    if (!take_number(text, 4, &year) || !take_char(text, '-') ||
        !take_number(text, 2, &month) || !take_char(text, '-') ||
        !take_number(text, 2, &day_of_month))
        return false;
    if (year < 1 || month < 1 || month > 12 || day_of_month < 1)
        return false;

    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day_of_month > lengths[month - 1] + (month == 2 && leap))
        return false;

    *days = days_from_date(year, month, day_of_month);
    return true;
}

/* The digits after a point: six count, more are read over. */
static bool take_fraction(Text *text, int64_t *microseconds)
{
    int64_t unit = SECOND;
    int     digit, count = 0;

    for (; take_number(text, 1, &digit); count++) {
        unit /= 10;
        *microseconds += digit * unit;
    }
    return count > 0;
}

/* HH, HH:MM or HH:MM:SS with an optional fraction. */
static bool take_time(Text *text, int64_t *microseconds)
{
    int hour, minutes = 0, seconds = 0;

    if (!take_number(text, 2, &hour))
        return false;
    if (take_char(text, ':')) {
        if (!take_number(text, 2, &minutes))
            return false;
        if (take_char(text, ':')) {
            if (!take_number(text, 2, &seconds))
                return false;
            if ((take_char(text, '.') || take_char(text, ',')) &&
                !take_fraction(text, microseconds))
                return false;
        }
    }
    if (hour > 23 || minutes > 59 || seconds > 59)
        return false;

    *microseconds += (hour * 3600 + minutes * 60 + seconds) * SECOND;
    return true;
}

/* Z, or the distance from UTC with or without its colon and its minutes. */
static bool take_offset(Text *text, int32_t *offset)
{
    int hours, minutes = 0;

    if (text->length == 0)
        return true;
    if (take_char(text, 'Z')) {
        *offset = 0;
        return true;
    }

    bool west = take_char(text, '-');
    if (!west && !take_char(text, '+'))
        return false;
    if (!take_number(text, 2, &hours))
        return false;
    if (text->length > 0) {
        take_char(text, ':');
        if (!take_number(text, 2, &minutes))
            return false;
    }
    if (hours > 23 || minutes > 59)
        return false;

    *offset = (hours * 60 + minutes) * (west ? -1 : 1);
    return true;
}

bool clock_parse_iso(Text text, int64_t *microseconds, int32_t *offset)
{
    int64_t days, time = 0;
    int32_t east = CLOCK_NAIVE;

    if (!take_date(&text, &days))
        return false;
    if (text.length > 0) {
        if (!take_char(&text, 'T') && !take_char(&text, ' '))
            return false;
        if (!take_time(&text, &time) || !take_offset(&text, &east) || text.length > 0)
            return false;
    }

    *offset       = east;
    *microseconds = days * DAY + time - (east == CLOCK_NAIVE ? 0 : east * MINUTE);
    return true;
}
