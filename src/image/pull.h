/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Fetching images: skopeo(1) does the network, signatures and credentials. */

#include <stdbool.h>

typedef struct ImagePull {
        const char *store;    /* the layout of pulled images; made if it is not there */
        const char *name;     /* in full, see image_name_normalize() */
        const char *source;   /* where to take it from, as skopeo calls it; NULL: docker://NAME */
        const char *authfile; /* NULL: skopeo's own */
        bool without_tls;     /* accept registries without a certificate that can be checked */
        bool quiet;           /* no progress on stdout */
} ImagePull;

/* Copies an image into the layout, in the place of an earlier one of that name; blobs that are there are not
 * fetched again. One process at a time does that. Logs; skopeo writes its own errors to stderr. -ENOENT:
 * skopeo is not installed; -EIO: it failed. */
int image_pull(const ImagePull *pull);
