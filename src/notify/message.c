/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the table of notification fields and the rewriting of one datagram into another. Sockets, senders and
 * time are the proxy's business. */

#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "notify/message.h"

#include "basic/macro.h"
#include "basic/parse-util.h"

#define BARRIER "BARRIER=1"

#define PROBLEM_FIELD    "a field that is not passed on"
#define PROBLEM_VALUE    "a bad value"
#define PROBLEM_FDS      "unexpected file descriptors"
#define PROBLEM_TOO_LONG "more than 4096 bytes"
#define PROBLEM_NUL      "NUL bytes"
#define PROBLEM_BARRIER  "a BARRIER=1 that has not exactly one file descriptor or is not alone"

/* What becomes of one field. */
typedef enum Verdict {
        VERDICT_FORWARD,
        VERDICT_CONSUME, /* meant for us: understood, not passed on */
        VERDICT_BAD,     /* dropped, with a warning */
} Verdict;

typedef struct Translation {
        const NotifyPolicy *policy;
        NotifyMessage *out;
        bool has_time;  /* MONOTONIC_USEC= was there */
        bool bad_store; /* a name that may not be used in the descriptor store */
} Translation;

/* value is NUL-terminated and may be rewritten in place, within room bytes (NUL included). */
typedef Verdict (*FieldHandler)(Translation *t, char *value, size_t room);

typedef struct Field {
        const char *name;    /* up to "="; one that ends in "_" stands for all names that begin with it */
        const char *value;   /* the only value it may have; NULL: the handler decides */
        unsigned action;     /* NotifyAction bit */
        FieldHandler handle; /* NULL: forward */
} Field;

/* Room for the largest 64-bit number, because a translated one can be longer than what was sent. */
#define NUMBER_ROOM (STRLEN("18446744073709551615") + 1)

static Verdict handle_ready(Translation *t, char *value, size_t room) {
        return t->policy->hold_ready ? VERDICT_CONSUME : VERDICT_FORWARD;
}

static Verdict handle_number(Translation *t, char *value, size_t room) {
        uint64_t number;

        return parse_uint64(value, &number) < 0 ? VERDICT_BAD : VERDICT_FORWARD;
}

/* The time has to be one that the service manager can compare with the time at which it asked for the
 * reload. */
static Verdict handle_monotonic(Translation *t, char *value, size_t room) {
        uint64_t usec;

        if (parse_uint64(value, &usec) < 0)
                return VERDICT_BAD;
        t->has_time = true;
        if (t->policy->clock_offset_usec != 0)
                (void) snprintf(value, room, "%" PRIu64, usec - (uint64_t) t->policy->clock_offset_usec);
        return VERDICT_FORWARD;
}

/* The service manager refuses text that is not UTF-8, and terminals act on control characters (systemctl
 * status). */
static Verdict handle_text(Translation *t, char *value, size_t room) {
        char *p = value;

        while (*p) {
                gunichar c = g_utf8_get_char_validated(p, -1);
                bool bad = c == (gunichar) -1 || c == (gunichar) -2;
                size_t n = bad ? 1 : (size_t) (g_utf8_next_char(p) - p);

                if (bad || g_unichar_iscntrl(c))
                        memset(p, '?', n);
                p += n;
        }
        return VERDICT_FORWARD;
}

/* What we keep in the unit's descriptor store, now or one day, is not the payload's to replace or remove. */
#define RESERVED_FD_NAME "berth-"
#define FD_NAME_MAX      255U

static Verdict handle_store(Translation *t, char *value, size_t room) {
        return t->policy->fd_store ? VERDICT_FORWARD : VERDICT_BAD;
}

static Verdict handle_store_fds(Translation *t, char *value, size_t room) {
        t->out->with_fds = t->policy->fd_store;
        return handle_store(t, value, room);
}

/* As sd_pid_notify_with_fds(3) has it. */
static Verdict handle_fd_name(Translation *t, char *value, size_t room) {
        bool good = strlen(value) <= FD_NAME_MAX && !startswith(value, RESERVED_FD_NAME);

        for (const char *p = value; *p; p++)
                good = good && g_ascii_isprint(*p) && *p != ':';
        if (good || !t->policy->fd_store)
                return handle_store(t, value, room);
        t->bad_store = true;
        return VERDICT_BAD;
}

/* Names of D-Bus and Varlink errors. */
static Verdict handle_error_name(Translation *t, char *value, size_t room) {
        for (const char *p = value; *p; p++)
                if (!g_ascii_isalnum(*p) && *p != '.' && *p != '_' && *p != '-')
                        return VERDICT_BAD;
        return isempty(value) ? VERDICT_BAD : VERDICT_FORWARD;
}

static Verdict handle_watchdog(Translation *t, char *value, size_t room) {
        return streq(value, "1") || streq(value, "trigger") ? VERDICT_FORWARD : VERDICT_BAD;
}

/* What a service manager that runs as payload says about itself (X_SYSTEMD_UNIT_ACTIVE=, ...): not for ours.
 */
static Verdict handle_private(Translation *t, char *value, size_t room) {
        return VERDICT_CONSUME;
}

