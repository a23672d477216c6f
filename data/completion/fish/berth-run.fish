# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Completion for berth-run(1).

function __berth_run_slices
    systemctl list-units --all --full --plain --no-legend '*.slice' 2>/dev/null | string replace -r ' .*' ''
end

function __berth_run_properties
    printf '%s=\n' AllowedCPUs AllowedMemoryNodes CPUQuota CPUWeight Description Environment IOWeight IPAddressAllow \
        IPAddressDeny LimitNOFILE MemoryHigh MemoryLow MemoryMax MemoryMin MemorySwapMax Restart RestartSec RuntimeMaxSec \
        TasksMax TimeoutStartSec TimeoutStopSec
end

complete -c berth-run -f

complete -c berth-run -l background -x -d 'color of the terminal\'s background meanwhile'
complete -c berth-run -l bundle -x -a '(__fish_complete_directories)' -d 'run the OCI bundle in this directory'
complete -c berth-run -s G -l collect -d 'forget the unit even if it fails'
complete -c berth-run -l description -x -d 'description of the unit'
complete -c berth-run -l expand-environment -x -a 'yes no' -d 'replace variables of --setenv= in the command (default: no)'
complete -c berth-run -l gid -x -a '(__fish_complete_groups)' -d 'group in the container, needs --uid'
complete -c berth-run -s h -l help -d 'show this text'
complete -c berth-run -l ignore-failure -d 'take each end of the payload for a success'
complete -c berth-run -l image -x -d 'run an image: its name, or oci:DIR[:NAME]'
complete -c berth-run -l job-mode -x -a 'fail replace isolate ignore-dependencies ignore-requirements' -d 'what happens to jobs that are queued already'
complete -c berth-run -l json -x -a 'pretty short off' -d 'print unit and invocation ID as JSON'
complete -c berth-run -l listen -x -d 'start it when somebody connects to this address'
complete -c berth-run -l network -x -a 'host none ns: container:' -d 'its network: host, none, ns:PATH or container:ID'
complete -c berth-run -l nice -x -d 'niceness of the payload, -20 to 19'
complete -c berth-run -l no-ask-password -d 'never ask for a password'
complete -c berth-run -l no-block -d 'do not wait until the container has started'
complete -c berth-run -l on-active -x -d 'start it after this time'
complete -c berth-run -l on-boot -x -d 'start it this time after the boot of the machine'
complete -c berth-run -l on-calendar -x -d 'start it at these times of the calendar'
complete -c berth-run -l on-clock-change -d 'start it when the clock is set'
complete -c berth-run -l on-startup -x -d 'start it this time after the start of systemd'
complete -c berth-run -l on-timezone-change -d 'start it when the time zone changes'
complete -c berth-run -l on-unit-active -x -d 'start it this time after its last start'
complete -c berth-run -l on-unit-inactive -x -d 'start it this time after its last end'
complete -c berth-run -l path-property -x -a 'PathExists= PathExistsGlob= PathChanged= PathModified= DirectoryNotEmpty= MakeDirectory=' -d 'start it by a path unit that has this property'
complete -c berth-run -s P -l pipe -d 'give the payload our stdin, stdout and stderr'
complete -c berth-run -s p -l property -x -a '(__berth_run_properties)' -d 'set a property of the unit'
complete -c berth-run -s t -l pty -d 'give the payload a terminal and connect ours to it'
complete -c berth-run -s q -l quiet -d 'say nothing but errors'
complete -c berth-run -l read-only -d 'make the root file system read-only'
complete -c berth-run -s r -l remain-after-exit -d 'leave the unit active after the payload\'s end'
complete -c berth-run -l rootfs -x -a '(__fish_complete_directories)' -d 'run a command in this root file system'
complete -c berth-run -s d -l same-dir -d 'give the payload our directory, and run it there'
complete -c berth-run -l scope -d 'run it in our own context, in a scope'
complete -c berth-run -l send-sighup -d 'send SIGHUP, too, when the unit is stopped'
complete -c berth-run -l service-type -x -a 'exec notify oneshot simple' -d 'when the container counts as started'
complete -c berth-run -s E -l setenv -x -a '(set -nx)=' -d 'set an environment variable of the payload'
complete -c berth-run -s S -l shell -d 'run a shell at a terminal: -t, -d, --wait and -G'
complete -c berth-run -l slice -x -a '(__berth_run_slices)' -d 'run in this slice'
complete -c berth-run -l slice-inherit -d 'run in the slice that we are in'
complete -c berth-run -l socket-property -x -a 'ListenStream= ListenDatagram= ListenSequentialPacket= ListenFIFO= FileDescriptorName= SocketMode= SocketUser= SocketGroup=' -d 'start it by a socket unit that has this property'
complete -c berth-run -l system -d 'be a unit of the system\'s systemd: what root has'
complete -c berth-run -l timer-property -x -a 'AccuracySec= RandomizedDelaySec= Persistent= WakeSystem=' -d 'set a property of the timer unit'
complete -c berth-run -l uid -x -a '(__fish_complete_users)' -d 'user in the container'
complete -c berth-run -s u -l unit -x -d 'name of the unit'
complete -c berth-run -l user -d 'be a unit of the user\'s systemd: what others have'
complete -c berth-run -s v -l verbose -d 'show what the unit logs'
complete -c berth-run -l version -d 'show the version'
complete -c berth-run -l volume -x -a '(__fish_complete_directories)' -d 'mount something in the container'
complete -c berth-run -l wait -d 'wait for the end and tell how it was'
complete -c berth-run -s w -l working-directory -x -a '(__fish_complete_directories)' -d 'working directory in the container'
