/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the keys that people bring from elsewhere, or that would take the unit apart, and what to write
 * instead of each. The man page has the same table. */

#include "basic/macro.h"
#include "config/container-keys.h"

static const struct {
        const char *section, *name, *hint;
} refused[] = {
        { "Container", "AutoUpdate", "berth updates no images" },
        { "Container", "CgroupsMode", "the payload always has a scope of its own" },
        { "Container", "ContainerName", "the container has the name of the file" },
        { "Container", "ContainersConfModule", "there is no engine behind this container" },
        { "Container", "ExposeHostPort",
          "berth sets up no network; with Network=host the port is reachable as it is" },
        { "Container", "GlobalArgs",
          "there is no engine behind this container; OCIPatch= changes its configuration" },
        { "Container", "IP", "berth sets up no network; use Network=ns:PATH for one that has addresses" },
        { "Container", "IP6", "berth sets up no network; use Network=ns:PATH for one that has addresses" },
        { "Container", "HealthLogDestination",
          "changes are in the journal, the last check in 'berth state'" },
        { "Container", "HealthMaxLogCount", "changes are in the journal, the last check in 'berth state'" },
        { "Container", "HealthMaxLogSize", "changes are in the journal, the last check in 'berth state'" },
        { "Container", "HealthStartupCmd", "use HealthStartPeriod=, in which failures do not count" },
        { "Container", "HealthStartupInterval", "use HealthStartPeriod=, in which failures do not count" },
        { "Container", "HealthStartupRetries", "use HealthStartPeriod=, in which failures do not count" },
        { "Container", "HealthStartupSuccess", "use HealthStartPeriod=, in which failures do not count" },
        { "Container", "HealthStartupTimeout", "use HealthStartPeriod=, in which failures do not count" },
        { "Container", "LogDriver", "use StandardOutput= in [Service]; the default is the journal" },
        { "Container", "LogOpt", "use LogExtraFields= and its kin in [Service]" },
        { "Container", "Memory", "use MemoryMax= in [Service]" },
        { "Container", "NetworkAlias", "berth sets up no network" },
        { "Container", "PidsLimit", "use TasksMax= in [Service]" },
        { "Container", "Pod", "there are no pods; use Network=container:NAME to share a network" },
        { "Container", "PodmanArgs",
          "there is no engine behind this container; OCIPatch= changes its configuration" },
        { "Container", "PublishPort",
          "berth sets up no network; use ProxyPort=, or Network=host, where the port is reachable as it "
          "is" },
        { "Container", "Pull", "berth pulls no images when a unit starts" },
        { "Container", "Retry", "berth pulls no images when a unit starts" },
        { "Container", "RetryDelay", "berth pulls no images when a unit starts" },
        { "Container", "Secret", "use LoadCredential= or SetCredential= in [Service]" },
        { "Container", "ServiceName", "the unit is always container@NAME.service" },
        { "Container", "StartWithPod", "there are no pods" },
        { "Container", "StopTimeout", "use TimeoutStopSec= in [Service]" },
        { "Container", "SystemCallFilter", "use SeccompProfile=" },
        { "Container", "VolatileTmp", "use Tmpfs=/tmp" },

        { "Install", "Alias",
          "instances of container@.service have no second names; link another NAME.container to this file" },
        { "Install", "Also", "list the other units in their own files" },

        { "Service", "AmbientCapabilities",
          "it is about the supervisor; use AmbientCapability= in [Container]" },
        { "Service", "AppArmorProfile", "it is about the supervisor; use AppArmor= in [Container]" },
        { "Service", "BindPaths", "it is about the supervisor; use Volume= in [Container]" },
        { "Service", "BindReadOnlyPaths",
          "it is about the supervisor; use Volume=SOURCE:DESTINATION:ro in [Container]" },
        { "Service", "BusName", "the unit's type is notify" },
        { "Service", "CapabilityBoundingSet",
          "it is about the supervisor; use DropCapability= in [Container]" },
        { "Service", "DynamicUser", "use User= in [Container]" },
        { "Service", "ExecStart", "the unit runs the container; use Exec= in [Container]" },
        { "Service", "Group", "use Group= in [Container]" },
        { "Service", "GuessMainPID", "the supervisor is the main process" },
        { "Service", "InaccessiblePaths", "it is about the supervisor; use Mask= in [Container]" },
        { "Service", "KillMode", "the unit needs KillMode=mixed" },
        { "Service", "KillSignal", "it would go to the supervisor; use StopSignal= in [Container]" },
        { "Service", "NetworkNamespacePath",
          "it is about the supervisor; use Network=ns:PATH in [Container]" },
        { "Service", "NoNewPrivileges", "it is about the supervisor; use NoNewPrivileges= in [Container]" },
        { "Service", "NotifyAccess", "the supervisor speaks for the container; use Notify= in [Container]" },
        { "Service", "PIDFile", "the supervisor is the main process" },
        { "Service", "PrivateDevices", "it is about the supervisor; a container has devices of its own" },
        { "Service", "PrivateIPC",
          "it is about the supervisor; a container has an IPC namespace of its own" },
        { "Service", "PrivateMounts", "it is about the supervisor; a container has mounts of its own" },
        { "Service", "PrivateNetwork", "it is about the supervisor; use Network=none in [Container]" },
        { "Service", "PrivateTmp", "it is about the supervisor; use Tmpfs=/tmp in [Container]" },
        { "Service", "PrivateUsers", "it is about the supervisor; use UserNS= in [Container]" },
        { "Service", "ProtectHome",
          "it is about the supervisor; a container sees of the host what Volume= gives it" },
        { "Service", "ProtectSystem", "it is about the supervisor; use ReadOnly= in [Container]" },
        { "Service", "ReadOnlyPaths",
          "it is about the supervisor; use ReadOnly= or Volume= in [Container]" },
        { "Service", "RestrictNamespaces",
          "it is about the supervisor; use SeccompProfile= in [Container]" },
        { "Service", "ReloadSignal", "use ReloadSignal= in [Container]" },
        { "Service", "RootDirectory", "use Rootfs= in [Container]" },
        { "Service", "RootImage", "use Rootfs= in [Container]" },
        { "Service", "SELinuxContext", "it is about the supervisor; use SecurityLabelType= in [Container]" },
        { "Service", "SupplementaryGroups", "use GroupAdd= in [Container]" },
        { "Service", "SystemCallFilter", "it is about the supervisor; use SeccompProfile= in [Container]" },
        { "Service", "TemporaryFileSystem", "it is about the supervisor; use Tmpfs= in [Container]" },
        { "Service", "Type", "the supervisor speaks for the container; use Notify= in [Container]" },
        { "Service", "User", "use User= in [Container]" },
        { "Service", "WorkingDirectory", "use WorkingDir= in [Container]" },

        { "Socket", "Service", "the socket belongs to this container" },
};

const char *container_key_refused(const char *section, const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(refused); i++)
                if (*refused[i].name == *name && streq(refused[i].name, name) &&
                    streq(refused[i].section, section))
                        return refused[i].hint;
        return NULL;
}
