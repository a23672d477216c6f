/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the rules of berth-run's command line. */

#include "cli/run-check.h"

#include <errno.h>
#include <unistd.h>

#include "basic/log.h"
#include "basic/macro.h"
#include "basic/parse-util.h"
#include "config/manager-version.h"

/* ---- values ---- */

static bool is_boolean(const char *value) {
        bool parsed;

        return parse_boolean(value, &parsed) >= 0;
}

static bool is_nice(const char *value) {
        int nice;

        return parse_int(value, &nice) >= 0 && nice >= -20 && nice <= 19;
}

static bool is_assignment(const char *value) {
        const char *equals = strchr(value, '=');

        return equals && equals != value;
}

static const struct {
        const char *placeholder;
        bool (*is_good)(const char *value);
        const char *expected;
} values[] = {
        { "BOOL", is_boolean, "yes or no" },
        { "NAME=VALUE", is_assignment, "NAME=VALUE" },
        { "NICE", is_nice, "a number from -20 to 19" },
};

/* A placeholder with bars is the list of what is possible. */
static bool is_alternative(const char *placeholder, const char *value) {
        _cleanup_strv_ char **words = g_strsplit(placeholder, "|", -1);

        return !words[0] || !words[1] || g_strv_contains((const char *const *) words, value);
}

static int value_error(const char *option, const char *value, const char *expected) {
        return log_error_errno(-EINVAL, "--%s=%s: expected %s", option, value, expected);
}

int run_check_value(const char *option, const char *placeholder, const char *value) {
        if (!placeholder)
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(values); i++)
                if (streq(values[i].placeholder, placeholder) && !values[i].is_good(value))
                        return value_error(option, value, values[i].expected);
        return is_alternative(placeholder, value) ? 0 : value_error(option, value, placeholder);
}

int run_check_since(const char *option, int version) {
        int ours = version > 0 ? manager_version(1) : 0;

        if (ours <= 0 || ours >= version)
                return 0;
        return log_error_errno(
                        -EOPNOTSUPP, "--%s: systemd %d or later is needed, this one is %d", option, version,
                        ours);
}

/* ---- options together ---- */

static int check_manager(const RunCall *call) {
        bool root = geteuid() == 0;

        if (call->user && call->system)
                return log_error_errno(-EINVAL, "--user and --system exclude each other");
        if (call->user && root)
                return log_error_errno(
                                -EINVAL,
                                "--user: containers of root are units of the system; call it as "
                                "the user");
        if (call->system && !root)
                return log_error_errno(-EPERM, "--system: only root can have units of the system");
        return 0;
}

int run_check_together(const RunCall *call) {
        int sources = !!call->image + !!call->rootfs + !!call->bundle;
        const struct {
                bool wrong;
                const char *text;
        } rules[] = {
                { sources == 0, "one of --image=, --rootfs= and --bundle= is needed" },
                { sources > 1, "--image=, --rootfs= and --bundle= exclude each other" },
                { call->rootfs && !*call->command,
                  "a command is needed: a directory does not say what to run" },
                { call->gid && !call->uid, "--gid= needs --uid=" },
                { call->same_dir && call->working_directory,
                  "--same-dir and --working-directory= exclude each other" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rules); i++)
                if (rules[i].wrong)
                        return log_error_errno(-EINVAL, "%s (see berth-run --help)", rules[i].text);
        return check_manager(call);
}
