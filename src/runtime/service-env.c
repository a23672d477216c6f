/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the list of what the service's environment gives to the container. */

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-login.h>
#include <unistd.h>

#include "runtime/service-env.h"

#include "basic/fs-util.h"
#include "basic/parse-util.h"

/* A variable of the service. */
typedef struct ServiceVariable {
        const char *name;
        ServiceEnv kind;
        const char *pid_name; /* variable that says which process it is for; the payload gets one that names
                                 itself */
} ServiceVariable;

static const ServiceVariable for_payload[] = {
        { "CACHE_DIRECTORY", SERVICE_ENV_UNIT, NULL },
        { "CONFIGURATION_DIRECTORY", SERVICE_ENV_UNIT, NULL },
        { "CREDENTIALS_DIRECTORY", SERVICE_ENV_UNIT, NULL },
        { "FDSTORE", SERVICE_ENV_NOTIFY, NULL },
        { "INVOCATION_ID", SERVICE_ENV_UNIT, NULL },
        { "LOGS_DIRECTORY", SERVICE_ENV_UNIT, NULL },
        { "MEMORY_PRESSURE_WATCH", SERVICE_ENV_UNIT, NULL }, /* see supervise-pressure.c */
        { "MEMORY_PRESSURE_WRITE", SERVICE_ENV_UNIT, NULL },
        { "MONITOR_EXIT_CODE", SERVICE_ENV_UNIT, NULL },
        { "MONITOR_EXIT_STATUS", SERVICE_ENV_UNIT, NULL },
        { "MONITOR_INVOCATION_ID", SERVICE_ENV_UNIT, NULL },
        { "MONITOR_SERVICE_RESULT", SERVICE_ENV_UNIT, NULL },
        { "MONITOR_UNIT", SERVICE_ENV_UNIT, NULL },
        { "REMOTE_ADDR", SERVICE_ENV_UNIT, NULL },
        { "REMOTE_PORT", SERVICE_ENV_UNIT, NULL },
        { "RUNTIME_DIRECTORY", SERVICE_ENV_UNIT, NULL },
        { "STATE_DIRECTORY", SERVICE_ENV_UNIT, NULL },
        { "TRIGGER_PATH", SERVICE_ENV_UNIT, NULL },
        { "TRIGGER_TIMER_MONOTONIC_USEC", SERVICE_ENV_UNIT, NULL },
        { "TRIGGER_TIMER_REALTIME_USEC", SERVICE_ENV_UNIT, NULL },
        { "TRIGGER_UNIT", SERVICE_ENV_UNIT, NULL },
        { "WATCHDOG_USEC", SERVICE_ENV_NOTIFY, "WATCHDOG_PID" },
};

static const char *const for_runtime[] = { "DBUS_SESSION_BUS_ADDRESS", "HOME", "LANG", "PATH",
                                           "XDG_RUNTIME_DIR" };

static bool names_process(const char *variable, pid_t pid) {
        const char *value = getenv(variable);
        uint32_t number;

        return !value || (parse_uint32(value, &number) >= 0 && number == (uint32_t) pid);
}

/* The directories among them: prepare puts them into the configuration. */
static const struct {
        const char *variable;
        UnitDirectoryKind kind;
} directories[] = {
        { "CACHE_DIRECTORY", UNIT_DIRECTORY_OWN },
        { "CONFIGURATION_DIRECTORY", UNIT_DIRECTORY_PLAIN }, /* not the user's with User= either */
        { "CREDENTIALS_DIRECTORY", UNIT_DIRECTORY_SECRET },
        { "LOGS_DIRECTORY", UNIT_DIRECTORY_OWN },
        { "RUNTIME_DIRECTORY", UNIT_DIRECTORY_OWN },
        { "STATE_DIRECTORY", UNIT_DIRECTORY_OWN },
};

static void add(GPtrArray *list, const char *name, const char *value) {
        g_ptr_array_add(list, g_strconcat(name, "=", value, NULL));
}

static char **finish(GPtrArray *list) {
        g_ptr_array_add(list, NULL);
        return (char **) g_ptr_array_free(list, FALSE);
}

char **service_env_for_payload(const ListenFds *listen, pid_t own_pid, unsigned which) {
        GPtrArray *list = g_ptr_array_new();

        if (listen->n_fds > 0) {
                g_autofree char *names = g_strjoinv(":", listen->names);

                g_ptr_array_add(list, g_strdup_printf("LISTEN_FDS=%zu", listen->n_fds));
                add(list, "LISTEN_FDNAMES", names);
                add(list, "LISTEN_PID", "");
                if (listen->has_pidfdid)
                        add(list, "LISTEN_PIDFDID", "");
        }
        for (size_t i = 0; i < ELEMENTSOF(for_payload); i++) {
                const ServiceVariable *v = &for_payload[i];
                const char *value = getenv(v->name);

                if (!(v->kind & which) || !value || (v->pid_name && !names_process(v->pid_name, own_pid)))
                        continue;
                add(list, v->name, value);
                if (v->pid_name)
                        add(list, v->pid_name, "");
        }
        return finish(list);
}

GArray *service_directories(void) {
        GArray *list = g_array_new(FALSE, FALSE, sizeof(UnitDirectory));

        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                const char *value = getenv(directories[i].variable);
                _cleanup_strv_ char **paths = value ? g_strsplit(value, ":", -1) : NULL;

                for (char **path = paths; path && *path; path++) {
                        UnitDirectory directory = { .kind = directories[i].kind };

                        if (**path != '/')
                                continue;
                        directory.path = g_strdup(*path);
                        g_array_append_val(list, directory);
                }
        }
        g_array_set_clear_func(list, unit_directory_clear);
        return list;
}

char **service_env_for_runtime(void) {
        GPtrArray *list = g_ptr_array_new();

        for (size_t i = 0; i < ELEMENTSOF(for_runtime); i++) {
                const char *value = getenv(for_runtime[i]);

                if (value)
                        add(list, for_runtime[i], value);
        }
        return finish(list);
}

bool service_has_fd_store(void) {
        const char *value = getenv("FDSTORE");
        uint32_t most;

        return value && parse_uint32(value, &most) >= 0 && most > 0;
}

int service_own_unit(char **ret) {
        /* Units of a user's systemd are below user@UID.service, which is what the other call would say. */
        int r = geteuid() == 0 ? sd_pid_get_unit(0, ret) : sd_pid_get_user_unit(0, ret);

        return r < 0 ? r : 0;
}

int64_t service_parse_clock_offset(const char *text) {
        int64_t sec, nsec;

        for (const char *p = text; p; p = strchr(p, '\n')) {
                if (*p == '\n')
                        p++;
                if (sscanf(p, "monotonic %" SCNd64 " %" SCNd64, &sec, &nsec) == 2)
                        return sec * 1000000 + nsec / 1000;
        }
        return 0;
}

int64_t service_clock_offset_usec(pid_t pid) {
        _cleanup_free_ char *text = NULL;
        char path[sizeof "/proc//timens_offsets" + 10];

        (void) snprintf(path, sizeof path, "/proc/%d/timens_offsets", (int) pid);
        if (read_file_at(AT_FDCWD, path, &text, NULL) < 0)
                return 0;
        return service_parse_clock_offset(text);
}
