#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds what "-z toa,explain" says of a capture against its packets.

usage: claims.py --tshark LAUNCHER [-o NAME:VALUE]... CAPTURE...

Every statement of the text is a claim ("-z toa,claims"). Here the packets are read again, by other code that knows none of
the plugin's rules, and each claim is true of them or is printed. What is not a claim must hold no number. Verdict, victim
and counts must be the same in words, records, table, statistics and packet tree, in one pass and in two.
Exit code 0: nothing false, 1: something is, 77: nothing to test with.
"""
import argparse, collections, concurrent.futures, json, os, re, struct, subprocess, sys

MOD = 1 << 32
SECOND = 10**9
FIN, SYN, RST, ACK = 1, 2, 4, 16


# ---- packets ----

Packet = collections.namedtuple('Packet', 'frame time source destination seq ack flags length ip_id tsval tsecr sack '
                                          'options stream')


def endpoint(address, port):
    if len(address) == 4:
        return '%d.%d.%d.%d:%d' % (*address, port)
    import ipaddress
    return '[%s]:%d' % (ipaddress.IPv6Address(address), port)


def blocks_of(raw):
    """(link type, time in ns, captured bytes) of a pcap or pcapng file."""
    magic = struct.unpack('<I', raw[:4])[0]
    if magic == 0x0a0d0d0a:
        yield from pcapng(raw)
        return
    order = '<' if magic in (0xa1b2c3d4, 0xa1b23c4d) else '>'
    unit = 1 if struct.unpack(order + 'I', raw[:4])[0] == 0xa1b23c4d else 1000
    link, at = struct.unpack(order + 'I', raw[20:24])[0], 24
    while at + 16 <= len(raw):
        seconds, fraction, captured, _ = struct.unpack(order + 'IIII', raw[at:at + 16])
        yield link, seconds * SECOND + fraction * unit, raw[at + 16:at + 16 + captured]
        at += 16 + captured


def pcapng(raw):
    at, order, interfaces = 0, '<', []
    while at + 12 <= len(raw):
        kind, size = struct.unpack(order + 'II', raw[at:at + 8])
        body = raw[at + 8:at + size - 4]
        if kind == 0x0a0d0d0a:
            interfaces = []
        elif kind == 1:
            unit, place = 1000, 8
            while place + 4 <= len(body):
                code, length = struct.unpack(order + 'HH', body[place:place + 4])
                if code == 9:
                    unit = SECOND // 10 ** body[place + 4]
                if not code:
                    break
                place += 4 + (length + 3) // 4 * 4
            interfaces.append((struct.unpack(order + 'H', body[:2])[0], unit))
        elif kind == 6:
            interface, high, low, captured, _ = struct.unpack(order + 'IIIII', body[:20])
            link, unit = interfaces[interface]
            yield link, (high << 32 | low) * unit, body[20:20 + captured]
        elif kind in (2, 3):
            yield None, 0, b''
        at += size


def network_of(link, data):
    if link == 1:
        kind, at = data[12:14], 14
        while kind in (b'\x81\x00', b'\x88\xa8'):
            kind, at = data[at + 2:at + 4], at + 4
        return data[at:] if kind in (b'\x08\x00', b'\x86\xdd') else None
    return data if link in (101, 12) else data[16:] if link == 113 else data[20:] if link == 276 else None


def options_of(header):
    found, at = {}, 20
    while at < len(header) and header[at]:
        if header[at] == 1:
            at += 1
            continue
        if at + 1 >= len(header) or header[at + 1] < 2 or at + header[at + 1] > len(header):
            break
        found.setdefault(header[at], header[at + 2:at + header[at + 1]])
        at += header[at + 1]
    return found


def tcp_of(frame, time, data):
    if data[0] >> 4 == 4:
        size, protocol, ip_id = (data[0] & 15) * 4, data[9], struct.unpack('>H', data[4:6])[0]
        total, addresses = struct.unpack('>H', data[2:4])[0], (data[12:16], data[16:20])
        if struct.unpack('>H', data[6:8])[0] & 0x3fff:
            return None
    else:
        size, protocol, ip_id = 40, data[6], 0
        total, addresses = 40 + struct.unpack('>H', data[4:6])[0], (data[8:24], data[24:40])
    if protocol != 6 or len(data) < size + 20:
        return None
    header = data[size:]
    sport, dport, seq, ack, offset = struct.unpack('>HHIIH', header[:14])
    length = (offset >> 12) * 4
    options = options_of(header[:length])
    stamps = struct.unpack('>II', options[8]) if len(options.get(8, b'')) == 8 else (None, None)
    sack = struct.unpack('>II', options[5][:8]) if len(options.get(5, b'')) >= 8 else None
    return Packet(frame, time, endpoint(addresses[0], sport), endpoint(addresses[1], dport), seq, ack, offset & 63,
                  total - size - length, ip_id, *stamps, sack, options, None)


def end_of(p):
    return (p.seq + p.length + bool(p.flags & SYN) + bool(p.flags & FIN)) % MOD


def asks(p):
    return not p.flags & RST and end_of(p) != p.seq


def read(path):
    """TCP packets by frame, with the streams a reader of SYNs finds; None: a format that is not read here."""
    with open(path, 'rb') as f:
        raw = f.read()
    packets, streams, bases, count = {}, {}, {}, 0
    for number, (link, time, data) in enumerate(blocks_of(raw), 1):
        data = network_of(link, data) if link is not None and data else None
        p = tcp_of(number, time, data) if data else None
        if not p:
            if link not in (1, 101, 12, 113, 276):
                return None
            continue
        key = frozenset((p.source, p.destination))
        new = key not in streams
        if p.flags & (SYN | ACK) == SYN and not new:
            base = bases.get((streams[key], p.source))
            new = base is not None and base != p.seq
        if new:
            streams[key], count = count, count + 1
        if p.flags & SYN:
            bases.setdefault((streams[key], p.source), p.seq)
        packets[number] = p._replace(stream=streams[key])
    return packets


# ---- claims ----

class Capture:
    """What the packets say, and what the records call foreign: the one thing that is taken over."""

    def __init__(self, packets, findings, clients):
        self.packets, self.findings, self.clients = packets, findings, clients
        self.streams = collections.defaultdict(list)
        for p in packets.values():
            self.streams[p.stream].append(p)
        self.foreign = {f['frame']: f for f in findings if f['finding'] in ('foreign.rst', 'foreign.segment',
                                                                            'stale_session')}
        self.unexplained = set()
        self.copies = self.find_copies()
        self.shifts = {}

    def find_copies(self):
        """A packet that was captured twice has its finding on the first copy: the others are as foreign."""
        first = collections.defaultdict(list)
        for frame in self.foreign:
            p = self.packets[frame]
            first[p.stream, p.source, p.seq, p.ack, p.flags, p.length, p.ip_id].append(p)
        return {p.frame for p in self.packets.values() if p.frame not in self.foreign and any(
            0 <= p.time - q.time <= SECOND // 10 and p.frame > q.frame
            for q in first.get((p.stream, p.source, p.seq, p.ack, p.flags, p.length, p.ip_id), ()))}

    def from_client(self, p):
        return p.source == self.clients.get(p.stream)

    def own(self, stream, client, before=None):
        """Packets of one side that are the conversation's own, up to a frame."""
        return [p for p in self.streams[stream] if self.from_client(p) == client and p.frame not in self.foreign and
                p.frame not in self.unexplained and p.frame not in self.copies and (before is None or p.frame < before)]

    def credited(self, stream, client, before):
        """Packets of that side that were captured elsewhere, with the shift of their numbers."""
        return [self.packets[n] for n, f in self.foreign.items()
                if n < before and f['other_stream'] == stream and (f['from'] == 'client') == client]

    def next_of(self, stream, client, before):
        """What that side may send next: behind all it has sent, or what its peer asked for."""
        sent, found = self.own(stream, client, before), set()
        if sent:
            top = sent[0].seq
            for p in sent:
                top = end_of(p) if (end_of(p) - top) % MOD < 1 << 31 else top
            found.add(top)
        peer = [p for p in self.own(stream, not client, before) if p.flags & ACK]
        found.update(p.ack for p in peer[-4:])
        found.update(end_of(p) for p in self.credited(stream, client, before))
        found.update(p.ack for p in self.credited(stream, not client, before) if p.flags & ACK)
        return found

    def closed(self, stream, before):
        """FIN both ways, or a RST of its own."""
        packets = [p for p in self.streams[stream] if p.time <= before and p.frame not in self.foreign and
                   p.frame not in self.copies and p.frame not in self.unexplained]
        return any(p.flags & RST for p in packets) or len({p.source for p in packets if p.flags & FIN}) == 2


