/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The program file that this process runs from, as the processes of a container could reach it: through
 * /proc/PID/exe of a process that is on its way into the container, or by making it the payload
 * (CVE-2019-5736). */

/* To be called before anything is cloned, by a program that is about to enter a container. Afterwards
 * /proc/self/exe, of this process and of its clones, leads to an empty file, and nothing of the program's
 * file is mapped. Where the kernel refuses that, the program is executed again from a sealed copy in memory,
 * with the same words: this function does not return then, and does nothing in the copy. So it comes before
 * the first side effect. A file that nobody could write to with our rights is left as it is. Logs. */
int own_binary_hide(void);
