# SPDX-License-Identifier: LGPL-2.1-or-later
"""Edits of a configuration, for Bundles.make(): functions that change a config, and how to combine them."""

MAPPING = [{"containerID": 0, "hostID": 100000, "size": 65536}]


def put(*path_and_value):
    """put("linux", "sysctl", {...}) sets a member, put("hostname", None) takes one away."""
    *path, value = path_and_value

    def edit(config):
        for key in path[:-1]:
            config = config.setdefault(key, {})
        if value is None:
            config.pop(path[-1], None)
        else:
            config[path[-1]] = value
    return edit


def both(*edits):
    """All of them, one after the other."""
    def edit(config):
        for one in edits:
            one(config)
    return edit


def mount(destination, options=(), source="tmpfs", kind="tmpfs", **more):
    def edit(config):
        config["mounts"].append(
            {"destination": destination, "type": kind, "source": source, "options": list(options), **more})
    return edit


def bind(destination, options=(), source="/mnt/source", **more):
    return mount(destination, ["bind", *options], source, "bind", **more)


def namespace(kind, **more):
    """A namespace of this type in place of the one that is there."""
    def edit(config):
        others = [entry for entry in config["linux"]["namespaces"] if entry["type"] != kind]
        config["linux"]["namespaces"] = [*others, {"type": kind, **more}]
    return edit


def shared(kind):
    """No namespace of this type: the host's."""
    def edit(config):
        config["linux"]["namespaces"] = [ns for ns in config["linux"]["namespaces"] if ns["type"] != kind]
    return edit


def user_namespace(config):
    """A user namespace whose root is the host's user 100000: the rootfs has to belong to that."""
    namespace("user")(config)
    config["linux"]["uidMappings"] = config["linux"]["gidMappings"] = MAPPING


def writable_cgroup(config):
    """A cgroup namespace with a cgroup file system that can be written."""
    namespace("cgroup")(config)
    for entry in config["mounts"]:
        if entry["type"] == "cgroup":
            entry["options"] = ["nosuid", "noexec", "nodev", "relatime", "rw"]
