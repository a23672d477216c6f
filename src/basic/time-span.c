/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/time-span.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "basic/cleanup.h"
#include "basic/macro.h"

#define SEC    UINT64_C(1000000)
#define MINUTE (60 * SEC)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define SPACE  " \t"

/* "m" is a minute both there and in Go, "M" a month. */
static const struct {
        const char *name;
        uint64_t nsec;
} units[] = {
        { "", SEC * 1000 },
        { "M", 2629800 * SEC * 1000 },
        { "d", DAY * 1000 },
        { "day", DAY * 1000 },
        { "days", DAY * 1000 },
        { "h", HOUR * 1000 },
        { "hour", HOUR * 1000 },
        { "hours", HOUR * 1000 },
        { "hr", HOUR * 1000 },
        { "m", MINUTE * 1000 },
        { "min", MINUTE * 1000 },
        { "minute", MINUTE * 1000 },
        { "minutes", MINUTE * 1000 },
        { "month", 2629800 * SEC * 1000 },
        { "months", 2629800 * SEC * 1000 },
        { "ms", UINT64_C(1000000) },
        { "msec", UINT64_C(1000000) },
        { "ns", 1 },
        { "s", SEC * 1000 },
        { "sec", SEC * 1000 },
        { "second", SEC * 1000 },
        { "seconds", SEC * 1000 },
        { "us", 1000 },
        { "usec", 1000 },
        { "w", 7 * DAY * 1000 },
        { "week", 7 * DAY * 1000 },
        { "weeks", 7 * DAY * 1000 },
        { "y", 31557600 * SEC * 1000 },
        { "year", 31557600 * SEC * 1000 },
        { "years", 31557600 * SEC * 1000 },
        { "\302\265s", 1000 }, /* both ways to write the Greek letter */
        { "\316\274s", 1000 },
};

static uint64_t find_unit(const char *name, size_t n) {
        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                if (strlen(units[i].name) == n && memcmp(units[i].name, name, n) == 0)
                        return units[i].nsec;
        return 0;
}

/* A decimal number: what is before the point, and what is behind it in billionths. */
static int read_number(const char **s, uint64_t *ret_whole, uint64_t *ret_billionths) {
        uint64_t whole = 0, billionths = 0, place = 100000000;
        const char *p = *s;
        bool digits = false;

        for (; g_ascii_isdigit(*p); p++, digits = true)
                if (__builtin_mul_overflow(whole, 10, &whole) ||
                    __builtin_add_overflow(whole, (uint64_t) (*p - '0'), &whole))
                        return -ERANGE;
        if (*p == '.')
                for (p++; g_ascii_isdigit(*p); p++, digits = true, place /= 10)
                        billionths += place * (uint64_t) (*p - '0');
        if (!digits || *p == '.')
                return -EINVAL;
        *s = p;
        *ret_whole = whole;
        *ret_billionths = billionths;
        return 0;
}

static int read_part(const char **s, uint64_t *total) {
        uint64_t whole, billionths, unit, usec;
        size_t n;
        int r;

        r = read_number(s, &whole, &billionths);
        if (r < 0)
                return r;
        *s += strspn(*s, SPACE);
        n = strcspn(*s, "0123456789." SPACE);
        unit = find_unit(*s, n);
        if (unit == 0)
                return -EINVAL;
        *s += n;
        *s += strspn(*s, SPACE);
        /* Units above a second are whole microseconds; in those below, a fraction of one does not matter. */
        if (unit < 1000)
                usec = whole / 1000;
        else if (__builtin_mul_overflow(whole, unit / 1000, &usec))
                return -ERANGE;
        if (__builtin_add_overflow(usec, (uint64_t) ((double) billionths * (double) unit / 1e12), &usec))
                return -ERANGE;
        return __builtin_add_overflow(*total, usec, total) ? -ERANGE : 0;
}

int parse_time_span(const char *s, uint64_t *ret) {
        uint64_t total = 0;
        int r;

        s += strspn(s, SPACE);
        if (streq(s, "infinity")) {
                *ret = TIME_SPAN_FOREVER;
                return 0;
        }
        do {
                r = read_part(&s, &total);
                if (r < 0)
                        return r;
        } while (*s);
        *ret = total;
        return 0;
}

char *time_span_to_string(uint64_t usec) {
        static const struct {
                const char *name;
                uint64_t usec;
        } parts[] = {
                { "d", DAY }, { "h", HOUR }, { "min", MINUTE }, { "s", SEC }, { "ms", 1000 }, { "us", 1 },
        };
        GString *out;

        if (usec == TIME_SPAN_FOREVER)
                return g_strdup("infinity");
        if (usec == 0)
                return g_strdup("0");
        out = g_string_new(NULL);
        for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
                if (usec < parts[i].usec)
                        continue;
                g_string_append_printf(
                                out, "%s%" G_GUINT64_FORMAT "%s", out->len > 0 ? " " : "",
                                usec / parts[i].usec, parts[i].name);
                usec %= parts[i].usec;
        }
        return g_string_free(out, FALSE);
}
