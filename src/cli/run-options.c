/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the options of berth-run: one row each. */

#include "cli/run-options.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "basic/log.h"
#include "basic/macro.h"
#include "cli/i18n.h"
#include "cli/run-check.h"
#include "cli/run-shell.h"

typedef enum RunOptionType {
        RUN_SWITCH,   /* bool */
        RUN_STRING,   /* const char * */
        RUN_LIST,     /* char **, grows */
        RUN_PROPERTY, /* char **, grows; goes to systemd-run, too */
        RUN_VARIABLE, /* char **, grows; without "=" the value is taken from our environment */
        RUN_PASSED,   /* goes to systemd-run */
} RunOptionType;

typedef struct RunOption {
        const char *name;
        char letter; /* 0: none */
        RunOptionType type;
        size_t offset;           /* of the member it sets */
        const char *placeholder; /* NULL for switches; says what values are possible, see run-check.c */
        const char *help;        /* translatable */
        int since;               /* version of systemd-run that knows it; 0: all that are supported */
} RunOption;

#define AT(member) offsetof(RunCall, member)

/* Alphabetical. */
static const RunOption run_options[] = {
        { "background", 0, RUN_STRING, AT(background), "COLOR",
          N_("color of the terminal's background meanwhile") },
        { "bundle", 0, RUN_STRING, AT(bundle), "DIR", N_("run the OCI bundle in this directory") },
        { "collect", 'G', RUN_SWITCH, AT(collect), NULL, N_("forget the unit even if it fails") },
        { "description", 0, RUN_STRING, AT(description), "TEXT", N_("description of the unit") },
        { "expand-environment", 0, RUN_STRING, AT(expand), "BOOL",
          N_("replace variables of --setenv= in the command (default: no)") },
        { "gid", 0, RUN_STRING, AT(gid), "GROUP", N_("group in the container, needs --uid") },
        { "help", 'h', RUN_SWITCH, AT(help), NULL, N_("show this text") },
        { "ignore-failure", 0, RUN_SWITCH, AT(ignore_failure), NULL,
          N_("take each end of the payload for a success") },
        { "image", 0, RUN_STRING, AT(image), "IMAGE", N_("run an image: its name, or oci:DIR[:NAME]") },
        { "job-mode", 0, RUN_PASSED, 0, "MODE", N_("what happens to jobs that are queued already"), 258 },
        { "json", 0, RUN_STRING, AT(json), "pretty|short|off", N_("print unit and invocation ID as JSON") },
        { "listen", 0, RUN_LIST, AT(listen), "ADDRESS",
          N_("start it when somebody connects to this address") },
        { "network", 0, RUN_STRING, AT(network), "NETWORK",
          N_("its network: host, none, ns:PATH or container:ID") },
        { "nice", 0, RUN_PASSED, 0, "NICE", N_("niceness of the payload, -20 to 19") },
        { "no-ask-password", 0, RUN_PASSED, 0, NULL, N_("never ask for a password") },
        { "no-block", 0, RUN_PASSED, 0, NULL, N_("do not wait until the container has started") },
        { "on-active", 0, RUN_PASSED, 0, "TIME", N_("start it after this time") },
        { "on-boot", 0, RUN_PASSED, 0, "TIME", N_("start it this time after the boot of the machine") },
        { "on-calendar", 0, RUN_PASSED, 0, "SPEC", N_("start it at these times of the calendar") },
        { "on-clock-change", 0, RUN_PASSED, 0, NULL, N_("start it when the clock is set") },
        { "on-startup", 0, RUN_PASSED, 0, "TIME", N_("start it this time after the start of systemd") },
        { "on-timezone-change", 0, RUN_PASSED, 0, NULL, N_("start it when the time zone changes") },
        { "on-unit-active", 0, RUN_PASSED, 0, "TIME", N_("start it this time after its last start") },
        { "on-unit-inactive", 0, RUN_PASSED, 0, "TIME", N_("start it this time after its last end") },
        { "path-property", 0, RUN_PASSED, 0, "NAME=VALUE",
          N_("start it by a path unit that has this property") },
        { "pipe", 'P', RUN_SWITCH, AT(pipe), NULL, N_("give the payload our stdin, stdout and stderr") },
        { "property", 'p', RUN_PROPERTY, AT(properties), "NAME=VALUE", N_("set a property of the unit") },
        { "pty", 't', RUN_SWITCH, AT(pty), NULL, N_("give the payload a terminal and connect ours to it") },
        { "quiet", 'q', RUN_PASSED, 0, NULL, N_("say nothing but errors") },
        { "read-only", 0, RUN_SWITCH, AT(read_only), NULL, N_("make the root file system read-only") },
        { "remain-after-exit", 'r', RUN_PASSED, 0, NULL,
          N_("leave the unit active after the payload's end") },
        { "rootfs", 0, RUN_STRING, AT(rootfs), "DIR", N_("run a command in this root file system") },
        { "same-dir", 'd', RUN_SWITCH, AT(same_dir), NULL,
          N_("give the payload our directory, and run it there") },
        { "scope", 0, RUN_SWITCH, AT(scope), NULL, N_("run it in our own context, in a scope") },
        { "send-sighup", 0, RUN_PASSED, 0, NULL, N_("send SIGHUP, too, when the unit is stopped") },
        { "service-type", 0, RUN_STRING, AT(service_type), "exec|notify|oneshot|simple",
          N_("when the container counts as started") },
        { "setenv", 'E', RUN_VARIABLE, AT(environment), "NAME[=VALUE]",
          N_("set an environment variable of the payload") },
        { "shell", 'S', RUN_SWITCH, AT(shell), NULL,
          N_("run a shell at a terminal: -t, -d, --wait and -G") },
        { "slice", 0, RUN_PASSED, 0, "SLICE", N_("run in this slice") },
        { "slice-inherit", 0, RUN_PASSED, 0, NULL, N_("run in the slice that we are in") },
        { "socket-property", 0, RUN_PASSED, 0, "NAME=VALUE",
          N_("start it by a socket unit that has this property") },
        { "system", 0, RUN_SWITCH, AT(system), NULL,
          N_("be a unit of the system's systemd: what root has") },
        { "timer-property", 0, RUN_PASSED, 0, "NAME=VALUE", N_("set a property of the timer unit") },
        { "uid", 0, RUN_STRING, AT(uid), "USER", N_("user in the container") },
        { "unit", 'u', RUN_STRING, AT(unit), "UNIT", N_("name of the unit") },
        { "user", 0, RUN_SWITCH, AT(user), NULL, N_("be a unit of the user's systemd: what others have") },
        { "verbose", 'v', RUN_PASSED, 0, NULL, N_("show what the unit logs"), 258 },
        { "version", 0, RUN_SWITCH, AT(version), NULL, N_("show the version") },
        { "volume", 0, RUN_LIST, AT(volumes), "SOURCE:DIR[:OPTIONS]",
          N_("mount something in the container") },
        { "wait", 0, RUN_SWITCH, AT(wait), NULL, N_("wait for the end and tell how it was") },
        { "working-directory", 'w', RUN_STRING, AT(working_directory), "DIR",
          N_("working directory in the container") },
};

