#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""twice.py READ CAPTURE...: one event is one incident, however often its packets were captured.

Of each capture copies are made as a mirror port of two directions, "-i any" on a bridge or router, and a port that carries two
VLANs make them: every packet twice. Verdict, streams, victim, since when, how many segments ask in vain, and how many were found
on the wrong connection must be those of the capture itself. READ is toa-read. Exit status 1 if not."""
import json
import os
import struct
import subprocess
import sys
import tempfile

TOLD = ('verdict', 'early_stream', 'late_stream', 'rsts', 'segments', 'dup_acks', 'victim_stream', 'victim_segments',
        'victim2_stream', 'victim2_segments', 'evidence')
ETHERNET, COOKED = 1, 113


def read(path):
    """Link type and packets; (None, []): a format that is not read here."""
    data = open(path, 'rb').read()
    unit = {0xA1B2C3D4: 1000, 0xA1B23C4D: 1}.get(struct.unpack('<I', data[:4])[0])
    if not unit:
        return None, []
    link, = struct.unpack('<I', data[20:24])
    packets, at = [], 24
    while at + 16 <= len(data):
        seconds, fraction, captured, _ = struct.unpack('<IIII', data[at:at + 16])
        packets.append((seconds * 10**9 + fraction * unit, data[at + 16:at + 16 + captured]))
        at += 16 + captured
    return link & 0xFFFF, packets


def write(path, link, packets):
    with open(path, 'wb') as out:
        out.write(struct.pack('<IHHiIII', 0xA1B23C4D, 2, 4, 0, 0, 262144, link))
        for time, packet in packets:
            out.write(struct.pack('<IIII', time // 10**9, time % 10**9, len(packet), len(packet)) + packet)


def routed(packet, at):
    """The next hop's: one less of TTL or hop limit."""
    changed = bytearray(packet)
    changed[at + (8 if packet[at] >> 4 == 4 else 7)] -= 1
    return bytes(changed)


def cooked(packet, kind):
    return struct.pack('>HHH', kind, 1, 6) + packet[6:12] + b'\0\0' + packet[12:]


def ways(link, has_ids):
    """name, link type, delay of the copy in ns, what the first packet and the copy look like"""
    at = {ETHERNET: 14, COOKED: 16}[link]
    same = lambda packet: packet
    yield 'mirror', link, 20000, same, same
    yield 'mirror, one time', link, 0, same, same
    if has_ids: # without an identification nothing tells a copy that comes so late
        yield 'slow mirror', link, 3000000, same, same
    yield 'before and behind a router', link, 50000, same, lambda packet: routed(packet, at)
    if link == ETHERNET:
        yield 'two VLANs', link, 20000, same, lambda packet: packet[:12] + b'\x81\0\0\x64' + packet[12:]
        yield '-i any, bridge', COOKED, 15000, lambda p: cooked(p, 0), lambda p: cooked(p, 4)
        yield '-i any, router', COOKED, 15000, lambda p: cooked(p, 0), lambda p: routed(cooked(p, 4), 16)


def incidents(program, path):
    done = subprocess.run([program, path], stdout=subprocess.PIPE, check=True)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    return sorted([[r[name] for name in TOLD] for r in records if r['record'] == 'incident'], key=repr)


def main():
    program, wrong, tried = sys.argv[1], 0, 0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'twice.pcap')
        for capture in sys.argv[2:]:
            link, packets = read(capture)
            if link not in (ETHERNET, COOKED):
                continue
            once = incidents(program, capture)
            ipv4 = all(b[12:14] == b'\x08\0' for _, b in packets)
            for name, made, delay, first, second in ways(link, link == ETHERNET and ipv4):
                both = [(t, 0, i, first(p)) for i, (t, p) in enumerate(packets)]
                both += [(t + delay, 1, i, second(p)) for i, (t, p) in enumerate(packets)]
                write(path, made, [(t, p) for t, _, _, p in sorted(both)])
                twice = incidents(program, path)
                tried += 1
                if twice != once:
                    wrong += 1
                    print('%s, %s: %s, not %s' % (os.path.basename(capture), name, twice, once))
    print('%d captures made, %d wrong' % (tried, wrong))
    return 1 if wrong or not tried else 0


if __name__ == '__main__':
    sys.exit(main())
