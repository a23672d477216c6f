/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the grammar of image names. Opens nothing. */

#include "config/image-reference.h"

#include <errno.h>

#include "basic/cleanup.h"
#include "basic/digest.h"

#define DEFAULT_REGISTRY "docker.io"
#define DEFAULT_TAG      "latest"
#define TAG_LENGTH_MAX   128

void image_reference_done(ImageReference *reference) {
        g_free(reference->layout);
        g_free(reference->name);
        *reference = (ImageReference) { 0 };
}

/* "oci:/srv/images:web": the directory has no colon. */
static int parse_layout(const char *rest, ImageReference *ret, const char **ret_error) {
        const char *colon = strchr(rest, ':');

        if (*rest != '/') {
                *ret_error = "expected an absolute path behind oci:";
                return -EINVAL;
        }
        if (colon && !colon[1]) {
                *ret_error = "expected the name of an image behind the second colon";
                return -EINVAL;
        }
        *ret = (ImageReference) {
                .layout = colon ? g_strndup(rest, (size_t) (colon - rest)) : g_strdup(rest),
                .name = colon ? g_strdup(colon + 1) : NULL,
        };
        return 0;
}

int image_reference_parse(const char *text, const char *store, ImageReference *ret, const char **ret_error) {
        const char *rest = startswith(text, "oci:");
        char *name;

        if (rest)
                return parse_layout(rest, ret, ret_error);
        name = image_name_normalize(text);
        if (!name) {
                *ret_error = "expected oci:DIR[:NAME] or the name of an image, [REGISTRY/]NAME[:TAG]";
                return -EINVAL;
        }
        *ret = (ImageReference) { .layout = g_strdup(store), .name = name, .pulled = true };
        return 0;
}

/* ---- names of registries ---- */

/* A component in front of the first slash is a registry if it cannot be a part of a path. */
static bool is_registry(const char *component, size_t size) {
        return memchr(component, '.', size) || memchr(component, ':', size) ||
                        (size == STRLEN("localhost") && memcmp(component, "localhost", size) == 0);
}

static bool path_is_valid(const char *path, size_t size) {
        for (size_t i = 0; i < size; i++) {
                bool end = i == 0 || i == size - 1, separator = strchr("._-/", path[i]) != NULL;

                if (!g_ascii_islower(path[i]) && !g_ascii_isdigit(path[i]) && (end || !separator))
                        return false;
                if (path[i] == '/' && strchr("./", path[i + 1]))
                        return false;
        }
        return size > 0;
}

static bool registry_is_valid(const char *registry, size_t size) {
        for (size_t i = 0; i < size; i++)
                if (!g_ascii_isalnum(registry[i]) && !strchr(".-:[]", registry[i]))
                        return false;
        return size > 0;
}

static bool tag_is_valid(const char *tag) {
        size_t n = strlen(tag);

        if (n == 0 || n > TAG_LENGTH_MAX || strchr(".-", *tag))
                return false;
        for (const char *p = tag; *p; p++)
                if (!g_ascii_isalnum(*p) && !strchr("_.-", *p))
                        return false;
        return true;
}

/* "", ":TAG", "@DIGEST" or ":TAG@DIGEST" behind a path; a digest says all that a tag could. Caller frees;
 * NULL: it is none of these. */
static char *normalize_version(const char *version) {
        const char *at = strchr(version, '@');
        _cleanup_free_ char *tag = at ? g_strndup(version, (size_t) (at - version)) : g_strdup(version);

        if (*tag && (*tag != ':' || !tag_is_valid(tag + 1)))
                return NULL;
        if (at)
                return digest_is_valid(at + 1) ? g_strdup(at) : NULL;
        return *tag ? TAKE_PTR(tag) : g_strdup(":" DEFAULT_TAG);
}

char *image_name_normalize(const char *name) {
        const char *slash = strchr(name, '/'), *path = name, *library = "";
        _cleanup_free_ char *registry = NULL, *version = NULL;
        size_t size;

        if (slash && is_registry(name, (size_t) (slash - name))) {
                registry = g_strndup(name, (size_t) (slash - name));
                path = slash + 1;
        } else
                registry = g_strdup(DEFAULT_REGISTRY);
        if (streq(registry, DEFAULT_REGISTRY) && !strchr(path, '/'))
                library = "library/";
        size = strcspn(path, ":@");
        version = normalize_version(path + size);
        if (!version || !registry_is_valid(registry, strlen(registry)) || !path_is_valid(path, size))
                return NULL;
        return g_strdup_printf("%s/%s%.*s%s", registry, library, (int) size, path, version);
}