CHECKS = {}


def check(name):
    def add(function):
        CHECKS[name] = function
        return function
    return add


def pair(capture, claim):
    return capture.streams[claim['stream']], capture.streams[claim['other_stream']]


@check('connection')
def _(c, claim, here):
    packets = c.streams[claim['stream']]
    return (len(packets), packets[0].frame, packets[-1].frame) == (claim['count'], claim['frame'], claim['other_frame']) \
        and {packets[0].source, packets[0].destination} == {claim['from'], claim['to']}


@check('closed')
def _(c, claim, here):
    return any(p.time == claim['time'] for p in c.streams[claim['stream']]) and c.closed(claim['stream'], claim['time'])


def begins(c, claim):
    first = c.streams[claim['stream']][0]
    return (first.frame, first.time) == (claim['frame'], claim['time']) and \
        {first.source, first.destination} == {claim['from'], claim['to']}


@check('began_while_open')
def _(c, claim, here):
    return begins(c, claim) and not c.closed(claim['other_stream'], claim['time'] - 1)


@check('began_after')
def _(c, claim, here):
    return begins(c, claim) and c.closed(claim['other_stream'], claim['time']) and \
        any(p.time == claim['time'] - claim['length'] for p in c.streams[claim['other_stream']])


@check('waits')
def _(c, claim, here):
    waiting = [p for p in c.own(claim['stream'], True) if p.frame >= claim['frame'] and asks(p)]
    if not waiting or waiting[0].frame != claim['frame'] or len(waiting) != claim['count']:
        return False
    last = max(p.time for p in c.packets.values())
    answered = [p for p in c.own(claim['stream'], False) if p.frame > claim['frame'] and p.flags & ACK and
                (p.ack - end_of(waiting[0])) % MOD < 1 << 31]
    return not answered and claim['length'] == last - claim['time'] and waiting[0].time == claim['time']


