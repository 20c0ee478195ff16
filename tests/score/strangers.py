#!/usr/bin/env python3
"""strangers.py ENGINE CAPTURE... : adds to each capture what strangers send, and compares what is found.

ENGINE is a command that prints one finding a line: file, frame, stream, finding, other stream, evidence, other frame, separated by
tabs. In front of each capture and in the middle of it come scans (one source port, one ISN or many, towards every server of the
capture and some that are not there; answered, refused or not answered), and floods of SYNs that name the capture's client by TOA.
The findings on the capture's own frames must be the same as without; a scan must have none itself. Exit status 1 if not."""
import collections
import os
import random
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import capturefile
import lists

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
TELLING = (*lists.names("CROSSED", "DUP_ACK", "STALE", "SHARED", "PROVEN"), "toa.foreign.unseen")


def read(path):
    """link type and packets as (ns, bytes)."""
    frames = capturefile.read(path)
    return frames[0].link if frames else None, [(f.time, f.data) for f in frames]


def tcp(link, source, destination, seq, ack, flags, options=b""):
    """A packet of a stranger; endpoints are (4 bytes, port)."""
    header = struct.pack(">HHIIBBHHH", source[1], destination[1], seq & 0xFFFFFFFF, ack & 0xFFFFFFFF,
                         (20 + len(options)) // 4 << 4, flags, 1024, 0, 0) + options
    packet = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(header), 0, 0, 50, 6, 0) + source[0] + destination[0] + header
    return (b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + packet) if link == 1 else packet


def ends(link, packets):
    """Servers and clients of the capture: who is asked with a SYN, and who asks. IPv4 alone."""
    servers, clients = set(), set()
    for _, packet in packets:
        at = {1: 14, 101: 0, 113: 16}.get(link)
        if at is None or len(packet) < at + 40 or packet[at] >> 4 != 4 or packet[at + 9] != 6:
            continue
        tcp_at = at + (packet[at] & 15) * 4
        ports = struct.unpack(">HH", packet[tcp_at:tcp_at + 4])
        if packet[tcp_at + 13] & (SYN | ACK) == SYN:
            servers.add((packet[at + 16:at + 20], ports[1]))
            clients.add((packet[at + 12:at + 16], ports[0]))
    return sorted(servers), sorted(clients)


def scan(random_, link, start, servers, one_isn):
    """A stranger's SYNs, 0.3 ms apart, and the answers."""
    source, isn, out = (bytes([10, 66, 6, 6]), 4444), random_.getrandbits(32), []
    targets = servers * 2 + [(bytes([10, 250, 0, i]), 80) for i in range(1, 20)] + servers
    for i, target in enumerate(targets):
        seq = isn if one_isn else random_.getrandbits(32)
        time, answer = start + i * 300000, random_.randrange(3)
        out.append((time, tcp(link, source, target, seq, 0, SYN)))
        if answer == 0:
            out.append((time + 100000, tcp(link, target, source, 0, seq + 1, RST | ACK)))
        elif answer == 1:
            out.append((time + 100000, tcp(link, target, source, random_.getrandbits(32), seq + 1, SYN | ACK)))
            out.append((time + 150000, tcp(link, source, target, seq + 1, 0, RST)))
    return out


def pair(random_, link, start, servers, answered):
    """One ISN to two servers, as before and behind a NAT; they answer with ISNs of their own, or not at all."""
    source, isn, out = (bytes([10, 66, 6, 7]), 4444), random_.getrandbits(32), []
    for i, target in enumerate(servers[:2]):
        out.append((start + i * 10**7, tcp(link, source, target, isn, 0, SYN)))
        if answered:
            out.append((start + i * 10**7 + 10**5, tcp(link, target, source, random_.getrandbits(32), isn + 1, SYN | ACK)))
    return out


def flood(random_, link, start, servers, clients, answered):
    """SYNs from anywhere that name each client of the capture."""
    out = []
    for i in range(60):
        for client in clients[:4]:
            option = bytes([254, 8]) + struct.pack(">H", client[1]) + client[0]
            source, target = (bytes([10, 67, i, 1]), 5555), servers[i % len(servers)]
            seq, time = random_.getrandbits(32), start + i * 200000
            out.append((time, tcp(link, source, target, seq, 0, SYN, option)))
            if answered:
                out.append((time + 50000, tcp(link, target, source, random_.getrandbits(32), seq + 1, SYN | ACK)))
    return out


def findings(engine, path, own):
    """(place in the original, finding) -> number; own maps frame numbers to those places."""
    out = subprocess.run(engine.split() + [path], capture_output=True, text=True, check=True).stdout
    found, strange = collections.Counter(), 0
    for line in out.splitlines():
        columns = line.split("\t")
        if columns[3] not in TELLING:
            continue
        place = own.get(int(columns[1]))
        if place is None:
            strange += columns[3] != "toa.collision"
        else:
            found[place, columns[3]] = 1
    return found, strange


def compare(engine, path):
    """Ways in which strangers change what is found; a text each."""
    link, packets = read(path)
    if not packets:
        return []
    servers, clients = ends(link, packets)
    if not servers:
        return []
    random_, wrong = random.Random(path.rsplit("/", 1)[-1]), []
    plain, _ = findings(engine, path, {i + 1: i for i in range(len(packets))})
    first, middle = packets[0][0], packets[len(packets) // 2][0]
    for place, start in (("front", first - 10**9), ("middle", middle)):
        for kind, added in (("one-isn", scan(random_, link, start, servers, True)),
                            ("isns", scan(random_, link, start, servers, False)),
                            ("pair", pair(random_, link, start, servers, True)),
                            ("silent", pair(random_, link, start, servers, False)),
                            ("flood", flood(random_, link, start, servers, clients, False)),
                            ("answered", flood(random_, link, start, servers, clients, True))):
            merged = sorted([(t, 1, i, p) for i, (t, p) in enumerate(packets)] + [(t, 0, -1, p) for t, p in added],
                            key=lambda entry: entry[0])
            own = {frame: entry[2] for frame, entry in enumerate(merged, 1) if entry[1]}
            with tempfile.TemporaryDirectory() as folder:
                changed = os.path.join(folder, "changed.pcap")
                capturefile.write(changed, [(t, p) for t, _, _, p in merged], link)
                found, strange = findings(engine, changed, own)
            if kind in ("flood", "answered"): # those name a client: one that has nobody else's key gets their collisions
                lost, more = plain - found, collections.Counter({k: 1 for k in found - plain if k[1] != "toa.collision"})
            else:
                lost, more = plain - found, found - plain
            name = f"{os.path.basename(path)} {kind} {place}"
            if lost:
                wrong.append(f"{name}: lost {sorted((p + 1, f) for p, f in lost)[:4]} ({len(lost)})")
            if more:
                wrong.append(f"{name}: added {sorted((p + 1, f) for p, f in more)[:4]} ({len(more)})")
            if strange and kind not in ("flood", "answered"):
                wrong.append(f"{name}: {strange} findings on the scan itself")
    return wrong


def main():
    """See above."""
    wrong = [text for path in sys.argv[2:] for text in compare(sys.argv[1], path)]
    print("\n".join(wrong + [f"{len(sys.argv) - 2} captures, {len(wrong)} differences"]))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
