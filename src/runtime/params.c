/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the format of the file that berth-prepare leaves for berth-supervise. One table of keys serves
 * reading and writing; decides nothing about the values. */

#include <stddef.h>
#include <sys/types.h>

#include "runtime/params.h"

#include "basic/cleanup.h"
#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/parse-util.h"
#include "basic/signal-util.h"
#include "notify/message.h"

#define PARAMS_FILE  "params"
#define PARAMS_GROUP "Unit"

typedef struct ParamKey {
        const char *name;
        size_t offset;
        bool required;
        int (*parse)(const char *s, void *value);
        char *(*format)(const void *value);
} ParamKey;

static const char *const notify_mode_names[_NOTIFY_MODE_MAX] = {
        [NOTIFY_MODE_STARTED] = "started",
        [NOTIFY_MODE_READY] = "ready",
        [NOTIFY_MODE_HEALTHY] = "healthy",
};

int notify_mode_from_string(const char *s) {
        for (int i = 0; i < _NOTIFY_MODE_MAX; i++)
                if (streq(notify_mode_names[i], s))
                        return i;
        return -EINVAL;
}

const char *notify_mode_to_string(NotifyMode mode) {
        return notify_mode_names[mode];
}

static int parse_path(const char *s, void *value) {
        if (*s != '/')
                return -EINVAL;
        *(char **) value = g_strdup(s);
        return 0;
}

static char *format_text(const void *value) {
        return g_strdup(*(char *const *) value);
}

static int parse_text(const char *s, void *value) {
        *(char **) value = g_strdup(s);
        return 0;
}

static int parse_mode(const char *s, void *value) {
        int mode;

        mode = notify_mode_from_string(s);
        if (mode < 0)
                return mode;
        *(NotifyMode *) value = mode;
        return 0;
}

static char *format_mode(const void *value) {
        return g_strdup(notify_mode_to_string(*(const NotifyMode *) value));
}

static int parse_allow(const char *s, void *value) {
        _cleanup_strv_ char **words = g_strsplit(s, " ", -1);
        unsigned allow = 0;

        for (char **w = words; *w; w++) {
                int bit = notify_allow_from_string(*w);

                if (bit < 0)
                        return bit;
                allow |= (unsigned) bit;
        }
        *(unsigned *) value = allow;
        return 0;
}

static char *format_allow(const void *value) {
        unsigned allow = *(const unsigned *) value;

        return allow ? notify_allow_to_string(allow) : NULL;
}

static int parse_signal(const char *s, void *value) {
        int sig;

        sig = signal_from_string(s);
        if (sig < 0)
                return sig;
        *(int *) value = sig;
        return 0;
}

static char *format_signal(const void *value) {
        char buffer[16];

        return g_strdup(signal_to_string(*(const int *) value, buffer));
}

static int parse_bool(const char *s, void *value) {
        return parse_boolean(s, value);
}

static char *format_bool(const void *value) {
        return g_strdup(*(const bool *) value ? "yes" : "no");
}

/* Words quoted for a shell, which is what GLib can read. */
static int parse_words(const char *s, void *value) {
        return g_shell_parse_argv(s, NULL, (char ***) value, NULL) ? 0 : -EINVAL;
}

static char *format_words(const void *value) {
        GString *out;

        if (!*(char **const *) value)
                return NULL;
        out = g_string_new(NULL);
        for (char **word = *(char **const *) value; *word; word++) {
                g_autofree char *quoted = g_shell_quote(*word);

                g_string_append_printf(out, "%s%s", out->len > 0 ? " " : "", quoted);
        }
        return g_string_free(out, FALSE);
}

static char *format_signal_if_set(const void *value) {
        return *(const int *) value > 0 ? format_signal(value) : NULL;
}

static int parse_usec(const char *s, void *value) {
        return parse_uint64(s, value);
}

static char *format_usec(const void *value) {
        return g_strdup_printf("%" G_GUINT64_FORMAT, *(const uint64_t *) value);
}

static int parse_retries(const char *s, void *value) {
        return parse_uint32(s, value) < 0 || *(uint32_t *) value == 0 ? -EINVAL : 0;
}

static char *format_retries(const void *value) {
        return g_strdup_printf("%u", *(const uint32_t *) value);
}

static int parse_action(const char *s, void *value) {
        int action = health_action_from_string(s);

        if (action < 0)
                return action;
        *(HealthAction *) value = action;
        return 0;
}

static char *format_action(const void *value) {
        return g_strdup(health_action_to_string(*(const HealthAction *) value));
}

#define HEALTH(member) offsetof(UnitParams, health.member)

