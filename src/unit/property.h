/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Unit properties as data: a list of names and typed values, on their way into StartTransientUnit or
 * SetUnitProperties (org.freedesktop.systemd1(5)). A value is a GVariant: a typed tree with a text form,
 * nothing of GLib's D-Bus. */

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "basic/cleanup.h"

typedef struct Property {
        char *name;
        GVariant *value;
        bool optional; /* newer than the oldest systemd supported: left out where the manager does not know
                          it */
} Property;

/* Unique by name, in the order of first insertion. */
typedef struct PropertyList {
        GPtrArray *items; /* of Property */
} PropertyList;

PropertyList *property_list_new(void);
void property_list_free(PropertyList *list);
DEFINE_CLEANUP(PropertyList *, property_list_free);

PropertyList *property_list_copy(const PropertyList *list);

/* Sets a property; replaces the value of one with that name, which keeps its place. Takes the reference when
 * value is floating, as g_variant_new_*() returns it, adds one otherwise. */
void property_set(PropertyList *list, const char *name, GVariant *value);

/* The same for a property that the manager may be too old for. */
void property_set_optional(PropertyList *list, const char *name, GVariant *value);

/* Borrowed; NULL when the list has no such property. */
const Property *property_find(const PropertyList *list, const char *name);

/* Whether there was one. */
bool property_remove(PropertyList *list, const char *name);

void property_set_bool(PropertyList *list, const char *name, bool value);
void property_set_uint64(PropertyList *list, const char *name, uint64_t value);
void property_set_string(PropertyList *list, const char *name, const char *value);

/* A bit mask (ay, bit 0 in byte 0), as AllowedCPUs= wants it. */
void property_set_bytes(PropertyList *list, const char *name, const uint8_t *bytes, size_t n);

/* Appends what src has to dst; values of src win. DeviceAllow= adds up, and of two values of DevicePolicy=
 * the stricter stays: a setting of a service may take devices from a container's configuration or add some,
 * but not open it up. */
void property_list_merge(PropertyList *dst, const PropertyList *src);

/* The list as text, "Name = value\n" with types (GVariant's text form), for messages and tests. Caller
 * frees. */
char *property_list_dump(const PropertyList *list);
