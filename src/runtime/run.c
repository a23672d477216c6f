/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "runtime/run.h"

#include "basic/log.h"
#include "runtime/console-forward.h"
#include "runtime/delete.h"
#include "runtime/foreground.h"

int container_run(const CreateOptions *options, int *ret_status) {
        _cleanup_(creation_freep) Creation *creation = NULL;
        NotifyRoute route;
        int r, status = 0;

        if (!options->detach)
                foreground_block_signals();
        r = creation_new(options, &creation);
        if (r < 0)
                return r;
        if (!options->detach)
                console_copy_size(creation_console_master(creation));
        r = creation_start(creation);
        if (r < 0)
                return r;
        if (options->detach) {
                *ret_status = 0;
                return 0;
        }

        r =
                        foreground_wait(creation_init(creation), creation_console_master(creation),
                                        creation_notify_route(creation, &route) ? &route : NULL, &status);
        if (r < 0)
                return r;
        r = options->keep ? 0 : container_forget(options->root, options->id);
        if (r < 0)
                return r;
        *ret_status = status;
        return 0;
}