@check('still_asks')
def _(c, claim, here):
    """The earlier of two connections with the same addresses: what its client still sends has a finding, and no answer."""
    mine = [c.packets[n] for n, f in c.foreign.items() if f['other_stream'] == claim['stream'] and
            f['stream'] == claim['other_stream'] and n >= claim['frame']]
    asked = [p for p in mine if c.from_client(p) and p.length]
    answered = [p for p in mine if not c.from_client(p) and p.frame > claim['frame'] and p.flags & (ACK | RST) == ACK and
                (p.ack - end_of(asked[0])) % MOD < 1 << 31]
    last = max(p.time for p in c.packets.values())
    return bool(asked) and (asked[0].frame, len(asked)) == (claim['frame'], claim['count']) and not answered and \
        claim['length'] == last - claim['time'] and asked[0].time == claim['time']


@check('last_answer')
def _(c, claim, here):
    answers = c.own(claim['stream'], False)
    return bool(answers) and answers[-1].frame == claim['frame'] and answers[-1].time == claim['time']


@check('no_answer')
def _(c, claim, here):
    return not c.own(claim['stream'], False)


def found_on(c, stream, other, kinds=None):
    return [f for f in c.findings if f['stream'] == stream and f['other_stream'] == other and
            (f['finding'].startswith('foreign.') or f['finding'] == 'stale_session')]


def is_leg(c, one, other):
    """Both have one SYN-ACK, or one SYN."""
    isns = [{(p.seq, p.flags & ACK) for p in c.streams[s] if p.flags & SYN} for s in (one, other)]
    return bool(isns[0] & isns[1])


