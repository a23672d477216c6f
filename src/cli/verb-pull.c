/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* berth pull: an image from a registry to this machine. */

#include <stdio.h>
#include <stdlib.h>

#include "basic/cleanup.h"
#include "basic/log.h"
#include "cli/verb-options.h"
#include "cli/verbs.h"
#include "runtime/image-root.h"

/* The option as Podman has it. */
static int parse_tls(const char *word, bool *ret_without) {
        if (!word || streq(word, "true"))
                *ret_without = false;
        else if (streq(word, "false"))
                *ret_without = true;
        else
                return log_error_errno(-EINVAL, "--tls-verify: expected true or false, got '%s'", word);
        return 0;
}

int verb_pull(const VerbCall *call) {
        const PullCall *o = call->options;
        ImagePullOptions options = {
                .name = call->args[0], .source = o->from, .authfile = o->authfile, .quiet = o->quiet
        };
        _cleanup_free_ char *digest = NULL;

        if (parse_tls(o->tls_verify, &options.without_tls) < 0 || image_root_pull(&options, &digest) < 0)
                return EXIT_FAILURE;
        puts(digest);
        return EXIT_SUCCESS;
}
