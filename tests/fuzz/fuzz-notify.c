/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as a notification of a payload: what goes on to the service manager is no longer than it reads,
 * has whole lines, and is not changed by being translated again. */

#include "fuzz.h"

#include <glib.h>
#include <string.h>

#include "notify/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const NotifyPolicy policy = {
                .fd_store = true,
                .allow = NOTIFY_ALLOW_RESTART_RESET | NOTIFY_ALLOW_WATCHDOG_USEC,
                .now_usec = 1000,
        };
        NotifyMessage once, twice;

        for (size_t n_fds = 0; n_fds <= 2; n_fds++) {
                notify_message_translate((const char *) data, size, n_fds, &policy, &once);
                g_assert_cmpuint(once.size, <=, NOTIFY_MESSAGE_MAX);
                /* a descriptor is the main process, or goes on, never both */
                if ((once.actions & NOTIFY_ACTION_MAIN_PROCESS) && once.main_pid == 0)
                        g_assert_true(n_fds == 1 && !once.with_fds);
                g_assert_cmpint(once.main_pid, >=, 0);
                if (once.actions & NOTIFY_ACTION_EXIT_STATUS)
                        g_assert_true(once.exit_status >= 0 && once.exit_status <= 255);
                if (once.size == 0)
                        continue;
                g_assert_null(memchr(once.text, '\0', once.size));
                notify_message_translate(once.text, once.size, once.with_fds ? n_fds : 0, &policy, &twice);
                g_assert_cmpmem(once.text, once.size, twice.text, twice.size);
        }
        return 0;
}
