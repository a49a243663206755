/*
 * zone_rule - the rule at the end of a time zone file.
 *
 * "STD offset [DST [offset] , start [/time] , end [/time]]" as POSIX has it for
 * TZ, with the wider times of RFC 9636.  Offsets there count west of UTC.
 */
#include "base/zone.h"

#define DAY INT64_C(86400)

/* When one of the two changes happens in a year. */
typedef struct Change {
    char form;               /* 'M': month.week.day; 'J': day 1..365; 'n': day 0..365 */
    int  month, week, day;
    int  time;               /* seconds after midnight, local */
} Change;

typedef struct Rule {
    int    standard, summer; /* seconds east */
    bool   has_summer;
    Change start, end;
} Rule;

static bool take(Text *text, char c)
{
    if (text->length == 0 || *text->at != c) {
        return false;
    }
    text->at++;
    text->length--;
    return true;
}

static bool take_number(Text *text, int least, int most, int *out)
{
    int value = 0, digits = 0;

    while (text->length > 0 && *text->at >= '0' && *text->at <= '9' && digits < 4) {
        value = value * 10 + (*text->at - '0');
        text->at++;
        text->length--;
        digits++;
    }
    *out = value;
    return digits > 0 && value >= least && value <= most;
}

/* "CET" or "<+03>". */
static bool take_name(Text *text)
{
    size_t n = 0;

    if (take(text, '<')) {
        while (text->length > 0 && *text->at != '>') {
            text->at++;
            text->length--;
        }
        return take(text, '>');
    }
    while (n < text->length && ((text->at[n] | 32) >= 'a' && (text->at[n] | 32) <= 'z')) {
        n++;
    }
    text->at += n;
    text->length -= n;
    return n > 0;
}

/* [+-]hh[:mm[:ss]] as seconds. */
static bool take_time(Text *text, int most_hours, int *out)
{
    bool minus = take(text, '-');
    int  hours, minutes = 0, seconds = 0;

    if (!minus) {
        take(text, '+');
    }
    if (!take_number(text, 0, most_hours, &hours) ||
        (take(text, ':') && !take_number(text, 0, 59, &minutes)) ||
        (take(text, ':') && !take_number(text, 0, 59, &seconds))) {
        return false;
    }
    *out = (hours * 3600 + minutes * 60 + seconds) * (minus ? -1 : 1);
    return true;
}

static bool take_change(Text *text, Change *change)
{
    bool ok;

    *change = (Change){ .form = 'n', .time = 7200 };
    if (take(text, 'M')) {
        change->form = 'M';
        ok = take_number(text, 1, 12, &change->month) && take(text, '.') &&
             take_number(text, 1, 5, &change->week) && take(text, '.') &&
             take_number(text, 0, 6, &change->day);
    } else if (take(text, 'J')) {
        change->form = 'J';
        ok = take_number(text, 1, 365, &change->day);
    } else {
        ok = take_number(text, 0, 365, &change->day);
    }
    return ok && (!take(text, '/') || take_time(text, 167, &change->time));
}

static bool read_rule(Text text, Rule *rule)
{
    *rule = (Rule){ 0 };
    if (!take_name(&text) || !take_time(&text, 24, &rule->standard)) {
        return false;
    }
    rule->standard = -rule->standard;
    rule->summer   = rule->standard + 3600;
    if (text.length == 0) {
        return true;
    }
    rule->has_summer = true;
    if (!take_name(&text)) {
        return false;
    }
    if (text.length > 0 && *text.at != ',') {
        if (!take_time(&text, 24, &rule->summer)) {
            return false;
        }
        rule->summer = -rule->summer;
    }
    return take(&text, ',') && take_change(&text, &rule->start) && take(&text, ',') &&
           take_change(&text, &rule->end) && text.length == 0;
}

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 1970-01-01 to the first of January. */
static int64_t days_before(int64_t year)
{
    int64_t y = year - 1;

    return y * 365 + y / 4 - y / 100 + y / 400 - 719162;
}

static int64_t day_of_month_change(const Change *change, int64_t year)
{
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int64_t first = days_before(year);
    int     length = lengths[change->month - 1] + (change->month == 2 && is_leap(year));
    int64_t day;

    for (int m = 0; m < change->month - 1; m++) {
        first += lengths[m] + (m == 1 && is_leap(year));
    }
    /* 1970-01-01 was a Thursday, the fifth day of a week that Sunday begins. */
    day = ((change->day - (first + 4)) % 7 + 7) % 7 + (change->week - 1) * 7;
    return first + (day < length ? day : day - 7);
}

/* The moment of a change in seconds of UTC; `offset` holds before it. */
static int64_t moment_of(const Change *change, int64_t year, int offset)
{
    int64_t day;

    if (change->form == 'M') {
        day = day_of_month_change(change, year);
    } else if (change->form == 'J') {
        day = days_before(year) + change->day - 1 + (is_leap(year) && change->day >= 60);
    } else {
        day = days_before(year) + change->day;
    }
    return day * DAY + change->time - offset;
}

static int64_t year_of(int64_t seconds)
{
    int64_t days = seconds / DAY - (seconds % DAY < 0);
    int64_t year = 1970 + days * 400 / 146097;

    while (days_before(year) > days) {
        year--;
    }
    while (days_before(year + 1) <= days) {
        year++;
    }
    return year;
}

bool zone_rule(Text text, int64_t seconds, int32_t *offset, Error *err)
{
    Rule    rule;
    int64_t year, start, end;
    bool    summer;

    if (!read_rule(text, &rule)) {
        return fail(err, ERR_INVALID, "the time zone file is damaged: '%.*s' is no rule",
                    (int)MIN(text.length, 60), text.at ? text.at : "");
    }
    *offset = rule.standard;
    if (!rule.has_summer || seconds < 0 || seconds > DAY * 366 * 10000) {
        return true;
    }
    year   = year_of(seconds + rule.standard);
    start  = moment_of(&rule.start, year, rule.standard);
    end    = moment_of(&rule.end, year, rule.summer);
    summer = start < end ? seconds >= start && seconds < end : seconds >= start || seconds < end;
    *offset = summer ? rule.summer : rule.standard;
    return true;
}
