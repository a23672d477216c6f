# SPDX-License-Identifier: LGPL-2.1-or-later
"""tcp_client.py PORT CONNECTIONS COMMAND...: talks over many connections while the commands run one after the other, each
after everybody has been answered by who answers now. Each line has to come back once, behind the name of who answered;
new connections are made all the time, too. Prints how many there were of each: lines, connections, names."""

import socket
import subprocess
import sys
import threading

answered = {}  # thread: the last name
names = []
lines = 0
connections = 0
problems = []
stop = threading.Event()
changed = threading.Condition()


def record(key, name):
    global lines
    with changed:
        lines += 1
        answered[key] = name
        if name not in names:
            names.append(name)
        changed.notify_all()


def converse(key, connection, file, number):
    text = f"{key} {number}"
    connection.sendall(f"{text}\n".encode())
    name, _, rest = file.readline().rstrip("\n").partition(" ")
    if rest != text:
        raise ValueError(f"expected '{text}', got '{rest}'")
    record(key, name)


def connect(port):
    global connections
    connection = socket.create_connection(("127.0.0.1", port))
    with changed:
        connections += 1
    return connection, connection.makefile()


def stay(key, port):
    connection, file = connect(port)
    number = 0
    while not stop.is_set():
        number += 1
        converse(key, connection, file, number)
        stop.wait(0.01)


def come_and_go(key, port):
    while not stop.is_set():
        connection, file = connect(port)
        converse(key, connection, file, 0)
        file.close()
        connection.close()
        stop.wait(0.01)


def guarded(function, key, port):
    try:
        function(key, port)
    except (OSError, ValueError) as error:
        with changed:
            problems.append(f"{key}: {error}")
            changed.notify_all()


def wait_for_all(n, known):
    """Until each thread was answered by somebody who is not in known."""
    with changed:
        changed.wait_for(lambda: problems or (len(answered) == n and not set(answered.values()) & known))


def main():
    port, n, commands = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    jobs = [(stay, f"stay-{i}") for i in range(n)] + [(come_and_go, f"come-{i}") for i in range(2)]
    threads = [threading.Thread(target=guarded, args=(function, key, port), daemon=True) for function, key in jobs]
    for thread in threads:
        thread.start()
    wait_for_all(len(jobs), set())
    for command in commands:
        known = set(names)
        subprocess.run(["sh", "-c", command], check=True)
        wait_for_all(len(jobs), known)
    stop.set()
    for thread in threads:
        thread.join()
    print(f"{len(problems)} problems, {len(names)} names")
    print("\n".join([f"{lines} lines, {connections} connections", *problems]))


main()
