/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Lines of a schemata file, as text and as numbers: "L3:0=ff;1=f0", "MB:0=50". Pure; nothing here logs.
 * Documentation/arch/x86/resctrl.rst of the kernel, "Schemata files". */

#include <stdbool.h>
#include <stdint.h>

#include "basic/cleanup.h"

typedef struct SchemataDomain {
        uint32_t id;
        uint64_t value; /* a bit mask, or a bandwidth */
} SchemataDomain;

typedef struct SchemataLine {
        char *resource;  /* "L3", "L3CODE", "L3DATA", "L2", "MB", "SMBA", or what later kernels bring */
        GArray *domains; /* of SchemataDomain, each id once */
} SchemataLine;

/* What the kernel rounds a bandwidth up to (info/RESOURCE/bandwidth_gran); 0: it does not. */
typedef struct SchemataRounding {
        uint64_t mb;
        uint64_t smba;
} SchemataRounding;

void schemata_line_free(SchemataLine *line);
DEFINE_CLEANUP(SchemataLine *, schemata_line_free);

/* The resource a line is about, without blanks around it; NULL when the line has no ':' or nothing before
 * it. Caller frees. */
char *schemata_resource(const char *line);

/* Parses one line. Masks (all resources that begin with 'L') are hexadecimal, bandwidths decimal, blanks are
 * allowed where the kernel allows or writes them. -EINVAL: not of that form, or a domain named twice. Caller
 * frees. */
int schemata_line_parse(const char *line, SchemataLine **ret);

/* The lines of the kernel's file as SchemataLine objects. What is not of the form above is left out, such as
 * the "uninitialized" of a group that is being set up for pseudo-locking. */
GPtrArray *schemata_parse(const char *text);

/* Whether a group whose schemata file says current (the result of schemata_parse()) has what the wanted line
 * asks for. Only the domains that wanted names count, since a write leaves the others alone; a bandwidth
 * also matches when the kernel has rounded it up. */
bool schemata_line_in_force(
                const SchemataLine *wanted, GPtrArray *current, const SchemataRounding *rounding);

/* Whether line names a domain that its resource does not have in the lines of machine (the root group's
 * file); then ret_domain is the first one. A resource that machine does not have counts as having all
 * domains. */
bool schemata_find_missing_domain(const SchemataLine *line, GPtrArray *machine, uint32_t *ret_domain);