/* Values of getopt_long(3) for options: above all letters. */
#define FIRST_VALUE 0x100

void run_call_done(RunCall *call) {
        g_strfreev(call->environment);
        g_strfreev(call->listen);
        g_strfreev(call->properties);
        g_strfreev(call->volumes);
        if (call->passed)
                g_ptr_array_unref(call->passed);
        if (call->given)
                g_ptr_array_unref(call->given);
        *call = (RunCall) { 0 };
}

static void append(char ***list, char *word) {
        size_t n = *list ? g_strv_length(*list) : 0;

        *list = g_renew(char *, *list, n + 2);
        (*list)[n] = word;
        (*list)[n + 1] = NULL;
}

static int add_variable(const char *word, char ***list) {
        const char *value = strchr(word, '=') ? NULL : getenv(word);

        if (!strchr(word, '=') && !value)
                return log_error_errno(-EINVAL, "--setenv=%s: there is no such variable here", word);
        append(list, value ? g_strconcat(word, "=", value, NULL) : g_strdup(word));
        return 0;
}

static void pass(const RunOption *o, const char *value, RunCall *call) {
        g_ptr_array_add(call->passed, g_strconcat("--", o->name, value ? "=" : NULL, value, NULL));
}

static int take_option(const RunOption *o, const char *value, RunCall *call) {
        void *member = (char *) call + o->offset;
        int r = run_check_value(o->name, o->placeholder, value);

        if (r >= 0)
                r = run_check_since(o->name, o->since);
        if (r < 0)
                return r;
        g_ptr_array_add(call->given, g_strconcat("--", o->name, o->placeholder ? "=" : NULL, NULL));
        switch (o->type) {
        case RUN_SWITCH:
                *(bool *) member = true;
                return 0;
        case RUN_STRING:
                *(const char **) member = value;
                return 0;
        case RUN_LIST:
                append(member, g_strdup(value));
                return 0;
        case RUN_PROPERTY:
                append(member, g_strdup(value));
                pass(o, value, call);
                return 0;
        case RUN_VARIABLE:
                return add_variable(value, member);
        default:
                pass(o, value, call);
                return 0;
        }
}

