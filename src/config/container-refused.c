/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the keys that people bring from elsewhere, or that would take the unit apart, and what to write
 * instead of each. The man page has the same table. */

#include "basic/macro.h"
#include "config/container-keys.h"

static const struct {
        const char *section, *name, *hint;
} refused[] = {
        { "Container", "Image",
          "berth does not pull images; unpack it and name the directory with Rootfs= or Bundle=" },
        { "Container", "Memory", "use MemoryMax= in [Service]" },
        { "Container", "PidsLimit", "use TasksMax= in [Service]" },
        { "Container", "PodmanArgs", "there is no engine behind this container" },
        { "Container", "PublishPort",
          "berth sets up no network; with Network=host the port is reachable as it is" },
        { "Container", "StopTimeout", "use TimeoutStopSec= in [Service]" },

        { "Install", "Alias",
          "instances of container@.service have no second names; link another NAME.container to this file" },
        { "Install", "Also", "list the other units in their own files" },
        { "Install", "DefaultInstance", "a declared container is one instance, not a template" },

        { "Service", "BusName", "the unit's type is notify" },
        { "Service", "DynamicUser", "use User= in [Container]" },
        { "Service", "ExecStart", "the unit runs the container; use Exec= in [Container]" },
        { "Service", "GuessMainPID", "the supervisor is the main process" },
        { "Service", "PIDFile", "the supervisor is the main process" },
        { "Service", "RootDirectory", "use Rootfs= in [Container]" },
        { "Service", "RootImage", "use Rootfs= in [Container]" },
        { "Service", "Type", "the supervisor speaks for the container; use Notify= in [Container]" },
        { "Service", "User", "use User= in [Container]" },

        { "Socket", "Service", "the socket belongs to this container" },
};

const char *container_key_refused(const char *section, const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(refused); i++)
                if (*refused[i].name == *name && streq(refused[i].name, name) &&
                    streq(refused[i].section, section))
                        return refused[i].hint;
        return NULL;
}
