/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The verb ps: its two ways to print. */

#include <stdio.h>
#include <stdlib.h>

#include "basic/cleanup.h"
#include "basic/json-text.h"
#include "basic/log.h"
#include "cli/verb-options.h"
#include "cli/verbs.h"
#include "runtime/ps.h"

static int print_table(const VerbCall *call) {
        _cleanup_free_ char *table = NULL;

        if (container_ps(call->global->root, call->args[0], call->args + 1, &table) < 0)
                return EXIT_FAILURE;
        fputs(table, stdout);
        return EXIT_SUCCESS;
}

static int print_json(const VerbCall *call) {
        _cleanup_string_ GString *out = g_string_new(NULL);
        _cleanup_free_ pid_t *pids = NULL;
        JsonText json;
        size_t n;

        if (container_pids(call->global->root, call->args[0], &pids, &n) < 0)
                return EXIT_FAILURE;
        json_text_init(&json, out, /* indent= */ 0);
        json_text_begin_array(&json, NULL);
        for (size_t i = 0; i < n; i++)
                json_text_int(&json, NULL, pids[i]);
        json_text_end_array(&json);
        puts(out->str);
        return EXIT_SUCCESS;
}

int verb_ps(const VerbCall *call) {
        const PsCall *o = call->options;

        if (isempty(o->format) || streq(o->format, "table"))
                return print_table(call);
        if (streq(o->format, "json"))
                return print_json(call);
        log_error("invalid format option: %s", o->format);
        return EXIT_FAILURE;
}