def legs_of(c, stream):
    return [other for other in c.streams if other == stream or is_leg(c, stream, other)]


def most(c, stream, other, fits):
    """Of several legs the one that carried most."""
    return max(sum(fits(f) for mine in legs_of(c, other) for f in found_on(c, leg, mine)) for leg in legs_of(c, stream))


@check('found_elsewhere')
def _(c, claim, here):
    counted = [f for f in found_on(c, claim['other_stream'], claim['stream']) if f['from'] == 'server']
    return len(counted) == claim['count'] or here['merged'] and claim['count'] > 0


@check('found')
def _(c, claim, here):
    both = found_on(c, claim['stream'], claim['other_stream']) + found_on(c, claim['other_stream'], claim['stream'])
    kinds = collections.Counter('dup' if f['finding'] == 'foreign.dup_ack' else 'rst' if f['flags'] & RST else 'other'
                                for f in both)
    if here['merged']:
        frames = {f['frame'] for f in c.findings if f['finding'].startswith('foreign.') or
                  f['finding'] == 'stale_session'}
        return claim['frame'] in frames and claim['other_frame'] in frames
    return (kinds['rst'], kinds['other'], kinds['dup']) == (claim['count'], claim['value'], claim['base']) and \
        (both and min(f['frame'] for f in both) == claim['frame'] and max(f['frame'] for f in both) == claim['other_frame'])


@check('segment')
def _(c, claim, here):
    p = c.packets[claim['frame']]
    return (p.stream, p.source, p.flags, p.length, p.time) == (claim['stream'], claim['from'], claim['value'] & 63,
                                                               claim['base'], claim['time'])


def shift_known(c, claim):
    """The distance is that of a segment of the server on this stream before, whose owner is known without it."""
    for p in c.streams[claim['stream']]:
        f = c.foreign.get(p.frame)
        if p.frame <= claim['frame'] and f and f['other_stream'] == claim['other_stream'] and f['from'] == 'server' and \
                p.flags & ACK:
            for stands in c.next_of(claim['other_stream'], True, p.frame):
                if (p.ack - stands) % MOD == claim['shift']:
                    return True
            isn = [q.seq for q in c.own(claim['other_stream'], True, p.frame) if q.flags & SYN]
            if any((p.ack - n - 1) % MOD == claim['shift'] for n in isn):
                return True
    return False


@check('seq')
def _(c, claim, here):
    p, client = c.packets[claim['frame']], c.from_client(c.packets[claim['frame']])
    if p.seq != claim['value'] or (claim['base'] + claim['shift']) % MOD != p.seq:
        return False
    if p.flags & SYN and p.flags & ACK:
        return any(q.seq == claim['base'] for q in c.own(claim['other_stream'], client) if q.flags & SYN)
    stands = c.next_of(claim['other_stream'], client, p.frame)
    return claim['base'] in stands or p.length > 0 and (claim['base'] + p.length) % MOD in stands


@check('seq_near')
def _(c, claim, here):
    p, client = c.packets[claim['frame']], c.from_client(c.packets[claim['frame']])
    stands = c.next_of(claim['other_stream'], client, p.frame) | {q.seq for q in c.own(claim['other_stream'], client, p.frame)}
    return p.seq == claim['value'] and any((claim['base'] - n + (1 << 20)) % MOD < 1 << 21 for n in stands)


@check('seq_shifted')
def _(c, claim, here):
    return CHECKS['seq'](c, claim, here) and shift_known(c, claim)


@check('ack')
def _(c, claim, here):
    p, client = c.packets[claim['frame']], c.from_client(c.packets[claim['frame']])
    if p.ack != claim['value'] or (claim['base'] + claim['shift']) % MOD != p.ack:
        return False
    return claim['base'] in c.next_of(claim['other_stream'], not client, p.frame)


@check('ack_shifted')
def _(c, claim, here):
    return CHECKS['ack'](c, claim, here) and shift_known(c, claim)


