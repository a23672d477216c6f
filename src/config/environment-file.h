/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Files of variables, as EnvironmentFile= of systemd.exec(5) reads them. */

/* Adds what text says to a list, NAME=value, each in the place of an earlier one of that name. Lines that
 * are empty, begin with # or ;, or have no "=" are passed over. Values may be in quotes (in double ones a
 * backslash escapes
 * ", \, $ and `), over several lines; outside of quotes a backslash escapes any character, and at the end of
 * a line continues it. Returns 0, or the number of the line (negative) whose quotes are not closed or whose
 * name no variable can have. Does not log. */
int environment_file_parse(const char *text, char ***list);
