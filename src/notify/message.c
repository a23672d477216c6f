/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the table of notification fields and the rewriting of one datagram into another. Sockets, senders and
 * time are the proxy's business. */

#include <glib.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "notify/message.h"

#include "basic/macro.h"
#include "basic/parse-util.h"

#define BARRIER "BARRIER=1"

#define PROBLEM_FIELD    "a field that is not passed on"
#define PROBLEM_VALUE    "a bad value"
#define PROBLEM_ALLOW    "a field that NotifyAllow= does not name"
#define PROBLEM_STORE    "what is for a file descriptor store, which the unit has not (FileDescriptorStoreMax=)"
#define PROBLEM_NAME     "what has a name that is none, or is reserved"
#define PROBLEM_FDS      "unexpected file descriptors"
#define PROBLEM_TOO_LONG "more than 4096 bytes"
#define PROBLEM_NUL      "NUL bytes"
#define PROBLEM_PIDFD    "what has not exactly one file descriptor, that of a process"
#define PROBLEM_PIDFDID  "what means nothing without MAINPID="
#define PROBLEM_BARRIER  "a BARRIER=1 that has not exactly one file descriptor or is not alone"

/* What becomes of one field. */
typedef enum Verdict {
        VERDICT_FORWARD,
        VERDICT_CONSUME,  /* meant for us: understood, not passed on */
        VERDICT_BAD,      /* dropped, with a warning: the value is bad, */
        VERDICT_NO_STORE, /* there is no descriptor store, */
        VERDICT_DENIED,   /* or the administrator has not allowed it */
} Verdict;

