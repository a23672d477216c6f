/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Verbs that only tell something. None of them loads a JSON library. */

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>

#include "basic/json-text.h"
#include "basic/log.h"
#include "cli/i18n.h"
#include "cli/verb-options.h"
#include "cli/verbs.h"
#include "runtime/bundle.h"
#include "runtime/feature-list.h"
#include "runtime/state.h"

static char *owner_name(const State *s) {
        const struct passwd *pw = getpwuid(s->owner);

        return pw ? g_strdup(pw->pw_name) : g_strdup_printf("%u", s->owner);
}

/* What "state" prints and "list --format json" has an array of. */
static void append_state(JsonText *json, const GlobalOptions *global, const State *s, const char *owner) {
        ContainerStatus status = state_status(global->root, s);

        json_text_begin_object(json, NULL);
        json_text_string(json, "ociVersion", s->oci_version ? s->oci_version : "1.0.0");
        json_text_string(json, "id", s->id);
        json_text_int(json, "pid", status == CONTAINER_STOPPED ? 0 : s->pid);
        json_text_string(json, "status", container_status_to_string(status));
        json_text_string(json, "bundle", s->bundle);
        json_text_string(json, "rootfs", s->rootfs ? s->rootfs : "");
        json_text_string(json, "created", s->created ? s->created : "");
        if (s->annotations)
                json_text_raw(json, "annotations", s->annotations);
        if (s->scope)
                json_text_string(json, "systemd-scope", s->scope);
        json_text_string(json, "owner", owner);
        json_text_end_object(json);
}

int verb_state(const VerbCall *call) {
        _cleanup_(state_freep) State *state = NULL;
        _cleanup_string_ GString *out = g_string_new(NULL);
        JsonText json;

        if (state_load(call->global->root, call->args[0], &state) < 0)
                return EXIT_FAILURE;
        json_text_init(&json, out, /* indent= */ 2);
        append_state(&json, call->global, state, "");
        fputs(out->str, stdout);
        return EXIT_SUCCESS;
}

typedef struct Lister {
        void (*begin)(void);
        void (*item)(const GlobalOptions *global, const State *state, JsonText *json);
        void (*end)(JsonText *json);
} Lister;

static void table_begin(void) {
        i18n_setup();
        printf("%-20s %-10s %-10s %-30s %-30s %s\n", "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER");
}

static void table_item(const GlobalOptions *global, const State *s, JsonText *json) {
        _cleanup_free_ char *owner = owner_name(s);
        ContainerStatus status = state_status(global->root, s);

        printf("%-20s %-10d %-10s %-30s %-30s %s\n", s->id, status == CONTAINER_STOPPED ? 0 : (int) s->pid,
               container_status_to_string(status), s->bundle, s->created, owner);
}

static void quiet_item(const GlobalOptions *global, const State *s, JsonText *json) {
        puts(s->id);
}

static void json_item(const GlobalOptions *global, const State *s, JsonText *json) {
        _cleanup_free_ char *owner = owner_name(s);

        append_state(json, global, s, owner);
}

static void json_end(JsonText *json) {
        json_text_end_array(json);
        fputs(json->out->str, stdout);
        putchar('\n');
}

static const Lister table_lister = { table_begin, table_item, NULL };
static const Lister quiet_lister = { NULL, quiet_item, NULL };
static const Lister json_lister = { NULL, json_item, json_end };

static const Lister *choose_lister(const ListCall *o) {
        if (o->quiet)
                return &quiet_lister;
        if (!o->format || streq(o->format, "table"))
                return &table_lister;
        return streq(o->format, "json") ? &json_lister : NULL;
}

int verb_list(const VerbCall *call) {
        const ListCall *o = call->options;
        const Lister *lister = choose_lister(o);
        _cleanup_string_ GString *out = g_string_new(NULL);
        _cleanup_strv_ char **ids = NULL;
        JsonText json;
        int r;

        if (!lister) {
                log_error("invalid format option: %s", o->format);
                return EXIT_FAILURE;
        }
        r = state_list(call->global->root, &ids);
        if (r < 0) {
                (void) log_error_errno(r, "Failed to read '%s': %m", call->global->root);
                return EXIT_FAILURE;
        }

        json_text_init(&json, out, /* indent= */ 0);
        json_text_begin_array(&json, NULL);
        if (lister->begin)
                lister->begin();
        for (char **id = ids; *id; id++) {
                _cleanup_(state_freep) State *state = NULL;

                /* One that ended while we look is no error. */
                if (state_try_load(call->global->root, *id, &state) >= 0)
                        lister->item(call->global, state, &json);
        }
        if (lister->end)
                lister->end(&json);
        return EXIT_SUCCESS;
}

int verb_spec(const VerbCall *call) {
        const SpecCall *o = call->options;

        return bundle_write_template(o->bundle ? o->bundle : ".", o->rootless) < 0 ? EXIT_FAILURE
                                                                                   : EXIT_SUCCESS;
}

int verb_features(const VerbCall *call) {
        _cleanup_free_ char *text = features_text();

        puts(text);
        return EXIT_SUCCESS;
}
