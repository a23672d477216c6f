/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Catches what the tested code logs: how many messages, and the last one. */

#include "basic/cleanup.h"
#include "basic/log.h"

typedef struct Messages {
        unsigned n;
        char *last;
        int err;
} Messages;

static inline void messages_add(int level, int err, const char *message, void *userdata) {
        Messages *messages = userdata;

        messages->n++;
        messages->err = err;
        g_free(messages->last);
        messages->last = g_strdup(message);
}

static inline void messages_catch(Messages *messages) {
        *messages = (Messages) {};
        log_set_sink(messages_add, messages);
}

static inline void messages_done(Messages *messages) {
        log_set_sink(NULL, NULL);
        g_free(messages->last);
}

#define _cleanup_messages_ _cleanup_(messages_done)

/* Exactly one message that contains text. */
static inline void messages_assert_one(const Messages *messages, const char *text) {
        g_assert_cmpuint(messages->n, ==, 1);
        if (!strstr(messages->last, text))
                g_error("expected '%s' in the message '%s'", text, messages->last);
}
