/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as JSON: what is accepted comes out as text that reads as the same. */

#include "fuzz.h"

#include "spec/json.h"

static char *rewrite(const char *text, size_t size) {
        _cleanup_json_document_ JsonDocument *document = NULL;

        return json_document_parse("fuzz", text, size, &document) < 0
                        ? NULL
                        : json_value_to_text(json_document_root(document), 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = g_strndup("", size), *once = NULL, *twice = NULL;

        memcpy(text, data, size);
        once = rewrite(text, size);
        if (!once)
                return 0;
        twice = rewrite(once, strlen(once));
        g_assert_cmpstr(once, ==, twice);
        return 0;
}