/* The table in getopt's words. */
static void describe_options(struct option *longs, GString *letters) {
        g_string_assign(letters, "+");
        for (size_t i = 0; i < ELEMENTSOF(run_options); i++) {
                const RunOption *o = run_options + i;

                longs[i] = (struct option) { o->name, o->placeholder ? required_argument : no_argument, NULL,
                                             FIRST_VALUE + (int) i };
                if (!o->letter)
                        continue;
                g_string_append_c(letters, o->letter);
                if (o->placeholder)
                        g_string_append_c(letters, ':');
        }
}

static const RunOption *find_option(int value) {
        if (value >= FIRST_VALUE)
                return run_options + (value - FIRST_VALUE);
        for (size_t i = 0; i < ELEMENTSOF(run_options); i++)
                if (run_options[i].letter == value)
                        return run_options + i;
        return NULL;
}

int run_options_parse(int argc, char **argv, RunCall *ret) {
        struct option longs[ELEMENTSOF(run_options) + 1] = { 0 };
        _cleanup_(run_call_done) RunCall call = {
                .passed = g_ptr_array_new_with_free_func(g_free),
                .given = g_ptr_array_new_with_free_func(g_free),
        };
        _cleanup_string_ GString *letters = g_string_new(NULL);
        int value, r;

        describe_options(longs, letters);
        while ((value = getopt_long(argc, argv, letters->str, longs, NULL)) >= 0) {
                const RunOption *option = find_option(value);

                if (!option) /* getopt has said what is wrong */
                        return -EINVAL;
                r = take_option(option, optarg, &call);
                if (r < 0)
                        return r;
        }
        call.command = argv + optind;
        r = run_shell_apply(&call);
        if (r < 0)
                return r;
        if (!call.help && !call.version) {
                r = run_check_together(&call);
                if (r < 0)
                        return r;
        }
        *ret = TAKE(call, (RunCall) { 0 });
        return 0;
}

void run_options_print(void) {
        for (size_t i = 0; i < ELEMENTSOF(run_options); i++) {
                const RunOption *o = run_options + i;
                const char letter[] = { '-', o->letter, '\0' };
                _cleanup_free_ char *left = g_strconcat(
                                o->letter ? letter : "  ", o->letter ? ", --" : "  --", o->name,
                                o->placeholder ? "=" : "", o->placeholder ? o->placeholder : "", NULL);

                printf("  %-32s %s\n", left, _(o->help));
        }
}
