/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns which values the placeholders of berth-run's options stand for. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/log.h"
#include "basic/macro.h"
#include "basic/parse-util.h"
#include "basic/time-span.h"
#include "cli/run-check.h"

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

static bool is_time(const char *value) {
        uint64_t usec;

        return parse_time_span(value, &usec) >= 0;
}

static bool is_port(const char *value) {
        uint32_t port;

        return parse_uint32(value, &port) >= 0 && port > 0 && port <= UINT16_MAX;
}

/* An interface may stand behind the address: [fe80::1%eth0]. */
static bool is_host(const char *host) {
        size_t n = strlen(host);
        _cleanup_free_ char *inner = NULL;
        struct in6_addr address;

        if (*host != '[')
                return inet_pton(AF_INET, host, &address) == 1;
        if (n < 2 || host[n - 1] != ']')
                return false;
        inner = g_strndup(host + 1, strcspn(host + 1, "%]"));
        return inet_pton(AF_INET6, inner, &address) == 1;
}

/* The addresses of streams that systemd.socket(5) has. */
static bool is_address(const char *value) {
        const char *colon = strrchr(value, ':');
        _cleanup_free_ char *host = colon ? g_strndup(value, (size_t) (colon - value)) : NULL;

        if (*value == '/' || *value == '@' || *value == '.')
                return value[1];
        if (startswith(value, "vsock:"))
                return true;
        return host ? is_host(host) && is_port(colon + 1) : is_port(value);
}

/* systemd-run would only say that something is invalid. Where there is nobody to ask, it says that. */
static bool is_calendar(const char *value) {
        const char *const argv[] = { "systemd-analyze", "calendar", "--", value, NULL };
        posix_spawn_file_actions_t actions;
        int r, status = 0;
        pid_t pid;

        (void) posix_spawn_file_actions_init(&actions);
        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
                (void) posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
        r = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *) argv, environ);
        (void) posix_spawn_file_actions_destroy(&actions);
        if (r != 0 || waitpid(pid, &status, 0) < 0)
                return true;
        return status == 0;
}

static const struct {
        const char *placeholder;
        bool (*is_good)(const char *value);
        const char *expected;
} values[] = {
        { "ADDRESS", is_address, "a port, ADDRESS:PORT or the path of a socket" },
        { "BOOL", is_boolean, "yes or no" },
        { "NAME=VALUE", is_assignment, "NAME=VALUE" },
        { "NICE", is_nice, "a number from -20 to 19" },
        { "SPEC", is_calendar, "a calendar specification, such as daily or 'Mon *-*-* 03:00'" },
        { "TIME", is_time, "a length of time, such as 30 or 1h 30min" },
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
