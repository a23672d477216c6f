/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the global options and the process's set-up; then hands over to a verb. */

#include "cli/main.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/fd-util.h"
#include "basic/log-journal.h"
#include "basic/log.h"
#include "basic/parse-util.h"
#include "cli/declared-names.h"
#include "cli/i18n.h"
#include "cli/options.h"
#include "cli/verb-table.h"
#include "runtime/feature-list.h"
#include "runtime/relay.h"
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
        { "log", NULL, OPTION_STRING, AT(log), "FILE|journald:NAME|syslog:NAME",
          N_("append errors to this file, or send them there, too") },
        { "log-format", NULL, OPTION_STRING, AT(log_format), "text|json|journal|plain",
          N_("format of that file, or of stderr") },
        { "log-level", NULL, OPTION_STRING, AT(log_level), "error|warning|debug", N_("what to tell") },
        { "root", NULL, OPTION_STRING, AT(root), "DIR", N_("where state is kept (default: /run/berth)") },
        { "rootless", NULL, OPTION_STRING, AT(rootless), "true|false|auto",
          N_("whether a container may do without a cgroup of its own") },
        { "systemd-cgroup", NULL, OPTION_SWITCH, AT(systemd_cgroup), NULL,
          N_("make a scope, even if the configuration names a cgroup path") },
        { "V", NULL, OPTION_SWITCH, AT(version), NULL, NULL },
        { "version", "v", OPTION_SWITCH, AT(version), NULL, N_("show the version") },
        { 0 },
};

static void print_declared(void) {
        printf("\n%s\n", _("Commands for declarations and images:"));
        for (const DeclaredName *d = declared_names; d->name; d++)
                printf("  %-10s %s\n", d->name, _(d->help));
}

static int print_help(const VerbTable *table) {
        i18n_setup();
        printf("%s\n  berth [OPTION...] %s [...]\n\n%s\n\n%s\n", _("Usage:"), _("COMMAND"),
               _("Run OCI containers as systemd units."), _("Commands:"));
        verbs_print(table);
        if (table == &oci_verbs)
                print_declared();
        printf("\n%s\n", _("Options:"));
        options_print(global_options);
        printf("\n%s\n", _("berth COMMAND --help tells more about one command."));
        return EXIT_SUCCESS;
}