typedef struct Translation {
        const NotifyPolicy *policy;
        NotifyMessage *out;
        bool has_time;   /* MONOTONIC_USEC= was there */
        bool bad_store;  /* a name that may not be used in the descriptor store */
        bool main_pidfd; /* the descriptor is that of the main process */
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

static const struct {
        const char *word;
        NotifyAllow bit;
} allow_words[] = {
        { "restart-reset", NOTIFY_ALLOW_RESTART_RESET },
        { "watchdog-usec", NOTIFY_ALLOW_WATCHDOG_USEC },
};

int notify_allow_from_string(const char *word) {
        for (size_t i = 0; i < ELEMENTSOF(allow_words); i++)
                if (streq(allow_words[i].word, word))
                        return (int) allow_words[i].bit;
        return -EINVAL;
}

char *notify_allow_to_string(unsigned allow) {
        GString *out = g_string_new(NULL);

        for (size_t i = 0; i < ELEMENTSOF(allow_words); i++)
                if (allow & allow_words[i].bit)
                        g_string_append_printf(out, "%s%s", out->len > 0 ? " " : "", allow_words[i].word);
        return g_string_free(out, FALSE);
}
/* Room behind a line for what a translated value is longer. */
#define LINE_ROOM (NUMBER_ROOM + NOTIFY_STATUS_MAX + STRLEN("; "))

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

/* Cuts at the end of a character. */
static void copy_text(char *buffer, size_t size, const char *text) {
        const char *end;

        (void) g_strlcpy(buffer, text, size);
        if (!g_utf8_validate(buffer, -1, &end))
                buffer[end - buffer] = '\0';
}

size_t notify_status_join(char *buffer, size_t size, const char *prefix, const char *text) {
        copy_text(buffer, size, prefix);
        if (!isempty(text)) {
                size_t n = strlen(buffer);

                (void) snprintf(buffer + n, size - n, "; ");
                n = strlen(buffer);
                copy_text(buffer + n, size - n, text);
        }
        return strlen(buffer);
}

/* What is said about the container stays in front of what it says itself. */
static Verdict handle_status(Translation *t, char *value, size_t room) {
        NotifyMessage *out = t->out;

        (void) handle_text(t, value, room);
        if (!t->policy->status_prefix)
                return VERDICT_FORWARD;
        copy_text(out->status, sizeof out->status, value);
        out->has_status = true;
        (void) notify_status_join(value, room, t->policy->status_prefix, out->status);
        return VERDICT_FORWARD;
}

/* What we keep in the unit's descriptor store, now or one day, is not the payload's to replace or remove. */
#define RESERVED_FD_NAME "berth-"
#define FD_NAME_MAX      255U

static Verdict handle_store(Translation *t, char *value, size_t room) {
        return t->policy->fd_store ? VERDICT_FORWARD : VERDICT_NO_STORE;
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

static Verdict handle_restart_reset(Translation *t, char *value, size_t room) {
        return t->policy->allow & NOTIFY_ALLOW_RESTART_RESET ? VERDICT_FORWARD : VERDICT_DENIED;
}

static Verdict handle_watchdog_usec(Translation *t, char *value, size_t room) {
        if (!(t->policy->allow & NOTIFY_ALLOW_WATCHDOG_USEC))
                return VERDICT_DENIED;
        (void) parse_uint64(value, &t->out->watchdog_usec);
        return handle_number(t, value, room);
}

/* What a service manager that is the payload says of its own end. */
static Verdict handle_exit_status(Translation *t, char *value, size_t room) {
        uint32_t status;

        if (parse_uint32(value, &status) < 0 || status > UINT8_MAX)
                return VERDICT_BAD;
        t->out->exit_status = (int) status;
        return VERDICT_CONSUME;
}

/* The main process of the service is the supervisor; which one of the container's is the payload's tells it
 * where to send signals. */
static Verdict handle_main_pid(Translation *t, char *value, size_t room) {
        uint32_t pid;

        if (parse_uint32(value, &pid) < 0 || pid == 0 || pid > INT_MAX)
                return VERDICT_BAD;
        t->out->main_pid = (pid_t) pid;
        return VERDICT_CONSUME;
}

static Verdict handle_main_pidfdid(Translation *t, char *value, size_t room) {
        uint64_t id;

        if (parse_uint64(value, &id) < 0 || id == 0)
                return VERDICT_BAD;
        t->out->main_pidfdid = id;
        return VERDICT_CONSUME;
}

static Verdict handle_main_pidfd(Translation *t, char *value, size_t room) {
        t->main_pidfd = true;
        return VERDICT_CONSUME;
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
        { "EXIT_STATUS", NULL, NOTIFY_ACTION_EXIT_STATUS, handle_exit_status },
        { "EXTEND_TIMEOUT_USEC", NULL, 0, handle_number },
        { "FDNAME", NULL, 0, handle_fd_name },
        { "FDPOLL", "0", 0, handle_store },
        { "FDSTORE", "1", 0, handle_store_fds },
        { "FDSTOREREMOVE", "1", 0, handle_store },
        { "MAINPID", NULL, 0, handle_main_pid },
        { "MAINPIDFD", "1", 0, handle_main_pidfd },
        { "MAINPIDFDID", NULL, 0, handle_main_pidfdid },
        { "MONOTONIC_USEC", NULL, 0, handle_monotonic },
        { "READY", "1", NOTIFY_ACTION_READY, handle_ready },
        { "RELOADING", "1", NOTIFY_ACTION_RELOADING, NULL },
        { "RESTART_RESET", "1", 0, handle_restart_reset },
        { "STATUS", NULL, 0, handle_status },
        { "STOPPING", "1", NOTIFY_ACTION_STOPPING, NULL },
        { "VARLINKERROR", NULL, 0, handle_error_name },
        { "WATCHDOG", NULL, 0, handle_watchdog },
        { "WATCHDOG_USEC", NULL, NOTIFY_ACTION_WATCHDOG_USEC, handle_watchdog_usec },
        { "X_", NULL, 0, handle_private },
};

static const char *const problems[] = {
        [VERDICT_FORWARD] = NULL,           [VERDICT_CONSUME] = NULL,         [VERDICT_BAD] = PROBLEM_VALUE,
        [VERDICT_NO_STORE] = PROBLEM_STORE, [VERDICT_DENIED] = PROBLEM_ALLOW,
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
        if (problems[verdict])
                return note_problem(t->out, problems[verdict], line);

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

/* As the service manager has it: a pidfd goes before numbers, and an inode number alone names nobody. */
static void settle_main_process(Translation *t, size_t n_fds) {
        NotifyMessage *out = t->out;

        if (t->main_pidfd) {
                out->main_pid = 0;
                out->main_pidfdid = 0;
                if (n_fds != 1 || out->with_fds)
                        return note_problem(out, PROBLEM_PIDFD, "MAINPIDFD");
        } else if (out->main_pid == 0) {
                if (out->main_pidfdid != 0)
                        note_problem(out, PROBLEM_PIDFDID, "MAINPIDFDID");
                return;
        }
        out->actions |= NOTIFY_ACTION_MAIN_PROCESS;
}

static void translate_lines(Translation *t, const char *datagram, size_t size, size_t n_fds) {
        for (const char *p = datagram, *end = datagram + size; p < end;) {
                char line[NOTIFY_MESSAGE_MAX + LINE_ROOM];
                const char *newline = memchr(p, '\n', (size_t) (end - p));
                size_t n = (size_t) ((newline ?: end) - p);

                memcpy(line, p, n);
                line[n] = '\0';
                if (n > 0)
                        translate_line(t, line, n + LINE_ROOM);
                p += n + 1;
        }

        settle_main_process(t, n_fds);

        /* Without a time in the very same datagram, a reload that systemd waits for would never be seen as
         * done. */
        if ((t->out->actions & NOTIFY_ACTION_RELOADING) && !t->has_time) {
                char line[STRLEN("MONOTONIC_USEC=") + NUMBER_ROOM];

                (void) snprintf(line, sizeof line, "MONOTONIC_USEC=%" PRIu64, t->policy->now_usec);
                append_line(t->out, line);
        }
}

/* The text, which is long, needs none. */
static void reset(NotifyMessage *m) {
        m->size = 0;
        m->with_fds = false;
        m->actions = 0;
        m->problem = NULL;
        m->field[0] = '\0';
        m->has_status = false;
        m->exit_status = 0;
        m->main_pid = 0;
        m->main_pidfdid = 0;
        m->watchdog_usec = 0;
}

void notify_message_translate(
                const char *datagram, size_t size, size_t n_fds, const NotifyPolicy *policy,
                NotifyMessage *ret) {
        Translation t = { .policy = policy, .out = ret };
        NotifyPolicy no_store = *policy;

        reset(ret);
        if (size > 0 && datagram[size - 1] == '\0')
                size--; /* systemd permits one, too */
        if (size > NOTIFY_MESSAGE_MAX)
                return note_problem(ret, PROBLEM_TOO_LONG, "");
        if (memchr(datagram, '\0', size))
                return note_problem(ret, PROBLEM_NUL, "");
        if (has_barrier(datagram, size))
                return translate_barrier(datagram, size, n_fds, ret);

        translate_lines(&t, datagram, size, n_fds);
        if (t.bad_store) { /* without its name, a descriptor would replace others: none of it passes */
                no_store.fd_store = false;
                t = (Translation) { .policy = &no_store, .out = ret };
                reset(ret);
                translate_lines(&t, datagram, size, n_fds);
                ret->problem = PROBLEM_NAME;
                (void) g_strlcpy(ret->field, "FDNAME", sizeof ret->field);
        }
        if (n_fds > 0 && !ret->with_fds && !t.main_pidfd)
                note_problem(ret, PROBLEM_FDS, "");
}
