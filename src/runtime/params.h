/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What berth-prepare decided about a unit and berth-supervise has to know: the file "params" in the unit's
 * directory, a key file with one section, [Unit]. Written by one program of this version and read by
 * another, never by hand. */

#include <stdbool.h>

#include "runtime/health.h"

/* When systemd is told READY=1 (Notify= in a .container file). */
typedef enum NotifyMode {
        NOTIFY_MODE_STARTED, /* when the payload has been executed */
        NOTIFY_MODE_READY,   /* when the payload says so */
        NOTIFY_MODE_HEALTHY, /* when its first health check has succeeded */
        _NOTIFY_MODE_MAX,
} NotifyMode;

typedef struct UnitParams {
        char *bundle; /* absolute path of the OCI bundle: the directory that root.path is relative to */
        NotifyMode notify;
        unsigned notify_allow; /* NotifyAllow bits of notify/message.h */
        int stop_signal;       /* sent to the payload's init on systemctl stop */
        bool machine;          /* it is registered with systemd-machined */
        bool terminal;         /* process.terminal of the configuration */
        char *unit;            /* name of the service; NULL: not known */
        char *network_of;      /* the container whose network this one uses; NULL: no other's */
        char **reload_command; /* executed in the container on systemctl reload; NULL: none */
        int reload_signal; /* sent to the payload instead, which need not answer; 0: SIGHUP, and it has to */
        HealthParams health;
} UnitParams;

#define UNIT_PARAMS_NULL ((UnitParams) { .stop_signal = 15, .health = HEALTH_PARAMS_NULL })

/* Releases what the structure holds and leaves it as UNIT_PARAMS_NULL. */
void unit_params_done(UnitParams *params);

/* "started", "ready" or "healthy"; -EINVAL for other words. Does not log. */
int notify_mode_from_string(const char *s);
const char *notify_mode_to_string(NotifyMode mode);

/* The directory of a container unit: /run/berth-unit/ID for root, $XDG_RUNTIME_DIR/berth-unit/ID for
 * everybody else. Holds params, config.json, notify/, the supervisor's FIFOs and log. NULL: there is no
 * XDG_RUNTIME_DIR. Caller frees. */
char *unit_dir_path(const char *id);

/* The text of the file. Caller frees. Pure. */
char *unit_params_format(const UnitParams *params);

/* Reads the text of the file; absent keys keep their defaults, but for Bundle=. -EBADMSG when it is not such
 * a file or a value is bad; *ret_error (caller frees) says what. Pure; does not log. */
int unit_params_parse(const char *text, UnitParams *ret, char **ret_error);

/* Writes the file into a directory, in one step. Does not log. */
int unit_params_write(int dir_fd, const UnitParams *params);

/* Reads the file from a directory. Logs. */
int unit_params_read(int dir_fd, UnitParams *ret);
