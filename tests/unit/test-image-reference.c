/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names of images, and what Image= takes. */

#include <errno.h>

#include "basic/cleanup.h"
#include "config/image-reference.h"

/* ---- names ---- */

static const struct {
        const char *name, *full; /* NULL: no name */
} names[] = {
        { "nginx", "docker.io/library/nginx:latest" },
        { "nginx:1.25", "docker.io/library/nginx:1.25" },
        { "me/web", "docker.io/me/web:latest" },
        { "docker.io/nginx", "docker.io/library/nginx:latest" },
        { "quay.io/a/b/c:v1", "quay.io/a/b/c:v1" },
        { "localhost/a", "localhost/a:latest" },
        { "host:5000/a", "host:5000/a:latest" },
        { "a@sha256:0123456789012345678901234567890123456789012345678901234567890123",
          "docker.io/library/a@sha256:0123456789012345678901234567890123456789012345678901234567890123" },
        { "a:tag@sha256:0123456789012345678901234567890123456789012345678901234567890123",
          "docker.io/library/a@sha256:0123456789012345678901234567890123456789012345678901234567890123" },
        { "", NULL },
        { "a:", NULL },
        { "a@", NULL },
        { "a@sha256:0", NULL },
        { "UPPER", NULL },
        { "a//b", NULL },
        { "a/../b", NULL },
        { "-a", NULL },
        { "a b", NULL },
        { "a:-t", NULL },
        { "quay.io/", NULL },
};

static void test_names(void) {
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_free_ char *full = image_name_normalize(names[i].name);

                g_test_message("%s", names[i].name);
                g_assert_cmpstr(full, ==, names[i].full);
        }
}

static const struct {
        const char *text, *layout, *name; /* layout NULL: refused */
        bool pulled;
} references[] = {
        { "oci:/srv/web", "/srv/web", NULL, false },
        { "oci:/srv/web:v1", "/srv/web", "v1", false },
        { "oci:/srv/web:quay.io/a:v1", "/srv/web", "quay.io/a:v1", false },
        { "nginx", "/store", "docker.io/library/nginx:latest", true },
        { "oci:srv", NULL, NULL, false },
        { "oci:/srv:", NULL, NULL, false },
        { "Not A Name", NULL, NULL, false },
};

static void test_references(void) {
        for (size_t i = 0; i < ELEMENTSOF(references); i++) {
                _cleanup_(image_reference_done) ImageReference r = { 0 };
                const char *error = NULL;
                int k = image_reference_parse(references[i].text, "/store", &r, &error);

                g_test_message("%s", references[i].text);
                g_assert_cmpint(k, ==, references[i].layout ? 0 : -EINVAL);
                g_assert_true((error == NULL) == (k == 0));
                g_assert_cmpstr(r.layout, ==, references[i].layout);
                g_assert_cmpstr(r.name, ==, references[i].name);
                g_assert_true(r.pulled == references[i].pulled);
        }
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/image-reference/names", test_names);
        g_test_add_func("/image-reference/values", test_references);
        return g_test_run();
}
