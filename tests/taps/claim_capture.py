# SPDX-License-Identifier: GPL-2.0-or-later
"""A capture as claims are held against it: its packets, and which of them the records call foreign."""
import collections
import contextlib

from claim_packets import ACK, FIN, MOD, RST, SECOND, SYN, end_of

FOREIGN = ('foreign.rst', 'foreign.segment', 'stale_session')
FOUND = FOREIGN + ('foreign.dup_ack',)


def joined(record, name):
    address, port = record[name + '_ip'], record[name + '_port']
    return '%s:%d' % ('[%s]' % address if ':' in address else address, port)


class Forest:
    """Things that are one: the name of each is the first of its set."""

    def __init__(self):
        self.up = {}

    def root(self, x):
        while x in self.up:
            x = self.up[x]
        return x

    def join(self, x, y):
        x, y = sorted((self.root(x), self.root(y)))
        if x != y:
            self.up[y] = x


class Events:
    """Findings by the two connections that they are about; the legs of a connection are one, and so are connections on
    which one segment of a server was captured twice."""

    def __init__(self, c):
        self.c, self.forest = c, Forest()
        self.join_legs()
        self.join_same_segment()
        self.of_pair = collections.defaultdict(list)
        for f in c.findings:
            if f['other_stream'] is not None:
                self.of_pair[self.pair(f['stream'], f['other_stream'])].append(f)

    def pair(self, one, other):
        return tuple(sorted((self.forest.root(one), self.forest.root(other))))

    def join_legs(self):
        by_isn = {}
        for stream, r in self.c.conversations.items():
            if r['leg_stream'] is not None:
                self.forest.join(stream, r['leg_stream'])
            if r['synack_time'] is not None:
                same = by_isn.setdefault((joined(r, 'key_client'), r['server_isn']), stream)
                if abs(r['synack_time'] - self.c.conversations[same]['synack_time']) <= SECOND:
                    self.forest.join(stream, same)

    def join_same_segment(self):
        first, seen = {}, collections.defaultdict(list)
        for f in self.c.findings:
            if f['finding'] in FOUND and f['from'] == 'server':
                first.setdefault(self.pair(f['stream'], f['other_stream']), f)
        for pair, f in first.items():
            for other, g in seen[f['seq'], f['flags'], f['ip_id']]:
                if abs(f['time'] - g['time']) <= SECOND // 10 and set(pair) & set(other):
                    rest = sorted(set(pair) ^ set(other))
                    if len(rest) == 2:
                        self.forest.join(*rest)
            seen[f['seq'], f['flags'], f['ip_id']].append((pair, f))

    def of(self, one, other):
        return self.of_pair[self.pair(one, other)]

    def one_path(self, one, other):
        """Both have the same addresses on a wire on which the load balancer's other side is not seen."""
        legs = [[s for s in self.c.conversations if self.forest.root(s) == self.forest.root(x)] for x in (one, other)]
        return any(self.c.wire(a) == self.c.wire(b) != self.c.keys[a] for a in legs[0] for b in legs[1])

    def found(self, one, other):
        return [f for f in self.of(one, other) if f['finding'] in FOUND]

    def load(self, one, other):
        """(RSTs, other segments, duplicate ACKs): of the legs of each of the two, the one that carried most."""
        carried = collections.defaultdict(collections.Counter)
        for f in self.found(one, other):
            kind = 2 if f['finding'] == 'foreign.dup_ack' else 0 if f['flags'] & RST else 1
            carried[f['stream']][kind] += 1
        sides = collections.defaultdict(lambda: [0, 0, 0])
        for stream, counts in carried.items():
            most = sides[self.forest.root(stream)]
            most[:] = [max(most[i], counts[i]) for i in range(3)]
        return tuple(sum(side[i] for side in sides.values()) for i in range(3))


class Capture:
    """What the packets say, and what the records call foreign: the one thing that is taken over."""

    def __init__(self, packets, start, records):
        kinds = collections.defaultdict(list)
        for record in records:
            kinds[record['record']].append(record)
        self.packets, self.start, self.findings, self.incidents = packets, start, kinds['finding'], kinds['incident']
        self.all = kinds['conversation']
        self.conversations = {r['stream']: r for r in self.all}
        self.several = {s for s, n in collections.Counter(r['stream'] for r in self.all).items() if n > 1}
        self.clients = {s: joined(r, 'client') for s, r in self.conversations.items()}
        self.keys = {s: (joined(r, 'key_client'), joined(r, 'key_server')) for s, r in self.conversations.items()}
        self.streams = collections.defaultdict(list)
        for p in packets.values():
            self.streams[p.stream].append(p)
        self.foreign = {f['frame']: f for f in self.findings if f['finding'] in FOREIGN}
        self.unexplained = {r['frame'] for r in kinds['unexplained']}
        self.aside = self.unexplained | {f['frame'] for f in self.findings if f['finding'] == 'foreign.unseen'}
        self.copies = self.find_copies()
        self.events = Events(self)
        self.now = None # the incident that is being told
        self.streams_shown = {} # frame to tcp.stream, also of frames that are none of packets
        self.parts = {s: [r for r in self.all if r['stream'] == s] for s in self.several}

    def find_copies(self):
        """A packet that was captured twice has its finding on the first copy: the others are as foreign."""
        first = collections.defaultdict(list)
        for frame in self.foreign:
            p = self.packets[frame]
            first[p.stream, p.source, p.seq, p.ack, p.flags, p.length, p.ip_id].append(p)
        return {p.frame for p in self.packets.values() if p.frame not in self.foreign and any(
            0 <= p.time - q.time <= SECOND // 10 and p.frame > q.frame
            for q in first.get((p.stream, p.source, p.seq, p.ack, p.flags, p.length, p.ip_id), ()))}

    @contextlib.contextmanager
    def only(self, chosen):
        """Of streams that are several connections, only the one of that record."""
        kept = {s: (self.conversations[s], self.streams[s], self.clients[s], self.keys[s]) for s in chosen}
        for s, r in chosen.items():
            self.conversations[s], self.clients[s] = r, joined(r, 'client')
            self.keys[s] = joined(r, 'key_client'), joined(r, 'key_server')
            self.streams[s] = [p for p in self.streams[s] if self.record_of(p) is r]
        yield
        for s, (r, packets, client, key) in kept.items():
            self.conversations[s], self.streams[s], self.clients[s], self.keys[s] = r, packets, client, key

    def record_of(self, p):
        """Two connections on one tcp.stream, or in two networks: the one that was there."""
        if p.stream not in self.several:
            return self.conversations[p.stream]
        return max((r for r in self.all if r['stream'] == p.stream and r['first_frame'] <= p.frame <= r['last_frame']),
                   key=lambda r: r['first_frame'])

    def key_of(self, p):
        r = self.record_of(p)
        return joined(r, 'key_client'), joined(r, 'key_server')

    def wire(self, stream):
        r = self.conversations[stream]
        return joined(r, 'client'), joined(r, 'server')

    def from_client(self, p):
        return p.source == self.clients.get(p.stream)

    def own(self, stream, client, before=None):
        """Packets of one side that are the conversation's own, up to a frame."""
        return [p for p in self.streams[stream] if self.from_client(p) == client and p.frame not in self.foreign and
                p.frame not in self.aside and p.frame not in self.copies and (before is None or p.frame < before)]

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
                   p.frame not in self.copies and p.frame not in self.aside]
        return any(p.flags & RST for p in packets) or len({p.source for p in packets if p.flags & FIN}) == 2
