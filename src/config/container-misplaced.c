/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the names by which one knows that a line is meant for another section. Not all keys of systemd, which
 * would be old with its next release: those that people write in the wrong place. */

#include "basic/macro.h"
#include "config/container-keys.h"

static const struct {
        const char *section;
        const char *name; /* with "*" at the end: everything that begins so */
} known[] = {
        { "Unit", "After" },
        { "Unit", "Assert*" },
        { "Unit", "Before" },
        { "Unit", "BindsTo" },
        { "Unit", "Condition*" },
        { "Unit", "Conflicts" },
        { "Unit", "DefaultDependencies" },
        { "Unit", "Description" },
        { "Unit", "Documentation" },
        { "Unit", "JoinsNamespaceOf" },
        { "Unit", "OnFailure*" },
        { "Unit", "OnSuccess*" },
        { "Unit", "PartOf" },
        { "Unit", "Requires*" },
        { "Unit", "Requisite" },
        { "Unit", "StartLimit*" },
        { "Unit", "Upholds" },
        { "Unit", "Wants" },

        { "Service", "Allowed*" },
        { "Service", "CPU*" },
        { "Service", "DevicePolicy" },
        { "Service", "ExecCondition" },
        { "Service", "ExecReload*" },
        { "Service", "ExecStart*" },
        { "Service", "ExecStop*" },
        { "Service", "FileDescriptorStore*" },
        { "Service", "IO*" },
        { "Service", "IPAccounting" },
        { "Service", "IPAddress*" },
        { "Service", "Limit*" },
        { "Service", "LoadCredential*" },
        { "Service", "Log*" },
        { "Service", "ManagedOOM*" },
        { "Service", "Memory*" },
        { "Service", "Nice" },
        { "Service", "OOM*" },
        { "Service", "RemainAfterExit" },
        { "Service", "Restart*" },
        { "Service", "RuntimeMaxSec" },
        { "Service", "SetCredential*" },
        { "Service", "Slice" },
        { "Service", "Standard*" },
        { "Service", "SuccessExitStatus" },
        { "Service", "Syslog*" },
        { "Service", "TTYPath" },
        { "Service", "TasksMax" },
        { "Service", "Timeout*" },
        { "Service", "WatchdogSec" },

        { "Socket", "FileDescriptorName" },
        { "Socket", "Listen*" },
        { "Socket", "Socket*" },
};

const char *container_key_belongs(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(known); i++) {
                const char *pattern = known[i].name;
                size_t n = strlen(pattern);

                if (pattern[n - 1] == '*' ? strncmp(name, pattern, n - 1) == 0 : streq(name, pattern))
                        return known[i].section;
        }
        return NULL;
}

/* Keys of [Container] that one of systemd's sections has, too. */
static const char *const shared[] = {
        "Environment", "EnvironmentFile", "Group", "NoNewPrivileges", "ReloadSignal", "RootImage", "User",
};

const char *container_key_ours(const char *name) {
        static const char *const sections[] = { "Container", "Install", "Resctrl" };

        for (size_t i = 0; i < ELEMENTSOF(shared); i++)
                if (streq(name, shared[i]))
                        return NULL;
        for (size_t i = 0; i < ELEMENTSOF(sections); i++)
                if (container_key_find(sections[i], name))
                        return sections[i];
        return NULL;
}
