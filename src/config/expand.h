/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Variables in a command line, as systemd.service(5) has them. Pure. */

/* Replaces ${NAME} anywhere, and a word that is $NAME by the words that the value has between white space;
 * $$ is one $, and what is not set is empty. environment: NAME=value, the last one counts; NULL: none.
 * Caller frees. */
char **expand_variables(char **words, char **environment);