static const ParamKey param_keys[] = {
        { "Bundle", offsetof(UnitParams, bundle), true, parse_path, format_text },
        { "HealthCmd", HEALTH(command), false, parse_words, format_words },
        { "HealthInterval", HEALTH(interval_usec), false, parse_usec, format_usec },
        { "HealthOnFailure", HEALTH(on_failure), false, parse_action, format_action },
        { "HealthRetries", HEALTH(retries), false, parse_retries, format_retries },
        { "HealthStartPeriod", HEALTH(start_period_usec), false, parse_usec, format_usec },
        { "HealthTimeout", HEALTH(timeout_usec), false, parse_usec, format_usec },
        { "Machine", offsetof(UnitParams, machine), false, parse_bool, format_bool },
        { "NetworkOf", offsetof(UnitParams, network_of), false, parse_text, format_text },
        { "Notify", offsetof(UnitParams, notify), false, parse_mode, format_mode },
        { "NotifyAllow", offsetof(UnitParams, notify_allow), false, parse_allow, format_allow },
        { "ReloadCmd", offsetof(UnitParams, reload_command), false, parse_words, format_words },
        { "ReloadSignal", offsetof(UnitParams, reload_signal), false, parse_signal, format_signal_if_set },
        { "StopSignal", offsetof(UnitParams, stop_signal), false, parse_signal, format_signal },
        { "Terminal", offsetof(UnitParams, terminal), false, parse_bool, format_bool },
        { "Unit", offsetof(UnitParams, unit), false, parse_text, format_text },
};

void unit_params_done(UnitParams *params) {
        g_free(params->bundle);
        g_free(params->unit);
        g_free(params->network_of);
        g_strfreev(params->reload_command);
        health_params_done(&params->health);
        *params = UNIT_PARAMS_NULL;
}

char *unit_dir_path(const char *id) {
        const char *run = "/run";

        if (geteuid() != 0) {
                run = g_getenv("XDG_RUNTIME_DIR");
                if (isempty(run))
                        return NULL;
        }
        return g_strdup_printf("%s/berth-unit/%s", run, id);
}

char *unit_params_format(const UnitParams *params) {
        _cleanup_key_file_ GKeyFile *file = g_key_file_new();

        for (size_t i = 0; i < ELEMENTSOF(param_keys); i++) {
                const ParamKey *key = &param_keys[i];
                g_autofree char *value = key->format((const char *) params + key->offset);

                if (value)
                        g_key_file_set_string(file, PARAMS_GROUP, key->name, value);
        }
        return g_key_file_to_data(file, NULL, NULL);
}

static int parse_key(GKeyFile *file, const ParamKey *key, UnitParams *params, char **ret_error) {
        g_autofree char *value = g_key_file_get_string(file, PARAMS_GROUP, key->name, NULL);

        if (!value) {
                if (!key->required)
                        return 0;
                *ret_error = g_strdup_printf("%s= is missing", key->name);
                return -EBADMSG;
        }
        if (key->parse(value, (char *) params + key->offset) < 0) {
                *ret_error = g_strdup_printf("%s= has the bad value '%s'", key->name, value);
                return -EBADMSG;
        }
        return 0;
}

int unit_params_parse(const char *text, UnitParams *ret, char **ret_error) {
        _cleanup_key_file_ GKeyFile *file = g_key_file_new();
        _cleanup_(unit_params_done) UnitParams params = UNIT_PARAMS_NULL;
        g_autoptr(GError) error = NULL;

        if (!g_key_file_load_from_data(file, text, strlen(text), G_KEY_FILE_NONE, &error)) {
                *ret_error = g_strdup(error->message);
                return -EBADMSG;
        }
        for (size_t i = 0; i < ELEMENTSOF(param_keys); i++) {
                int r = parse_key(file, &param_keys[i], &params, ret_error);
                if (r < 0)
                        return r;
        }

        *ret = TAKE(params, UNIT_PARAMS_NULL);
        *ret_error = NULL;
        return 0;
}

int unit_params_write(int dir_fd, const UnitParams *params) {
        g_autofree char *text = unit_params_format(params);

        return write_file_atomic_at(dir_fd, PARAMS_FILE, text, strlen(text), 0600);
}

int unit_params_read(int dir_fd, UnitParams *ret) {
        _cleanup_free_ char *text = NULL;
        g_autofree char *error = NULL;
        size_t size;
        int r;

        r = read_file_at(dir_fd, PARAMS_FILE, &text, &size);
        if (r < 0)
                return log_error_errno(
                                r, "Failed to read the unit's parameters, which berth-prepare writes: %m");
        r = unit_params_parse(text, ret, &error);
        if (r < 0)
                return log_full(LOG_ERR, r, "The unit's parameters are broken: %s", error);
        return 0;
}
