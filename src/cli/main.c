/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the global options and the process's set-up; then hands over to a verb. */

#include "cli/main.h"

#include <stdio.h>
#include <stdlib.h>

#include "basic/cleanup.h"
#include "basic/fd-util.h"
#include "basic/log.h"
#include "cli/i18n.h"
#include "cli/options.h"
#include "cli/verbs.h"
#include "runtime/feature-list.h"
#include "runtime/state.h"

typedef struct Arguments {
        const char *root;
        const char *log;
        const char *log_format;
        const char *log_level;
        const char *cgroup_manager;
        const char *rootless;
        const char *criu;
        bool systemd_cgroup;
        bool debug;
        bool help;
        bool version;
} Arguments;

#define AT(member) offsetof(Arguments, member)

static const Option global_options[] = {
        { "cgroup-manager", NULL, OPTION_STRING, AT(cgroup_manager), "systemd|cgroupfs|disabled",
          N_("who makes the cgroup of a container") },
        { "criu", NULL, OPTION_STRING, AT(criu), "PATH", N_("program that saves and restores processes") },
        { "debug", NULL, OPTION_SWITCH, AT(debug), NULL, N_("tell everything") },
        { "help", "h", OPTION_SWITCH, AT(help), NULL, N_("show this text") },
        { "log", NULL, OPTION_STRING, AT(log), "FILE", N_("append errors to this file, too") },
        { "log-format", NULL, OPTION_STRING, AT(log_format), "text|json", N_("format of that file") },
        { "log-level", NULL, OPTION_STRING, AT(log_level), "error|warning|debug", N_("what to tell") },
        { "root", NULL, OPTION_STRING, AT(root), "DIR", N_("where state is kept (default: /run/berth)") },
        { "rootless", NULL, OPTION_STRING, AT(rootless), "true|false|auto",
          N_("whether a container may do without a cgroup of its own") },
        { "systemd-cgroup", NULL, OPTION_SWITCH, AT(systemd_cgroup), NULL,
          N_("make a scope, even if the configuration names a cgroup path") },
        { "version", "v", OPTION_SWITCH, AT(version), NULL, N_("show the version") },
        { 0 },
};

static int print_help(void) {
        i18n_setup();
        printf("%s\n  berth [OPTION...] %s [...]\n\n%s\n\n%s\n", _("Usage:"), _("COMMAND"),
               _("Run OCI containers as systemd units."), _("Commands:"));
        verbs_print();
        printf("\n%s\n", _("Options:"));
        options_print(global_options);
        printf("\n%s\n", _("berth COMMAND --help tells more about one command."));
        return EXIT_SUCCESS;
}

static int print_version(void) {
        _cleanup_free_ char *text = features_version_text();

        fputs(text, stdout);
        return EXIT_SUCCESS;
}

static int parse_level(const char *word, int *ret) {
        static const struct {
                const char *word;
                int level;
        } levels[] = { { "debug", LOG_DEBUG },
                       { "info", LOG_INFO },
                       { "warning", LOG_WARNING },
                       { "error", LOG_ERR } };

        for (size_t i = 0; i < ELEMENTSOF(levels); i++)
                if (streq(levels[i].word, word)) {
                        *ret = levels[i].level;
                        return 0;
                }
        return log_error_errno(-EINVAL, "invalid log-level: %s", word);
}

static int setup_log(const Arguments *a) {
        LogFormat format = LOG_FORMAT_TEXT;
        int level = LOG_ERR, r;

        log_set_program("berth");
        if (a->log_level) {
                r = parse_level(a->log_level, &level);
                if (r < 0)
                        return r;
        }
        log_set_level(a->debug ? LOG_DEBUG : level);

        if (a->log_format && streq(a->log_format, "json"))
                format = LOG_FORMAT_JSON;
        else if (a->log_format && !streq(a->log_format, "text"))
                return log_error_errno(-EINVAL, "invalid log-format: %s", a->log_format);
        log_set_format(format);
        if (!a->log || streq(a->log, "/dev/stderr"))
                return 0;
        r = log_open_file(a->log, format);
        return r < 0 ? log_error_errno(r, "Failed to open the log file '%s': %m", a->log) : 0;
}

static int find_root(const Arguments *a, char **ret) {
        char *root;

        root = a->root ? g_canonicalize_filename(a->root, NULL) : state_default_root();
        if (!root)
                return log_error_errno(-ENXIO, "XDG_RUNTIME_DIR is not set: use --root");
        if (streq(root, "/")) {
                g_free(root);
                return log_error_errno(-EINVAL, "--root: '/' cannot hold state directories");
        }
        *ret = root;
        return 0;
}

static int find_cgroup_manager(const Arguments *a, CgroupManager *ret) {
        int r;

        if (!a->cgroup_manager) {
                *ret = a->systemd_cgroup ? CGROUP_MANAGER_SYSTEMD : CGROUP_MANAGER_AUTO;
                return 0;
        }
        r = cgroup_manager_from_string(a->cgroup_manager);
        if (r < 0)
                return log_error_errno(
                                r, "invalid cgroup-manager: %s (expected systemd, cgroupfs or disabled)",
                                a->cgroup_manager);
        *ret = (CgroupManager) r;
        return 0;
}

static int find_rootless(const Arguments *a, Rootless *ret) {
        int r;

        r = rootless_from_string(a->rootless ? a->rootless : "auto");
        if (r < 0)
                return log_error_errno(
                                r, "invalid rootless: %s (expected true, false or auto)", a->rootless);
        *ret = (Rootless) r;
        return 0;
}

int cli_main(int argc, char **argv) {
        Arguments arguments = { 0 };
        _cleanup_free_ char *root = NULL;
        GlobalOptions global = { 0 };
        int index = 1, r;

        log_set_program("berth");
        r = fd_fill_stdio();
        if (r < 0)
                return EXIT_FAILURE; /* And nowhere to say so. */
        r = options_parse(global_options, argv, &index, &arguments);
        if (r < 0)
                return EXIT_FAILURE;
        if (arguments.version)
                return print_version();
        if (arguments.help || !argv[index] || streq(argv[index], "help"))
                return print_help();

        r = setup_log(&arguments);
        if (r >= 0)
                r = find_root(&arguments, &root);
        if (r >= 0)
                r = find_cgroup_manager(&arguments, &global.cgroup_manager);
        if (r >= 0)
                r = find_rootless(&arguments, &global.rootless);
        if (r < 0)
                return EXIT_FAILURE;
        global.root = root;
        global.criu = arguments.criu;
        return verb_run(&global, argv + index);
}
