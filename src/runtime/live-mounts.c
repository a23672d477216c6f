/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the reading of the list. The rules for mounts are those of the configuration, of which the list takes
 * the place for a moment. */

#include "runtime/live-mounts.h"

#include <fcntl.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "runtime/state.h"
#include "sandbox/live-mounts.h"
#include "spec/json.h"

static int open_container(const char *root, const char *id, State **ret_state, PidRef *ret_init) {
        _cleanup_(state_freep) State *state = NULL;
        int r;

        r = state_load(root, id, &state);
        if (r < 0)
                return r;
        r = state_open_init(state, ret_init);
        if (r < 0)
                return log_error_errno(r, "container not running: %s", id);
        *ret_state = TAKE_PTR(state);
        return 0;
}

/* The container's configuration with the file's list instead of its own. */
static int read_list(const char *root, const State *state, const char *file, JsonDocument **ret) {
        _cleanup_free_ char *config = g_build_filename(root, state->id, "config.json", NULL), *text = NULL,
                            *list = NULL;
        _cleanup_json_document_ JsonDocument *document = NULL;
        JsonValue mounts;
        size_t size;
        int r;

        r = read_file_at(AT_FDCWD, config, &text, &size);
        if (r < 0)
                return log_error_errno(
                                r, "Failed to read the configuration of container '%s': %m", state->id);
        r = json_document_parse(config, text, size, &document);
        if (r < 0)
                return r;
        r = read_file_at(AT_FDCWD, file, &list, /* ret_size= */ NULL);
        if (r < 0)
                return log_error_errno(r, "Failed to read '%s': %m", file);
        r = json_set_text(json_document_root(document), "mounts", file, list);
        if (r < 0)
                return r;
        if (!json_value_member(json_document_root(document), "mounts", &mounts) ||
            json_value_type(mounts) != JSON_TYPE_ARRAY)
                return log_error_errno(-EINVAL, "%s: expected an array of mounts", file);
        *ret = TAKE_PTR(document);
        return 0;
}

static int add(JsonDocument *document, const State *state, const char *file, const PidRef *init) {
        _cleanup_free_ char *text = json_value_to_text(json_document_root(document), /* indent= */ 0);
        _cleanup_(spec_freep) Spec *spec = NULL;
        int r;

        r = spec_parse(file, text, strlen(text), state->bundle, &spec);
        return r < 0 ? r : live_mounts_add(spec, init);
}

static int remove_listed(JsonDocument *document, const char *file, const PidRef *init) {
        _cleanup_ptr_array_ GPtrArray *destinations = g_ptr_array_new();
        JsonValue mounts, destination;

        (void) json_value_member(json_document_root(document), "mounts", &mounts);
        for (size_t i = 0; i < json_value_size(mounts); i++) {
                const char *path = NULL;

                if (json_value_member(json_value_element(mounts, i), "destination", &destination))
                        path = json_value_string(destination);
                if (!path || *path != '/')
                        return log_error_errno(
                                        -EINVAL, "%s#/mounts/%zu/destination: expected an absolute path",
                                        file, i);
                g_ptr_array_add(destinations, (char *) path);
        }
        g_ptr_array_add(destinations, NULL);
        return live_mounts_remove((const char *const *) destinations->pdata, init);
}

int container_mounts_change(const char *root, const char *id, const char *file, bool is_add) {
        _cleanup_(state_freep) State *state = NULL;
        _cleanup_(pidref_done) PidRef init = PIDREF_NULL;
        _cleanup_json_document_ JsonDocument *document = NULL;
        int r;

        r = open_container(root, id, &state, &init);
        if (r >= 0)
                r = read_list(root, state, file, &document);
        if (r < 0)
                return r;
        return is_add ? add(document, state, file, &init) : remove_listed(document, file, &init);
}
