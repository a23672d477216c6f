/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Names of declarations: "web" is web.container, "web@1" is instance "1" of the template web@.container,
 * "web@" the template itself. All but the latter are instances of container@.service. Pure. */

#include <stdbool.h>

/* Returns 0, -EINVAL when there can be no such name, -ENAMETOOLONG when the names of its units would be too
 * long. A name without an instance has to be a container's id. */
int declared_name_check(const char *name);

/* "1" of "web@1", "" of "web@", NULL of "web". Points into name. */
const char *declared_instance(const char *name);

/* Whether it is a template, of which there are instances. */
bool declared_is_template(const char *name);

/* The id of the container: "web" of "web", "web-1" of "web@1"; what no id can have is "_". Caller frees. */
char *declared_id(const char *name);

/* The instance of container@.service: what a unit's name cannot have is escaped, except in the name's own
 * instance, which is written as in units. Caller frees. */
char *declared_escape(const char *name);
