/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "runtime/activation.h"

#include <unistd.h>

#include "runtime/inherit.h"
#include "runtime/service-env.h"

int activation_collect(unsigned preserve_fds, bool notify, Activation *ret) {
        _cleanup_(activation_done) Activation a = ACTIVATION_NULL;
        int r;

        r = listen_fds_take(LISTEN_FDS_FIRST, &a.listen);
        if (r < 0)
                return r;
        a.n_fds = a.listen.n_fds + preserve_fds;
        a.fds = inherited_fds((unsigned) a.n_fds);
        for (size_t i = 0; i < a.listen.n_fds; i++) /* listen_fds_take() has made them close-on-exec. */
                a.fds[i] = a.listen.fds[i];
        a.env = service_env_for_payload(&a.listen, getpid(), notify ? SERVICE_ENV_NOTIFY : 0);

        *ret = TAKE(a, ACTIVATION_NULL);
        return 0;
}

void activation_done(Activation *a) {
        listen_fds_done(&a->listen);
        g_free(a->fds);
        g_strfreev(a->env);
        *a = ACTIVATION_NULL;
}
