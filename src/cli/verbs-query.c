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
#include "runtime/health-record.h"
#include "runtime/ready.h"
#include "runtime/state.h"

static char *owner_name(const State *s) {
        const struct passwd *pw = getpwuid(s->owner);

        return pw ? g_strdup(pw->pw_name) : g_strdup_printf("%u", s->owner);
}

/* What "state" prints and "list --format json" has an array of. */
static void append_state(JsonText *json, const GlobalOptions *global, const State *s, const char *owner) {
        ContainerStatus status = state_status(global->root, s);
        _cleanup_free_ char *ready = ready_time(global->root, s->id);

        json_text_begin_object(json, NULL);
        json_text_string(json, "ociVersion", s->oci_version ? s->oci_version : "1.0.0");
        json_text_string(json, "id", s->id);
        json_text_int(json, "pid", status == CONTAINER_STOPPED ? 0 : s->pid);
        json_text_string(json, "status", container_status_to_string(status));
        json_text_string(json, "bundle", s->bundle);
        json_text_string(json, "rootfs", s->rootfs ? s->rootfs : "");
        json_text_string(json, "created", s->created ? s->created : "");
        if (ready)
                json_text_string(json, "ready", ready);
        health_record_append(json, global->root, s->id);
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

/* ---- list ---- */

enum {
        COLUMN_ID,
        COLUMN_PID,
        COLUMN_STATUS,
        COLUMN_BUNDLE,
        COLUMN_CREATED,
        COLUMN_OWNER,
        _COLUMN_MAX,
};

/* Columns are as wide as what is in them, as in runc: scripts cut them apart by position, too. */
#define COLUMN_WIDTH_MIN 12
#define COLUMN_GAP       3

typedef struct Listing {
        const GlobalOptions *global;
        GPtrArray *rows; /* of char *[_COLUMN_MAX + 1] */
        GString *out;
        JsonText json;
} Listing;

typedef struct Lister {
        void (*item)(Listing *l, const State *state);
        void (*end)(Listing *l);
} Lister;

static void table_item(Listing *l, const State *s) {
        ContainerStatus status = state_status(l->global->root, s);
        char **row = g_new0(char *, _COLUMN_MAX + 1);

        row[COLUMN_ID] = g_strdup(s->id);
        row[COLUMN_PID] = g_strdup_printf("%d", status == CONTAINER_STOPPED ? 0 : (int) s->pid);
        row[COLUMN_STATUS] = g_strdup(container_status_to_string(status));
        row[COLUMN_BUNDLE] = g_strdup(s->bundle);
        row[COLUMN_CREATED] = g_strdup(s->created ? s->created : "");
        row[COLUMN_OWNER] = owner_name(s);
        g_ptr_array_add(l->rows, row);
}

static int text_width(const char *text) {
        return (int) (g_utf8_validate(text, -1, NULL) ? (size_t) g_utf8_strlen(text, -1) : strlen(text));
}

static void table_end(Listing *l) {
        static const char *const header[] = { "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER", NULL };
        int widths[_COLUMN_MAX];

        g_ptr_array_insert(l->rows, 0, g_strdupv((char **) header));
        for (int c = 0; c < _COLUMN_MAX; c++) {
                widths[c] = COLUMN_WIDTH_MIN;
                for (guint i = 0; i < l->rows->len; i++)
                        widths[c] = MAX(widths[c],
                                        text_width(((char **) l->rows->pdata[i])[c]) + COLUMN_GAP);
        }
        for (guint i = 0; i < l->rows->len; i++) {
                char **row = l->rows->pdata[i];

                for (int c = 0; c < _COLUMN_MAX - 1; c++)
                        printf("%s%*s", row[c], widths[c] - text_width(row[c]), "");
                puts(row[_COLUMN_MAX - 1]);
        }
}

static void quiet_item(Listing *l, const State *s) {
        puts(s->id);
}

static void json_item(Listing *l, const State *s) {
        _cleanup_free_ char *owner = owner_name(s);

        append_state(&l->json, l->global, s, owner);
}

static void json_end(Listing *l) {
        json_text_end_array(&l->json);
        puts(l->out->str);
}

static const Lister table_lister = { table_item, table_end };
static const Lister quiet_lister = { quiet_item, NULL };
static const Lister json_lister = { json_item, json_end };

static const Lister *choose_lister(const ListCall *o) {
        if (o->quiet)
                return &quiet_lister;
        if (isempty(o->format) || streq(o->format, "table"))
                return &table_lister;
        return streq(o->format, "json") ? &json_lister : NULL;
}

int verb_list(const VerbCall *call) {
        const ListCall *o = call->options;
        const Lister *lister = choose_lister(o);
        _cleanup_string_ GString *out = g_string_new(NULL);
        _cleanup_ptr_array_ GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify) g_strfreev);
        _cleanup_strv_ char **ids = NULL;
        Listing l = { .global = call->global, .rows = rows, .out = out };
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

        json_text_init(&l.json, out, /* indent= */ 0);
        json_text_begin_array(&l.json, NULL);
        for (char **id = ids; *id; id++) {
                _cleanup_(state_freep) State *state = NULL;

                /* One that ended while we look is no error. */
                if (state_try_load(call->global->root, *id, &state) >= 0)
                        lister->item(&l, state);
        }
        if (lister->end)
                lister->end(&l);
        return EXIT_SUCCESS;
}

/* ---- what concerns no container ---- */

int verb_spec(const VerbCall *call) {
        const SpecCall *o = call->options;

        return bundle_write_template(o->bundle, o->file, o->rootless) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int verb_features(const VerbCall *call) {
        _cleanup_free_ char *text = features_text();

        puts(text);
        return EXIT_SUCCESS;
}