@check('ip_id')
def _(c, claim, here):
    p, client = c.packets[claim['frame']], c.from_client(c.packets[claim['frame']])
    run = c.own(claim['other_stream'], client, p.frame) + c.credited(claim['other_stream'], client, p.frame)
    run = [q.ip_id for q in sorted(run, key=lambda q: q.frame) if q.ip_id]
    return p.ip_id == claim['value'] and bool(run) and (run[-1] + claim['count']) % 65536 == p.ip_id


@check('ip_id_behind')
def _(c, claim, here):
    return CHECKS['ip_id'](c, dict(claim, count=-claim['count']), here)


@check('tsecr')
def _(c, claim, here):
    p, client = c.packets[claim['frame']], c.from_client(c.packets[claim['frame']])
    values = [q.tsval for q in c.own(claim['other_stream'], not client, p.frame) if q.tsval is not None]
    return p.tsecr == claim['value'] and bool(values) and \
        (p.tsecr in values or (p.tsecr - values[0]) % MOD <= (values[-1] - values[0]) % MOD + 10000)


@check('timestamps')
def _(c, claim, here):
    syns = [p for p in c.streams[claim['stream']] if p.flags & SYN and p.frame not in c.foreign]
    return c.packets[claim['frame']].tsval is not None and any(p.tsval is None for p in syns)


def comes_after(c, claim):
    p, q = c.packets[claim['frame']], c.packets[claim['other_frame']]
    return q.stream == claim['other_stream'] and c.from_client(q) != c.from_client(p) and \
        0 <= p.time - q.time == claim['length'] <= SECOND


@check('cause')
def _(c, claim, here):
    p, q = c.packets[claim['frame']], c.packets[claim['other_frame']]
    between = [r for r in c.own(q.stream, c.from_client(q), p.frame) if r.frame > q.frame]
    return comes_after(c, claim) and p.flags & (RST | ACK) == RST and p.seq == q.ack and \
        all(r.ack == q.ack for r in between)


@check('after')
def _(c, claim, here):
    q = c.packets[claim['other_frame']]
    probe = any((r.seq - 1 - q.seq) % MOD == 0 or end_of(r) == (q.seq + 1) % MOD
                for r in c.own(q.stream, c.from_client(q)))
    return comes_after(c, claim) and (asks(q) or probe)


@check('answers')
def _(c, claim, here):
    p, q = c.packets[claim['frame']], c.packets[claim['other_frame']]
    return q.stream == p.stream == claim['stream'] and q.frame < p.frame and q.source == p.destination and q.ack == p.seq


@check('kills')
def _(c, claim, here):
    p = c.packets[claim['frame']]
    return bool(p.flags & RST) and c.from_client(p) and not c.closed(claim['other_stream'], p.time)


@check('duplicate')
def _(c, claim, here):
    p = c.packets[claim['frame']]
    before = [q for q in c.own(claim['stream'], c.from_client(p), p.frame) if q.flags & ACK]
    return p.ack == claim['value'] and any(q.ack == p.ack for q in before)


def sent(c, stream, number, before):
    return any((number - p.seq) % MOD <= (end_of(p) - p.seq) % MOD for p in c.own(stream, True, before))


@check('sack')
def _(c, claim, here):
    p = c.packets[claim['frame']]
    return p.sack is not None and p.sack[0] == claim['value'] and \
        (claim['base'] + claim['shift']) % MOD == claim['value'] and \
        sent(c, claim['other_stream'], claim['base'], p.frame) and not sent(c, claim['stream'], claim['value'], p.frame)


CHECKS['sack_shifted'] = CHECKS['sack']


@check('known')
def _(c, claim, here):
    return c.packets[claim['frame']].time == claim['time'] and claim['frame'] >= max(s[0].frame for s in pair(c, claim))


@check('more')
def _(c, claim, here):
    return claim['count'] > 0


