/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Instances of templates (web@1 of web@.container) that are started without having been named before. */

/* ExecStartPre= of all containers where there are templates. For an instance without a file, makes the empty
 * directory NAME.container.d below /run/berth (or $XDG_RUNTIME_DIR/berth), by which the generator knows it;
 * unless systemd has been told before, has it read its units again, so that [Unit] and [Service] hold for
 * what follows, and starts what the unit needs. Nothing for other names. Logs. */
int prepare_instance(const char *declared);

/* Removes that directory. Nothing for other names. Does not log. */
void prepare_instance_end(const char *declared);
