#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Turn captures into seed corpora for the fuzzers.

    make-seeds.py OUT CAPTURE...     writes OUT/options, OUT/engine, OUT/frames and others

Any format that editcap reads. What a fuzzer's input looks like stands at the
top of its source; the event format is that of events.h.
"""

import hashlib
import json
import os
import random
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import capturefile

FRAMES_PER_SEED = 24
CROSSED_SEEDS = 400
# Numbers that a crossed segment has of its owner (CROSSED_* of events.h): one, or two, as the rows of R5 ask for.
CROSSED_NUMBERS = (1, 2, 4, 8, 16, 32, 64, 1 | 2, 1 | 4, 1 | 8, 2 | 4, 2 | 8, 4 | 8, 16 | 8, 16 | 4, 32 | 2, 32 | 4, 32 | 8,
                   1 | 4 | 8, 15, 64 | 2)
# Where IP begins, by link type: (offset of the ethertype or None, offset of IP).
LINKS = {1: (12, 14), 101: (None, 0), 228: (None, 0), 229: (None, 0), 113: (14, 16),
         276: (0, 20), 0: (None, 4), 108: (None, 4)}
ETHERTYPES_IP = (0x0800, 0x86dd)
ETHERTYPES_TAG = (0x8100, 0x88a8)


def read_pcap(path):
    """(link type, [(seconds, captured bytes, original length)]) of any capture."""
    with tempfile.NamedTemporaryFile(suffix='.pcap') as plain:
        done = subprocess.run(['editcap', '-F', 'pcap', path, plain.name],
                              capture_output=True, check=False)
        frames = capturefile.read(plain.name) if done.returncode == 0 else []
    return frames[0].link if frames else None, [(f.time / 10**9, f.data, f.length) for f in frames]


def ip_packets(path):
    """(time, bytes from the IP header, original length) of each IP packet."""
    link, packets = read_pcap(path)
    if link not in LINKS:
        return []
    type_at, start = LINKS[link]
    result = []
    for when, data, length in packets:
        offset = start
        if type_at is not None:
            if len(data) < offset:
                continue
            ethertype = struct.unpack_from('>H', data, type_at)[0]
            while ethertype in ETHERTYPES_TAG and len(data) >= offset + 4:
                ethertype = struct.unpack_from('>H', data, offset + 2)[0]
                offset += 4
            if ethertype not in ETHERTYPES_IP:
                continue
        if len(data) > offset:
            result.append((when, data[offset:], length - offset))
    return result


class Segment:
    """A TCP segment directly in IP; None is what it is not."""

    @staticmethod
    def parse(when, data, length):
        if data[0] >> 4 == 4 and len(data) >= 40 and data[9] == 6:
            start = (data[0] & 15) * 4
            addresses, ip_id, ttl = (data[12:16], data[16:20]), data[4:6], data[8]
        elif data[0] >> 4 == 6 and len(data) >= 60 and data[6] == 6:
            start = 40
            addresses, ip_id, ttl = (data[8:24], data[24:40]), b'\0\0', data[7]
        else:
            return None
        tcp = data[start:]
        if len(tcp) < 20 or tcp[12] >> 4 < 5:
            return None
        self = Segment()
        self.when, self.ip_id, self.ttl = when, struct.unpack('>H', ip_id)[0], ttl
        ports = struct.unpack('>HH', tcp[:4])
        self.ends = (addresses[0], ports[0]), (addresses[1], ports[1])
        self.seq, self.ack, offset, self.flags, self.window = struct.unpack('>IIBBH', tcp[4:16])
        self.options = tcp[20:(offset >> 4) * 4]
        self.length = max(0, length - start - (offset >> 4) * 4)
        return self


def write(folder, content):
    os.makedirs(folder, exist_ok=True)
    name = hashlib.sha1(content).hexdigest()[:16]
    with open(os.path.join(folder, name), 'wb') as file:
        file.write(content)


def frames_seed(packets, mode):
    seed, before = bytes([mode]), None
    for when, data, length in packets:
        step = 0 if before is None else max(0, min(255, int((when - before) * 1000)))
        before = when
        length = min(length, 1999)
        data = data[:length]
        captured = 0 if len(data) == length else min(len(data), 255)
        data = data[:captured or length]
        seed += struct.pack('>HBB', length, captured, step) + data
    return seed


def event(segment, number, before):
    """One event of events.h: endpoints by number, so that the fuzzer can change them."""
    step = max(0, min(255, int((segment.when - before) * 1000))) if before else 0
    options = segment.options[:40]
    timestamps = sack = b''
    toa, at = b'', 0
    while at + 1 < len(options) and options[at] != 0:
        if options[at] == 1:
            at += 1
            continue
        size = max(2, options[at + 1])
        if options[at] == 8 and size == 10:
            timestamps = options[at + 2:at + 10]
        elif options[at] == 5 and size >= 10:
            sack = options[at + 2:at + 10]
        elif options[at] in (252, 253, 254, 200) and size == 8:
            toa = bytes([number(('toa', options[at + 2:at + 8]))])
        at += size
    bits = (1 if timestamps else 0) | (2 if len(sack) == 8 else 0) | (4 if toa else 0)
    if not bits & 2:
        sack = b''
    head = struct.pack('>BBBBBHIIHH', bits, number(segment.ends[0]), number(segment.ends[1]), step,
                       segment.flags, min(segment.length, 65535), segment.seq, segment.ack,
                       segment.window, segment.ip_id)
    return head + timestamps + sack + toa


def engine_seed(segments):
    names = {}

    def number(name):
        return names.setdefault(name, len(names) % 16)

    seed, before = bytes([0]), None
    for segment in segments:
        seed += event(segment, number, before)
        before = segment.when
    return seed


def crossed_event(chance, conversations, forgets):
    """A segment of one conversation on another (EVENT_CROSSED of events.h)."""
    timestamps = chance.choice((0, 1))
    flags = chance.choice((0x10, 0x10, 0x18, 0x18, 0x04, 0x04, 0x14, 0x12))
    length = chance.choice((0, 1, 10, 500)) if flags == 0x18 else 0
    numbers = bytes((chance.randrange(conversations), chance.choice((0, 1, 1)), chance.choice((0, 0, 0, 255, 5, 200)),
                     chance.choice(CROSSED_NUMBERS)))
    return (struct.pack('>BBBBBH', 64 | timestamps | forgets, chance.randrange(conversations), 0, chance.choice((0, 1, 20, 200)), flags,
                        length) + numbers + struct.pack('>IHH', chance.randrange(2**32), 1000, chance.randrange(8)) +
            (struct.pack('>II', chance.randrange(1, 2**32), chance.randrange(1, 2**32)) if timestamps else b''))


def crossed_seed(number):
    """Some clients with some servers each, few or more than are compared one by one, and much that crosses between them."""
    chance = random.Random(number)
    forgets = number % 3 == 2  # the engine forgets some in between (EVENT_FORGET)
    clients, servers = chance.choice(((1, 2), (1, 5), (2, 3), (3, 1), (1, 12), (4, 2), (2, 9), (4, 12)))
    seed, conversations, last = bytes([number & 3]), 0, (0, 0)
    for client in range(clients):
        for server in range(4, 4 + servers):
            mine, its = chance.randrange(2**32), chance.randrange(2**32)
            if chance.random() < 0.1 and conversations:
                mine, its = chance.choice(((mine, last[1]), (last[0], its), last))  # a leg, perhaps
            elif chance.random() < 0.3:
                its = (last[1] + chance.randrange(65000)) % 2**32  # within the other's window
            last = (mine, its)
            clock, whole = chance.randrange(1, 2**31), chance.random() < 0.8
            story = [(1, 2, 0, mine, 0), (0, 0x12, 0, its, mine + 1), (1, 0x10, 0, mine + 1, its + 1),
                     (1, 0x18, 100, mine + 1, its + 1), (0, 0x18, 200, its + 1, mine + 101),
                     (1, 0x10, 0, mine + 101, its + 201), (1, 0x18, 50, mine + 101, its + 201), (0, 0x18, 70, its + 201, mine + 101),
                     (0, 0x10, 0, its + 271, mine + 151), (0, 0x18, 30, its + 271, mine + 151)]
            for from_client, flags, length, seq, ack in story[0 if whole else 3:chance.choice((1, 3, 6, 7, 8, 9, 10))]:
                ends = (client, server) if from_client else (server, client)
                named = bytes([chance.randrange(4)]) if flags == 2 and chance.random() < 0.3 else b''
                bits = (5 if named else 1) | (forgets and chance.random() < 0.03 and 128)
                seed += struct.pack('>BBBBBHIIHH', bits, *ends, 1, flags, length, seq % 2**32, ack % 2**32, 1000,
                                    chance.choice((3, 7, 1000)) + conversations * 100)
                seed += struct.pack('>II', clock + 100 * from_client, clock + 100 - 100 * from_client) + named
                conversations = max(conversations, 1 + client * servers + server - 4)
    for _ in range(chance.randrange(5, 40)):
        seed += crossed_event(chance, max(1, conversations), forgets and chance.random() < 0.2 and 128)
    return seed[:4000]


def record_seeds():
    """Right records, of which each kind of incident comes, and each kind of wrong one (those of tests/batch)."""
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'batch'))
    import trust
    numbers = dict(syn_time=10**18, synack_time=10**18 + 9, closed_time=10**18 + 99, client_isn=1, client_low=1,
                   client_next=50, client_ack=900, server_isn=7, server_low=7, server_next=900, server_ack=50)
    pair = [trust.conversation(**numbers), trust.conversation(stream=1, server_ip='10.0.0.3', **numbers)]
    unexplained = {**trust.finding(seq=900, ack=50), 'record': 'unexplained'}
    for line in [trust.finding(), trust.finding(finding='collision', evidence=['key']), trust.finding(severity='error'),
                 trust.finding(finding='self_connect', other_stream=None, severity='note'), unexplained,
                 trust.conversation(stream=2, client_ip='::1'), *trust.WRONG.values()]:
        lines = [trust.FILE, *pair, line, trust.END, {**trust.FILE, 'content': 'd' * 32, 'point': 'b'},
                 trust.conversation(**numbers), unexplained, trust.END]
        texts = [line if isinstance(line, (str, bytes)) else json.dumps(line, separators=(',', ':')) for line in lines]
        seed = b'\n'.join(text if isinstance(text, bytes) else text.encode() for text in texts) + b'\n'
        if len(seed) < 8000:
            yield seed + b' ' * (-len(seed) % 16)  # those of a length divisible by 16 are reduced, too


def main():
    out, captures = sys.argv[1], sys.argv[2:]
    for path in captures:
        with open(path, 'rb') as file:
            write(os.path.join(out, 'capture'), b'\0' + file.read(6000))
        packets = ip_packets(path)
        segments = [s for s in (Segment.parse(*p) for p in packets) if s]
        # the beginning, the middle and the end say the most
        places = {0, max(0, len(packets) // 2 - FRAMES_PER_SEED), max(0, len(packets) - FRAMES_PER_SEED)}
        for mode, place in enumerate(sorted(places)):
            part = packets[place:place + FRAMES_PER_SEED]
            if part:
                write(os.path.join(out, 'frames'), frames_seed(part, (2, 3, 6)[mode]))
        for place in range(0, min(len(segments), 240), 120):
            write(os.path.join(out, 'engine'), engine_seed(segments[place:place + 120]))
        for segment in segments:
            syn = 8 if segment.flags & 2 else 0
            if segment.options:
                write(os.path.join(out, 'options'), bytes([syn]) + segment.options)
    for number in range(CROSSED_SEEDS):
        write(os.path.join(out, 'engine'), crossed_seed(number))
    for seed in record_seeds():
        write(os.path.join(out, 'records'), seed)
    for name in ('shard', 'results'):  # of incident-rs.pcap, some rows of each kind
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'parts', name), 'rb') as file:
            write(os.path.join(out, 'records'), file.read())
    for name in ('options', 'engine', 'frames', 'records'):
        folder = os.path.join(out, name)
        print(name, len(os.listdir(folder)) if os.path.isdir(folder) else 0)


if __name__ == '__main__':
    main()