@check('isn_clock')
def _(c, claim, here):
    replies = [[p for p in s if p.flags & SYN and p.flags & ACK and p.frame not in c.foreign] for s in pair(c, claim)]
    if not all(replies):
        return False
    late, early = (r[0] for r in replies)
    period = MOD * 64
    error = ((late.seq - early.seq) * 64 - (late.time - early.time) + period // 2) % period - period // 2
    return abs(error - claim['length']) < 100


@check('recycled')
def _(c, claim, here):
    p = c.packets[claim['frame']]
    return bool(p.flags & SYN) and p.seq == claim['value'] == (claim['base'] + 65537) % MOD and \
        claim['base'] in c.next_of(claim['other_stream'], False, p.frame)


@check('crossed')
def _(c, claim, here):
    f = c.foreign.get(claim['frame'])
    return bool(f) and f['from'] == 'server' and (f['stream'], f['other_stream']) == (claim['stream'],
                                                                                      claim['other_stream'])


@check('row')
def _(c, claim, here):
    p = c.packets[claim['frame']]
    f = c.foreign.get(p.frame)
    owners = {f['other_stream'], p.stream} if f else {p.stream}
    start = min(q.time for q in c.packets.values()) if here['start'] is None else here['start']
    return (p.stream, p.source, p.destination, p.flags, p.length) == \
        (claim['stream'], claim['from'], claim['to'], claim['value'] & 63, claim['base']) and \
        claim['other_stream'] in owners and claim['words'].split()[:2] == [str(p.frame), '%.6f' % ((p.time - start) / 1e9)]


@check('command')
def _(c, claim, here):
    numbers = {claim['from'].rsplit(':', 1)[1], claim['to'].rsplit(':', 1)[1]}
    return set(re.findall(r"port = :(\d+)", claim['words'])) <= numbers and \
        all(a.strip("'") in (claim['from'].rsplit(':', 1)[0].strip(), claim['to'].rsplit(':', 1)[0])
            for a in re.findall(r"(?:dst |^On )(\S+?)(?=:? |'|$)", claim['words']))


@check('same_wire')
def _(c, claim, here):
    one, other = pair(c, claim)
    return {one[0].source, one[0].destination} == {other[0].source, other[0].destination} == {claim['from'], claim['to']}


@check('named')
def _(c, claim, here):
    host, port = claim['from'].rsplit(':', 1)
    import ipaddress
    address = ipaddress.ip_address(host.strip('[]')).packed
    return any(address in value for p in c.streams[claim['stream']] for kind, value in p.options.items() if kind > 27)


@check('goes_on')
def _(c, claim, here):
    p = c.packets[claim['frame']] # a SYN that its connection has begun with
    return p.stream == claim['stream'] and p.time == claim['time'] and p.flags & (SYN | ACK) == SYN and \
        p.seq == c.streams[p.stream][0].seq


@check('leg')
def _(c, claim, here):
    one, other = pair(c, claim)
    return is_leg(c, claim['stream'], claim['other_stream']) or \
        bool({(p.seq, p.length, p.ip_id) for p in one if p.length} & {(p.seq, p.length, p.ip_id) for p in other}) or \
        bool({p.seq for p in one if p.length} & {p.seq for p in other if p.length})


@check('one_key')
def _(c, claim, here):
    return here['keys'].get(claim['stream']) == here['keys'].get(claim['other_stream']) == (claim['from'], claim['to'])


@check('two_ways')
def _(c, claim, here):
    servers = [({s[0].source, s[0].destination} - {c.clients.get(s[0].stream)}).pop() for s in pair(c, claim)]
    return servers == [claim['to'], claim['from']]


@check('key')
def _(c, claim, here):
    return here['keys'].get(claim['stream']) == (claim['from'], claim['to'])


@check('dialled')
def _(c, claim, here):
    return claim['from'] in (c.streams[claim['stream']][0].source, c.streams[claim['stream']][0].destination)


@check('segments')
def _(c, claim, here):
    return claim['count'] == len(c.packets) and claim['value'] == len(here['keys'])


@check('named_by_toa')
def _(c, claim, here):
    return claim['count'] == here['toa']


@check('syn_acks')
def _(c, claim, here):
    replied = {p.stream for p in c.packets.values() if p.flags & SYN and p.flags & ACK}
    return claim['count'] <= len(replied)


@check('unseen')
def _(c, claim, here):
    frames = [f['frame'] for f in c.findings if f['finding'] == 'foreign.unseen' and f['stream'] == claim['stream']]
    return (len(frames), frames[0], frames[-1]) == (claim['count'], claim['frame'], claim['other_frame'])


@check('self_connect')
def _(c, claim, here):
    p = c.packets[claim['frame']]
    return p.source == p.destination == claim['from'] and p.stream == claim['stream']


@check('unexplained')
def _(c, claim, here):
    return claim['count'] == len(c.unexplained)


@check('incident')
def _(c, claim, here):
    return claim['value'] == len(here['incidents'])


@check('summary')
def _(c, claim, here):
    victims = sum((i['victim_stream'] is not None) + (i['victim2_stream'] is not None) for i in here['incidents'])
    proven = sum(i['verdict'] == 'proven' for i in here['incidents'])
    return (claim['count'], claim['value'], claim['base']) == (len(here['incidents']), proven, victims)


@check('server')
def _(c, claim, here):
    mine = [i for i in here['incidents'] if here['keys'][i['early_stream']][1] == claim['from']]
    return claim['count'] == len(mine) and claim['value'] == sum(i['verdict'] == 'proven' for i in mine)


for name in ('reused', 'shared', 'kept_apart'):
    CHECKS[name] = lambda c, claim, here: claim['count'] > 0


# ---- one capture ----

def tshark(options, path, *arguments):
    command = [options.tshark, '-n', '-q', '-r', path]
    for option in options.option or []:
        command += ['-o', option]
    done = subprocess.run(command + list(arguments), capture_output=True, text=True,
                          env=dict(os.environ, TZ='UTC', LC_ALL='C.UTF-8'))
    if done.returncode:
        raise RuntimeError('%s: %s' % (path, done.stderr))
    return done.stdout


def joined(address, port):
    return '%s:%d' % ('[%s]' % address if ':' in address else address, port)


def context_of(records, claims):
    conversations = [r for r in records if r['record'] == 'conversation']
    keys = {r['stream']: (joined(r['key_client_ip'], r['key_client_port']), joined(r['key_server_ip'], r['key_server_port']))
            for r in conversations}
    return {'keys': keys, 'toa': sum(r['toa_ip'] is not None for r in conversations), 'start': None,
            'incidents': [r for r in records if r['record'] == 'incident'],
            'merged': any(claim['claim'] in ('leg', 'same_wire') for claim in claims) or
            any(r['leg_stream'] is not None for r in conversations)}


# numbers that say nothing of a capture
PLAIN = re.compile(r'https?://\S+|layer [47]\b|\(1\.15\)|net\.ipv4|toa,explain,0|-z toa|IPv[46]')


def untold_numbers(text, claims):
    """Words of the text that hold a number and are no claim's."""
    rest = ' '.join(text.split())
    for words in sorted({' '.join(claim['words'].split()) for claim in claims}, key=len, reverse=True):
        capital = words[:1].upper() + words[1:]
        rest = rest.replace(words, ' ').replace(capital, ' ')
    rest = re.sub(r'\b[A-D] is \S+:\d+', ' ', PLAIN.sub(' ', rest))     # names of lanes
    rest = re.sub(r'frame time s( \S+:\d+| [A-D]\b)+', ' ', rest)
    return re.findall(r'\S*\d\S*', rest)


def table_rows(text):
    rows = [[cell.strip() for cell in line.split('|')] for line in text.splitlines() if line.count('|') > 10]
    return [dict(zip(rows[0], row)) for row in rows[1:]]


def agree(options, path, here, bad):
    """Records against the table, the statistics, two passes."""
    rows = table_rows(tshark(options, path, '-z', 'toa,incidents'))
    told = {('%d, %d' % (i['early_stream'], i['late_stream']), i['verdict'],
             'none' if i['victim_stream'] is None else 'both' if i['victim2_stream'] is not None
             else 'stream %d' % i['victim_stream'], str(i['rsts']), str(i['segments']), str(i['dup_acks']))
            for i in here['incidents']}
    shown = {tuple(row[name] for name in ('Streams', 'Verdict', 'Victim', 'RSTs', 'Segments', 'Dup ACKs'))
             for row in rows if row['Verdict'] != 'kept apart'}
    if told != shown:
        bad.append('the table has %r, the records %r' % (sorted(shown - told), sorted(told - shown)))


def mutants(claim):
    """The claim with one number or frame that is not true."""
    for member, others in (('frame', (1,)), ('value', (1,)), ('count', (1,)), ('other_frame', (1,)), ('length', (10**7,)),
                           ('base', (1,))):
        if claim[member]:
            yield dict(claim, **{member: claim[member] + others[0]})


def survivors(capture, claims, here):
    """Mutants that are called true: what the checks do not look at."""
    found = collections.Counter()
    for claim in claims:
        for mutant in mutants(claim):
            try:
                good = CHECKS[claim['claim']](capture, mutant, here)
            except (KeyError, IndexError, TypeError):
                good = False
            member = next(m for m in claim if claim[m] != mutant[m])
            found[claim['claim'], member, bool(good)] += 1
    return found


# Not in the words of the claim, or true as well: the next retransmission has the same numbers.
HARMLESS = {('incident', 'count'), ('more', 'count'), ('ack_shifted', 'frame'), ('duplicate', 'frame'), ('tsecr', 'frame'), ('seq_near', 'frame'), ('seq_near', 'base')}


def judge(options, path):
    packets = read(path)
    if packets is None:
        return path, None, []
    bad = []
    claims = [json.loads(line) for line in tshark(options, path, '-z', 'toa,claims,0').splitlines()]
    text = tshark(options, path, '-z', 'toa,explain,0')
    records = [json.loads(line) for line in tshark(options, path, '-z', 'toa,records').splitlines()]
    here = context_of(records, claims)
    clients = {r['stream']: joined(r['client_ip'], r['client_port']) for r in records if r['record'] == 'conversation'}
    capture = Capture(packets, [r for r in records if r['record'] == 'finding'], clients)
    capture.unexplained = {r['frame'] for r in records if r['record'] == 'unexplained'}
    here['start'] = min(p.time for p in packets.values()) if 1 in packets else None
    for claim in claims:
        try:
            good = CHECKS[claim['claim']](capture, claim, here)
        except (KeyError, IndexError, TypeError) as error:
            good, claim['error'] = False, repr(error)
        if not good:
            bad.append('%s: %s %s' % (claim['claim'], claim['words'], claim.get('error', '')))
    if options.mutants:
        for (kind, member, good), n in sorted(survivors(capture, claims, here).items()):
            if good and (kind, member) not in HARMLESS and not (kind == 'found' and here['merged']):
                bad.append('%d mutants of %s.%s pass for true' % (n, kind, member))
    bad += ['no claim: ' + word for word in untold_numbers(text, claims)]
    agree(options, path, here, bad)
    if tshark(options, path, '-2', '-z', 'toa,claims,0').splitlines() != [
            line for line in tshark(options, path, '-z', 'toa,claims,0').splitlines()]:
        bad.append('two passes claim something else')
    return path, len(claims), bad


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--tshark', required=True)
    parser.add_argument('--mutants', action='store_true', help='also: claims with one number altered must be false')
    parser.add_argument('-o', dest='option', action='append')
    parser.add_argument('captures', nargs='*')
    options = parser.parse_args()
    total, false, skipped = 0, 0, 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for path, count, bad in pool.map(lambda path: judge(options, path), options.captures):
            if count is None:
                skipped += 1
                continue
            total += count
            false += len(bad)
            for line in bad:
                print('%s: %s' % (os.path.basename(path), line))
    print('%d claims on %d captures, %d false%s' % (total, len(options.captures) - skipped, false,
                                                    ', %d captures not read' % skipped if skipped else ''))
    return 77 if not total else 1 if false else 0


if __name__ == '__main__':
    sys.exit(main())