static int print_usage(void) {
        i18n_setup();
        options_print_usage(global_options, "berth", "COMMAND [...]");
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

/* People read a terminal, journald its stream, and programs what they know from runc. */
static LogStyle default_style(void) {
        if (isatty(STDERR_FILENO))
                return LOG_STYLE_PLAIN;
        return stream_is_journal(STDERR_FILENO, getenv("JOURNAL_STREAM")) ? LOG_STYLE_JOURNAL
                                                                          : LOG_STYLE_RECORD;
}

static int set_format(const char *word, LogFormat *ret) {
        static const struct {
                const char *word;
                LogFormat format;
                LogStyle style;
        } formats[] = { { "text", LOG_FORMAT_TEXT, LOG_STYLE_RECORD },
                        { "json", LOG_FORMAT_JSON, LOG_STYLE_RECORD },
                        { "journal", LOG_FORMAT_TEXT, LOG_STYLE_JOURNAL },
                        { "plain", LOG_FORMAT_TEXT, LOG_STYLE_PLAIN } };

        for (size_t i = 0; i < ELEMENTSOF(formats); i++)
                if (streq(formats[i].word, word)) {
                        log_set_format(formats[i].format);
                        log_set_style(formats[i].style);
                        *ret = formats[i].format;
                        return 0;
                }
        return log_error_errno(-EINVAL, "invalid log-format: %s", word);
}

/* "file:" is crun's way to write a path, and so are the two daemons. */
static int open_log(const char *target, LogFormat format) {
        const char *journal = startswith(target, "journald:"), *syslog = startswith(target, "syslog:"),
                   *file = startswith(target, "file:");
        int r;

        if (!file)
                file = target;
        if (journal)
                r = log_open_daemon(LOG_DAEMON_JOURNAL, journal);
        else if (syslog)
                r = log_open_daemon(LOG_DAEMON_SYSLOG, syslog);
        else if (streq(file, "/dev/stderr"))
                r = 0;
        else
                r = log_open_file(file, format);
        return r < 0 ? log_error_errno(r, "Failed to open the log '%s': %m", target) : 0;
}

static int setup_log(const Arguments *a) {
        LogFormat format = LOG_FORMAT_TEXT;
        int level = LOG_ERR, r = 0;

        if (!isempty(a->log_level))
                r = parse_level(a->log_level, &level);
        log_set_level(a->debug ? LOG_DEBUG : level);
        if (r >= 0 && !isempty(a->log_format))
                r = set_format(a->log_format, &format);
        if (r >= 0 && !isempty(a->log))
                r = open_log(a->log, format);
        return r;
}

static int find_root(const Arguments *a, char **ret) {
        char *root;

        root = !isempty(a->root) ? g_canonicalize_filename(a->root, NULL) : state_default_root();
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

        r = rootless_from_string(isempty(a->rootless) ? "auto" : a->rootless);
        if (r < 0)
                return log_error_errno(
                                r, "invalid rootless: %s (expected true, false or auto)", a->rootless);
        *ret = (Rootless) r;
        return 0;
}

static int set_up(const Arguments *a, GlobalOptions *global, char **ret_root) {
        int r;

        r = setup_log(a);
        if (r >= 0)
                r = find_root(a, ret_root);
        if (r >= 0)
                r = find_cgroup_manager(a, &global->cgroup_manager);
        if (r >= 0)
                r = find_rootless(a, &global->rootless);
        global->root = *ret_root;
        global->criu = a->criu;
        return r;
}

static int wrong_usage(const VerbTable *table, const char *error) {
        printf("Incorrect Usage. %s\n\n", error);
        (void) print_help(table);
        (void) fflush(stdout);
        log_error("%s", error);
        return EXIT_FAILURE;
}

#define EXIT_UNKNOWN_COMMAND 3 /* as runc has it */

/* A verb that is not in the table. */
static int other_verb(const VerbTable *table, const char *name, char **argv) {
        int r = table == &oci_verbs ? declared_execute(name, argv) : -ENOENT;

        if (r != -ENOENT)
                return EXIT_FAILURE;
        log_error("No help topic for '%s': there is no such command (see berth --help)", name);
        return EXIT_UNKNOWN_COMMAND;
}

static int help_about(const VerbTable *table, const char *name) {
        char *argv[] = { (char *) "berth", (char *) name, (char *) "--help", NULL };
        int r = verb_help(table, name);

        return r == -ENOENT ? other_verb(table, name, argv) : r;
}

int cli_main(const VerbTable *table, char **argv) {
        _cleanup_free_ char *root = NULL, *error = NULL;
        Arguments arguments = { 0 };
        GlobalOptions global = { 0 };
        int index = 1, r;

        log_set_program("berth");
        r = fd_fill_stdio();
        if (r < 0)
                return EXIT_FAILURE; /* And nowhere to say so. */
        log_set_style(default_style());
        r = options_parse(global_options, argv, &index, &arguments, &error);
        if (r < 0)
                return wrong_usage(table, error);
        if (r == OPTIONS_USAGE)
                return print_usage();
        if (arguments.version)
                return print_version();
        if (arguments.help || r == OPTIONS_HELP || !argv[index])
                return print_help(table);
        if (streq(argv[index], "help") || streq(argv[index], "h"))
                return argv[index + 1] ? help_about(table, argv[index + 1]) : print_help(table);

        r = set_up(&arguments, &global, &root);
        if (r < 0)
                return EXIT_FAILURE;
        r = verb_run(table, &global, argv + index);
        return r == -ENOENT ? other_verb(table, argv[index], argv) : r;
}
