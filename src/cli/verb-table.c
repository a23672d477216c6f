/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the way from words to a verb: its options, the number of words, its help. */

#include "cli/verb-table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "basic/cleanup.h"
#include "basic/log.h"
#include "cli/i18n.h"

void verbs_print(const VerbTable *table) {
        for (size_t i = 0; i < table->n; i++)
                printf("  %-10s %s\n", table->verbs[i].name, _(table->verbs[i].help));
}

static int print_help(const Verb *verb) {
        i18n_setup();
        printf("%s\n  berth %s %s%s\n\n%s.\n", _("Usage:"), verb->name,
               verb->options->name ? "[OPTION...] " : "", verb->arguments, _(verb->help));
        if (verb->options->name)
                printf("\n%s\n", _("Options:"));
        options_print(verb->options);
        return EXIT_SUCCESS;
}

static const Verb *find_verb(const VerbTable *table, const char *name) {
        for (size_t i = 0; i < table->n; i++)
                if (streq(table->verbs[i].name, name))
                        return &table->verbs[i];
        return NULL;
}

static int print_usage(const Verb *verb) {
        _cleanup_free_ char *command = g_strconcat("berth ", verb->name, NULL);

        i18n_setup();
        options_print_usage(verb->options, command, verb->arguments);
        return EXIT_SUCCESS;
}

int verb_help(const VerbTable *table, const char *name) {
        const Verb *verb = find_verb(table, name);

        return verb ? print_help(verb) : -ENOENT;
}

/* NULL: the number of words is right. Caller frees. */
static char *check_count(const Verb *verb, int n) {
        if (n >= verb->min_args && (verb->max_args < 0 || n <= verb->max_args))
                return NULL;
        if (verb->min_args == verb->max_args)
                return g_strdup_printf("\"%s\" requires exactly %d argument(s)", verb->name, verb->min_args);
        if (n < verb->min_args)
                return g_strdup_printf(
                                "\"%s\" requires a minimum of %d argument(s)", verb->name, verb->min_args);
        return g_strdup_printf("\"%s\" requires a maximum of %d argument(s)", verb->name, verb->max_args);
}

/* Help for who types, and the error for who reads stderr, as from runc. */
static int wrong_usage(const Verb *verb, const char *error) {
        printf("Incorrect Usage: %s\n\n", error);
        (void) print_help(verb);
        (void) fflush(stdout);
        log_error("%s", error);
        return EXIT_FAILURE;
}

/* Where the words behind an id are a command line of its own, options of ours end in front of it. */
static int parse(const Verb *verb, char **argv, int *index, void *target, char **ret_error) {
        int r;

        r = options_parse(verb->options, argv, index, target, ret_error);
        if (r != 0 || verb->max_args == ARGS_COMMAND || streq(argv[*index - 1], "--"))
                return r;
        return options_parse_among(verb->options, argv + *index, target, ret_error);
}

static int parse_and_run(const Verb *verb, const GlobalOptions *global, char **argv, void *target) {
        _cleanup_free_ char *error = NULL;
        int index = 1, r;

        r = parse(verb, argv, &index, target, &error);
        if (r == OPTIONS_HELP)
                return print_help(verb);
        if (r == OPTIONS_USAGE)
                return print_usage(verb);
        if (r >= 0)
                error = check_count(verb, (int) g_strv_length(argv + index));
        if (error)
                return wrong_usage(verb, error);
        log_debug("berth %s %s, state in %s", BERTH_VERSION, verb->name, global->root);
        return verb->run(&(VerbCall) { .global = global, .options = target, .args = argv + index });
}

int verb_run(const VerbTable *table, const GlobalOptions *global, char **argv) {
        const Verb *verb = find_verb(table, argv[0]);
        _cleanup_free_ void *target = NULL;
        int status;

        if (!verb)
                return -ENOENT;
        target = g_malloc0(verb->options_size + 1);
        status = parse_and_run(verb, global, argv, target);
        options_done(verb->options, target);
        return status;
}
