/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "runtime/adhoc-json.h"

#include <stdio.h>

#include "basic/cleanup.h"
#include "basic/json-text.h"

static void add(JsonText *j, const char *name, const char *value) {
        if (value)
                json_text_string(j, name, value);
}

char *adhoc_json_format(AdhocJson format, const AdhocMade *made) {
        GString *text = g_string_new(NULL);
        JsonText j;

        json_text_init(&j, text, format == ADHOC_JSON_PRETTY ? 8 : 0);
        json_text_begin_object(&j, NULL);
        add(&j, "unit", made->unit);
        add(&j, "trigger", made->trigger);
        add(&j, "invocation_id", made->invocation_id);
        json_text_end_object(&j);
        g_string_append_c(text, '\n');
        return g_string_free(text, FALSE);
}

void adhoc_json_print(AdhocJson format, const AdhocMade *made) {
        _cleanup_free_ char *text = adhoc_json_format(format, made);

        if (format == ADHOC_JSON_OFF)
                return;
        (void) fputs(text, stdout);
        (void) fflush(stdout);
}
