/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The keys about health and reload: every spelling that Quadlet's users have, and what is wrong with others.
 */

#include <signal.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/time-span.h"
#include "config/container-file.h"

#define BASE "[Container]\nRootfs=/r\nExec=x\n"
#define SEC  UINT64_C(1000000)

static ContainerFile *parse(const char *text, GPtrArray *messages) {
        GPtrArray *files = g_ptr_array_new();

        g_ptr_array_add(files, unit_file_parse("f", g_strdup(text), strlen(text), messages));
        return container_file_new("web", files, messages);
}

static ContainerFile *parse_good(const char *text) {
        _cleanup_ptr_array_ GPtrArray *messages = config_messages_new();
        ContainerFile *c = parse(text, messages);

        g_test_message("%s", text);
        g_assert_cmpuint(messages->len, ==, 0);
        return c;
}

static void test_commands(void) {
        static const struct {
                const char *value, *words;
        } cases[] = {
                { "curl -f http://localhost || exit 1", "/bin/sh|-c|curl -f http://localhost || exit 1" },
                { "\"test -e /up\"", "/bin/sh|-c|test -e /up" },
                { "test -e \"/up\"", "/bin/sh|-c|test -e \"/up\"" },
                { "\"a\" \"b\"", "/bin/sh|-c|\"a\" \"b\"" },
                { "CMD-SHELL test -e /up && true", "/bin/sh|-c|test -e /up && true" },
                { "CMD test -e '/a b'", "test|-e|/a b" },
                { "CMDX test", "/bin/sh|-c|CMDX test" },
                { "[\"CMD\", \"test\", \"-e\", \"/a b\"]", "test|-e|/a b" },
                { "[\"CMD-SHELL\", \"test -e /up\"]", "/bin/sh|-c|test -e /up" },
                { "[\"test\", \"-e\", \"/up\"]", "test|-e|/up" },
                { "[\"test -e /up\"]", "/bin/sh|-c|test -e /up" },
                { "[ -e /up ]", "/bin/sh|-c|[ -e /up ]" },
                { "none", "" },
                { "NONE", "" },
                { "[\"NONE\"]", "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = g_strconcat(BASE "HealthCmd=", cases[i].value, "\n", NULL);
                _cleanup_(container_file_freep) ContainerFile *c = parse_good(text);
                _cleanup_free_ char *words = g_strjoinv("|", c->health.command);

                g_assert_cmpstr(words, ==, cases[i].words);
                g_assert_cmpint(container_health_is_checked(&c->health), ==, *cases[i].words != '\0');
        }
}

static void test_values(void) {
        _cleanup_(container_file_freep) ContainerFile *c = parse_good(
                        BASE
                        "HealthCmd=true\nHealthInterval=1m30s\nHealthTimeout=1min 5s\nHealthRetries=5\n"
                        "HealthStartPeriod=2\nHealthOnFailure=restart\nNotify=healthy\nReloadSignal=HUP\n");
        _cleanup_(container_file_freep) ContainerFile *off =
                        parse_good(BASE "HealthCmd=true\nHealthInterval=disable\nHealthOnFailure=none\n");
        _cleanup_(container_file_freep) ContainerFile *reset = parse_good(
                        BASE "HealthCmd=true\nHealthInterval=1s\nHealthOnFailure=kill\nHealthRetries=2\n"
                             "HealthCmd=\nHealthInterval=\nHealthOnFailure=\nHealthRetries=\n");
        _cleanup_(container_file_freep) ContainerFile *none =
                        parse_good(BASE "HealthCmd=true\nHealthInterval=1s\nHealthCmd=none\n");
        _cleanup_(container_file_freep) ContainerFile *command =
                        parse_good(BASE "ReloadCmd=a b\nReloadCmd=nginx -s \"re load\"\n");

        g_assert_cmpuint(c->health.interval_usec, ==, 90 * SEC);
        g_assert_cmpuint(c->health.timeout_usec, ==, 65 * SEC);
        g_assert_cmpuint(c->health.start_period_usec, ==, 2 * SEC);
        g_assert_cmpuint(c->health.retries, ==, 5);
        g_assert_cmpint(c->health.on_failure, ==, CONTAINER_ON_FAILURE_RESTART);
        g_assert_cmpint(c->reload_signal, ==, SIGHUP);
        g_assert_false(container_health_is_checked(&off->health));
        g_assert_cmpint(off->health.on_failure, ==, CONTAINER_ON_FAILURE_STATUS);
        g_assert_null(reset->health.command);
        g_assert_cmpuint(reset->health.interval_usec, ==, 0);
        g_assert_false(container_health_is_checked(&none->health));
        g_assert_cmpuint(g_strv_length(command->reload_cmd), ==, 3);
        g_assert_cmpstr(command->reload_cmd[2], ==, "re load");
}

static void test_errors(void) {
#define REFUSED(key, hint) "f:4: key '" key "' is not possible in section [Container]: " hint
#define NEEDS_CMD          "f: Health...= settings need HealthCmd=, which says how to check"
        static const struct {
                const char *line, *message;
        } cases[] = {
                { "HealthCmd=[\"CMD\"]",
                  "f:4: HealthCmd=: expected a command, a JSON array with one, or none" },
                { "HealthCmd=CMD", "f:4: HealthCmd=: expected a command, a JSON array with one, or none" },
                { "HealthCmd=[]", "f:4: HealthCmd=: expected a command, a JSON array with one, or none" },
                { "HealthInterval=often",
                  "f:4: HealthInterval=often: expected a length of time, such as 30s or 1min 30s" },
                { "HealthTimeout=0", "f:4: HealthTimeout=0: no check can be made in no time" },
                { "HealthTimeout=disable",
                  "f:4: HealthTimeout=disable: expected a length of time, such as 30s or 1min 30s" },
                { "HealthRetries=0", "f:4: HealthRetries=0: expected a number above 0" },
                { "HealthRetries=-1", "f:4: HealthRetries=-1: expected a number above 0" },
                { "HealthOnFailure=cry",
                  "f:4: HealthOnFailure=cry: expected status, restart, stop or kill" },
                { "HealthInterval=5s", NEEDS_CMD },
                { "HealthOnFailure=kill", NEEDS_CMD },
                { "Notify=healthy", "f: Notify=healthy needs HealthCmd=, and checks that are not disabled" },
                { "HealthCmd=x\nHealthInterval=0\nNotify=healthy",
                  "f: Notify=healthy needs HealthCmd=, and checks that are not disabled" },
                { "HealthStartupCmd=x",
                  REFUSED("HealthStartupCmd", "use HealthStartPeriod=, in which failures do not count") },
                { "ReloadCmd=x\nReloadSignal=HUP", "f: ReloadCmd= and ReloadSignal= exclude each other" },
                { "[Service]\nReloadSignal=USR1",
                  "f:5: key 'ReloadSignal' is not possible in section [Service]: use ReloadSignal= in "
                  "[Container]" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_ptr_array_ GPtrArray *messages = config_messages_new();
                _cleanup_free_ char *text = g_strconcat(BASE, cases[i].line, "\n", NULL), *line = NULL;
                _cleanup_(container_file_freep) ContainerFile *c = parse(text, messages);

                g_test_message("%s", cases[i].line);
                g_assert_cmpuint(messages->len, ==, 1);
                line = config_message_format(messages->pdata[0]);
                g_assert_cmpstr(line, ==, cases[i].message);
        }
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/container-health/commands", test_commands);
        g_test_add_func("/container-health/values", test_values);
        g_test_add_func("/container-health/errors", test_errors);
        return g_test_run();
}