/* Alphabetical. What is not here does not get through. */
static const Field fields[] = {
        { "BUSERROR", NULL, 0, handle_error_name },
        { "ERRNO", NULL, 0, handle_number },
        { "EXTEND_TIMEOUT_USEC", NULL, 0, handle_number },
        { "FDNAME", NULL, 0, handle_fd_name },
        { "FDPOLL", "0", 0, handle_store },
        { "FDSTORE", "1", 0, handle_store_fds },
        { "FDSTOREREMOVE", "1", 0, handle_store },
        { "MONOTONIC_USEC", NULL, 0, handle_monotonic },
        { "READY", "1", NOTIFY_ACTION_READY, handle_ready },
        { "RELOADING", "1", NOTIFY_ACTION_RELOADING, NULL },
        { "STATUS", NULL, 0, handle_text },
        { "STOPPING", "1", NOTIFY_ACTION_STOPPING, NULL },
        { "VARLINKERROR", NULL, 0, handle_error_name },
        { "WATCHDOG", NULL, 0, handle_watchdog },
        { "X_", NULL, 0, handle_private },
};

static const Field *find_field(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
                const char *rest = startswith(name, fields[i].name);

                if (rest && (*rest == '\0' || g_str_has_suffix(fields[i].name, "_")))
                        return &fields[i];
        }
        return NULL;
}

static void note_problem(NotifyMessage *out, const char *problem, const char *field) {
        if (out->problem)
                return;
        out->problem = problem;
        (void) g_strlcpy(out->field, field, sizeof out->field);
        for (char *p = out->field; *p; p++)
                if (!g_ascii_isprint(*p))
                        *p = '?';
}

static void append_line(NotifyMessage *out, const char *line) {
        size_t n = strlen(line), separator = out->size > 0;

        if (out->size + separator + n > sizeof out->text)
                return note_problem(out, PROBLEM_TOO_LONG, "");
        if (separator)
                out->text[out->size++] = '\n';
        memcpy(out->text + out->size, line, n);
        out->size += n;
}

/* line is "NAME=VALUE", NUL-terminated, in a buffer of room bytes. */
static void translate_line(Translation *t, char *line, size_t room) {
        char *value = strchr(line, '=');
        const Field *field;
        Verdict verdict;

        if (!value)
                return note_problem(t->out, PROBLEM_FIELD, line);
        *value++ = '\0';
        field = find_field(line);
        if (!field)
                return note_problem(t->out, PROBLEM_FIELD, line);

        if (field->value && !streq(field->value, value))
                verdict = VERDICT_BAD;
        else
                verdict = field->handle ? field->handle(t, value, room - (size_t) (value - line))
                                        : VERDICT_FORWARD;
        if (verdict == VERDICT_BAD)
                return note_problem(t->out, PROBLEM_VALUE, line);

        t->out->actions |= field->action;
        if (verdict == VERDICT_CONSUME)
                return;
        value[-1] = '=';
        append_line(t->out, line);
}

/* The descriptor is the message: whoever sent it waits until the service manager has closed it. */
static void translate_barrier(const char *datagram, size_t size, size_t n_fds, NotifyMessage *out) {
        while (size > 0 && datagram[size - 1] == '\n')
                size--;
        if (size != STRLEN(BARRIER) || n_fds != 1)
                return note_problem(out, PROBLEM_BARRIER, "BARRIER");
        append_line(out, BARRIER);
        out->with_fds = true;
        out->actions = NOTIFY_ACTION_BARRIER;
}

static bool has_barrier(const char *datagram, size_t size) {
        for (const char *p = datagram, *end = datagram + size; p < end;) {
                const char *newline = memchr(p, '\n', (size_t) (end - p));
                size_t n = (size_t) ((newline ?: end) - p);

                if (n == STRLEN(BARRIER) && memcmp(p, BARRIER, n) == 0)
                        return true;
                p += n + 1;
        }
        return false;
}

static void translate_lines(Translation *t, const char *datagram, size_t size) {
        for (const char *p = datagram, *end = datagram + size; p < end;) {
                char line[NOTIFY_MESSAGE_MAX + NUMBER_ROOM];
                const char *newline = memchr(p, '\n', (size_t) (end - p));
                size_t n = (size_t) ((newline ?: end) - p);

                memcpy(line, p, n);
                line[n] = '\0';
                if (n > 0)
                        translate_line(t, line, n + NUMBER_ROOM);
                p += n + 1;
        }

        if (t->bad_store) {
                t->out->size = 0;
                t->out->actions = 0;
                t->out->with_fds = false;
                return;
        }

        /* Without a time in the very same datagram, a reload that systemd waits for would never be seen as
         * done. */
        if ((t->out->actions & NOTIFY_ACTION_RELOADING) && !t->has_time) {
                char line[STRLEN("MONOTONIC_USEC=") + NUMBER_ROOM];

                (void) snprintf(line, sizeof line, "MONOTONIC_USEC=%" PRIu64, t->policy->now_usec);
                append_line(t->out, line);
        }
}

void notify_message_translate(
                const char *datagram, size_t size, size_t n_fds, const NotifyPolicy *policy,
                NotifyMessage *ret) {
        Translation t = { .policy = policy, .out = ret };

        ret->size = 0;
        ret->with_fds = false;
        ret->actions = 0;
        ret->problem = NULL;
        ret->field[0] = '\0';

        if (size > 0 && datagram[size - 1] == '\0')
                size--; /* systemd permits one, too */
        if (size > NOTIFY_MESSAGE_MAX)
                return note_problem(ret, PROBLEM_TOO_LONG, "");
        if (memchr(datagram, '\0', size))
                return note_problem(ret, PROBLEM_NUL, "");
        if (has_barrier(datagram, size))
                return translate_barrier(datagram, size, n_fds, ret);

        translate_lines(&t, datagram, size);
        if (n_fds > 0 && !ret->with_fds)
                note_problem(ret, PROBLEM_FDS, "");
}
