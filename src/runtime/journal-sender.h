/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Entries for the journal, in its native protocol (systemd's "Native Journal Protocol"), without ever
 * waiting for journald: sd_journal_sendv() would, and with it everything else that the supervisor does. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>
#include <systemd/sd-event.h>

#include "basic/cleanup.h"

typedef struct JournalSender JournalSender;

typedef void (*JournalReady)(void *userdata);

/* on_ready is called from the event loop after journal_sender_send() has returned -EAGAIN, when it is worth
 * another try. Nothing here logs. */
JournalSender *journal_sender_new(sd_event *event, JournalReady on_ready, void *userdata);
void journal_sender_free(JournalSender *j);
DEFINE_CLEANUP(JournalSender *, journal_sender_free);

/* Sends one entry: the bytes of a datagram. 0: it is journald's now; -EAGAIN: journald is busy, or is being
 * restarted; another error: this entry cannot be sent. */
int journal_sender_send(JournalSender *j, const struct iovec *iov, size_t n);

/* Waits outside of the event loop, at most for so long, until another try is worth it. False: it is not. */
bool journal_sender_wait(JournalSender *j, uint64_t usec);
