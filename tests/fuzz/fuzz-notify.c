/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as a notification of a payload: what goes on to the service manager is no longer than it reads,
 * has whole lines, and is not changed by being translated again. */

#include "fuzz.h"

#include <glib.h>
#include <string.h>

#include "notify/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const NotifyPolicy policy = { .fd_store = true, .now_usec = 1000 };
        NotifyMessage once, twice;

        for (size_t n_fds = 0; n_fds <= 2; n_fds++) {
                notify_message_translate((const char *) data, size, n_fds, &policy, &once);
                g_assert_cmpuint(once.size, <=, NOTIFY_MESSAGE_MAX);
                if (once.size == 0)
                        continue;
                g_assert_null(memchr(once.text, '\0', once.size));
                notify_message_translate(once.text, once.size, once.with_fds ? n_fds : 0, &policy, &twice);
                g_assert_cmpmem(once.text, once.size, twice.text, twice.size);
        }
        return 0;
}
