/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "runtime/state-text.h"

#include "basic/json-text.h"

char *state_text(const State *s, const char *status, pid_t pid) {
        GString *text = g_string_new(NULL);
        JsonText json;

        json_text_init(&json, text, /* indent= */ 0);
        json_text_begin_object(&json, NULL);
        json_text_string(&json, "ociVersion", s->oci_version ? s->oci_version : "1.0.0");
        json_text_string(&json, "id", s->id);
        json_text_string(&json, "status", status);
        if (pid > 0) /* Of a container that has stopped it is somebody else's by now. */
                json_text_int(&json, "pid", pid);
        json_text_string(&json, "bundle", s->bundle);
        if (s->annotations)
                json_text_raw(&json, "annotations", s->annotations);
        json_text_end_object(&json);
        return g_string_free(text, FALSE);
}
