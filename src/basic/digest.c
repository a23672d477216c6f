/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the list of digest algorithms. */

#include "basic/digest.h"

#include "basic/macro.h"

static const struct {
        const char *prefix;
        size_t n_digits;
        GChecksumType type;
} algorithms[] = {
        { "sha256:", 64, G_CHECKSUM_SHA256 },
        { "sha512:", 128, G_CHECKSUM_SHA512 },
};

/* Returns the index of the algorithm, -1 for what is no digest. */
static int find_algorithm(const char *digest, const char **ret_digits) {
        for (size_t i = 0; i < ELEMENTSOF(algorithms); i++) {
                const char *digits = startswith(digest, algorithms[i].prefix);

                if (!digits || strlen(digits) != algorithms[i].n_digits ||
                    strspn(digits, "0123456789abcdef") != algorithms[i].n_digits)
                        continue;
                *ret_digits = digits;
                return (int) i;
        }
        return -1;
}

bool digest_is_valid(const char *digest) {
        const char *digits;

        return find_algorithm(digest, &digits) >= 0;
}

char *digest_path(const char *digest) {
        char *path = g_strdup(digest);

        *strchr(path, ':') = '/';
        return path;
}

GChecksum *digest_begin(const char *digest) {
        const char *digits;

        return g_checksum_new(algorithms[find_algorithm(digest, &digits)].type);
}

bool digest_matches(GChecksum *sum, const char *digest) {
        const char *digits;

        return find_algorithm(digest, &digits) >= 0 && streq(g_checksum_get_string(sum), digits);
}
