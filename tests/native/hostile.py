#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures that nobody should write: what toa-read makes of them, that it takes no memory or time for what they claim, and that
tshark says the same.

    hostile.py TOA-READ TOA-SCAN TSHARK SAMPLE.pcap
"""

import os
import resource
import struct
import subprocess
import sys
import tempfile

READ, SCAN, TSHARK, SAMPLE = sys.argv[1:]
ADDRESS_SPACE = 512 << 20  # for any of them, whatever lengths they claim


def need(condition, what):
    if not condition:
        sys.exit(what)


def packets_of(path):
    """(ns, bytes) of each, of a pcap with microseconds."""
    with open(path, 'rb') as file:
        capture, at = file.read(), 24
    while at < len(capture):
        seconds, micros, size = struct.unpack('<III', capture[at:at + 12])
        yield seconds * 10**9 + micros * 1000, capture[at + 16:at + 16 + size]
        at += 16 + size


PACKETS = list(packets_of(SAMPLE))


def pcap(packets=None, snaplen=65535):
    parts = [struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, snaplen, 1)]
    for time, data in PACKETS if packets is None else packets:
        parts.append(struct.pack('<IIII', time // 10**9, time % 10**9 // 1000, len(data), len(data)) + data)
    return b''.join(parts)


def block(kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack('<II', kind, len(body) + 12) + body + struct.pack('<I', len(body) + 12)


SECTION = block(0x0a0d0d0a, struct.pack('<IHHq', 0x1a2b3c4d, 1, 0, -1))


def interface(snaplen=65535):
    return block(1, struct.pack('<HHI', 1, 0, snaplen))


def packet(time, data, number=0, captured=None):
    micros, size = time // 1000, len(data) if captured is None else captured
    return block(6, struct.pack('<IIIII', number, micros >> 32, micros & 0xffffffff, size, size) + data)


def pcapng(before=b'', number=0, snaplen=65535, behind=b''):
    return SECTION + interface(snaplen) + before + b''.join(packet(time, data, number) for time, data in PACKETS) + behind


BACK = [(PACKETS[len(PACKETS) - 1 - i][0] - i * 10**9, data) for i, (_, data) in enumerate(PACKETS)]
ALL = 'all'   # its exit status 0, and the incident of the sample is there
CUT = 'cut'   # 2, and what came before is told
NONE = 'none' # 2, and nothing

CAPTURES = {
    'snaplen-0.pcap': (ALL, pcap(snaplen=0)),
    'snaplen-0.pcapng': (ALL, pcapng(snaplen=0)),
    'unknown-blocks.pcapng': (ALL, pcapng(before=block(0x7777, b'garbage' * 100))),
    'backwards.pcap': (None, pcap(BACK)),
    'time-0.pcap': (None, pcap([(0, data) for _, data in PACKETS])),
    '2106.pcap': (None, pcap([(0xffffffff * 10**9, data) for _, data in PACKETS])),
    'garbage-behind.pcap': (CUT, pcap() + b'\xff' * 4000),
    'garbage-behind.pcapng': (CUT, pcapng(behind=b'\xff' * 4000)),
    'zeros-behind.pcapng': (CUT, pcapng(behind=bytes(4000))),
    'long-block.pcapng': (CUT, pcapng(behind=struct.pack('<II', 6, 0xfffffff0) + bytes(100))),
    'longer-than-the-file.pcapng': (CUT, pcapng(behind=struct.pack('<II', 6, 100_000_000) + bytes(100))),
    'long-packet.pcap': (CUT, pcap() + struct.pack('<IIII', 1, 1, 0xffffffff, 0xffffffff) + bytes(100)),
    'long-packet.pcapng': (CUT, pcapng(behind=packet(0, b'', captured=0xfffffff0))),
    'packet-beyond-block.pcapng': (CUT, pcapng(behind=packet(0, b'abcd', captured=2000))),
    'other-interface.pcapng': (CUT, pcapng(behind=packet(0, PACKETS[0][1], number=7))),
    'no-interface.pcapng': (NONE, SECTION + packet(*PACKETS[0])),
    'mid-block.pcapng': (CUT, pcapng()[:-50]),
    'mid-head.pcap': (CUT, pcap() + bytes(7)),
    'interfaces.pcapng': (ALL, pcapng(before=interface() * 99_999, number=99_999)),
}


def limit():
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))


def read(path, piped):
    """Exit status, records, and what is said; with what it may take. A pipe has no size and cannot be gone back in."""
    with open(path, 'rb') as file:
        feeder = subprocess.Popen(['cat'], stdin=file, stdout=subprocess.PIPE) if piped else None
        done = subprocess.run([READ, '-' if piped else path], stdin=feeder.stdout if piped else None, capture_output=True,
                              check=False, timeout=60, preexec_fn=limit)
        if piped:
            feeder.stdout.close()
            feeder.wait()
    return done.returncode, done.stdout, done.stderr.decode()


def one(path, expected):
    name = os.path.basename(path)
    code, records, said = read(path, False)
    need(read(path, True)[:2] == (code, records), f'{name}: another answer through a pipe')
    need(code == {ALL: 0, None: 0}.get(expected, 2), f'{name}: {code} {said}')
    need(bool(said.strip()) == (code == 2), f'{name}: says {said}')
    conversations, incidents = (records.count(b'{"record":"%s"' % kind) for kind in (b'conversation', b'incident'))
    need(conversations == (0 if expected is NONE else 2), f'{name}: {conversations} conversations')
    need(expected not in (ALL, CUT) or incidents == 1, f'{name}: {incidents} incidents')


def scan(folder, paths):
    """All of them in one go: each that is damaged is named, the others are done."""
    done = subprocess.run([SCAN, '--json', '--notes', '--reader', 'native', *paths, SAMPLE], capture_output=True, check=False)
    need(done.returncode == 3, f'toa-scan: {done.returncode} {done.stderr.decode()}')
    for path, (expected, _) in zip(paths, CAPTURES.values()):
        named = path.encode() + b': ' in done.stderr
        need(named == (expected in (CUT, NONE)), f'toa-scan: {path}: {done.stderr.decode()}')


def main():
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, (name, (_, data)) in enumerate(CAPTURES.items()):
            os.mkdir(os.path.join(folder, str(number)))  # a capture point of its own
            paths.append(os.path.join(folder, str(number), name))
            with open(paths[-1], 'wb') as file:
                file.write(data)
        for path, (expected, _) in zip(paths, CAPTURES.values()):
            one(path, expected)
        scan(folder, paths)
        compare = [sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'run'), '--read', READ, '--tshark', TSHARK]
        done = subprocess.run([*compare, folder], check=False)
        need(done.returncode == 0, 'toa-read and tshark differ')
    print(f'{len(CAPTURES)} captures that nobody should write')


main()
