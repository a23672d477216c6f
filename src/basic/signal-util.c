/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/signal-util.h"

#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/parse-util.h"

int signal_from_string(const char *s) {
        int n;

        if (parse_int(s, &n) >= 0)
                return n > 0 && n <= SIGRTMAX ? n : -EINVAL;

        if (g_ascii_strncasecmp(s, "SIG", 3) == 0)
                s += 3;
        if (g_ascii_strcasecmp(s, "IOT") == 0)
                return SIGABRT;
        if (g_ascii_strncasecmp(s, "RTMIN", 5) == 0) {
                n = 0;
                if (s[5] && (s[5] != '+' || parse_int(s + 6, &n) < 0))
                        return -EINVAL;
                return n >= 0 && SIGRTMIN + n <= SIGRTMAX ? SIGRTMIN + n : -EINVAL;
        }
        if (g_ascii_strcasecmp(s, "RTMAX") == 0)
                return SIGRTMAX;
        for (int sig = 1; sig < SIGSYS + 1; sig++) {
                const char *name = sigabbrev_np(sig);

                if (name && g_ascii_strcasecmp(s, name) == 0)
                        return sig;
        }
        return -EINVAL;
}

const char *signal_to_string(int sig, char buffer[static 16]) {
        const char *name = sigabbrev_np(sig);

        if (name)
                (void) snprintf(buffer, 16, "SIG%s", name);
        else if (sig >= SIGRTMIN && sig <= SIGRTMAX)
                (void) snprintf(buffer, 16, "SIGRTMIN+%d", sig - SIGRTMIN);
        else
                return NULL;
        return buffer;
}

void signals_reset(void) {
        struct sigaction sa = { .sa_handler = SIG_DFL };
        sigset_t none;

        for (int sig = 1; sig < NSIG; sig++)
                if (sig != SIGKILL && sig != SIGSTOP)
                        (void) sigaction(sig, &sa, NULL); /* libc keeps two for itself and refuses them. */
        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
}
