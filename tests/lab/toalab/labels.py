"""Labels: which frame of a scenario is symptomatic, of which class, and which conversation it really belongs to.

A frame is symptomatic when the conversation that caused it is not the one that carries it. stack.py tells both for
every segment of the real server; here they are carried over to the other capture points by joining the captures with
the load balancer's session table, and the client's answers to crossed segments are added.
"""
import collections
import os

from . import pcap
from .pcap import ACK, FIN, MASK, RST, SYN, end, letters
from .stack import CAUSE, MS, RealServer, Session

HEADER = 'scenario point frame carried_on flags class owner_flow seq ack ip_id note'.split()
Row = collections.namedtuple('Row', [h if h != 'class' else 'cls' for h in HEADER])
PATH = 1000 * MS  # a packet needs less from one capture point to the next
SAME_TUPLE = ' (earlier/other incarnation of the same wire tuple)'


def read_sessions(path):
    sessions = []
    with open(path) as f:
        for line in f:
            t, client, vip, local, rs, delta, shift = line.rstrip('\n').split('\t')
            sessions.append(Session(int(t), client, vip, local, rs, int(delta), int(shift)))
    return sessions


def classify(rs, k, carrier):
    """Class of a segment that the stack sent and this conversation carries; None if it is the conversation's own."""
    owner, cause = rs.owner.get(k.n), rs.cause.get(k.n)
    if owner is None or carrier is None:
        return None
    by = rs.entered(cause) if cause else None
    if owner is carrier:
        quiet = k.flags == ACK and not k.data and by is not None and by is not owner
        if quiet and (cause.seq, end(cause)) in k.sack:
            return 'dup-ack-foreign-dsack'
        return 'dup-ack-silent' if quiet and rs.repeats[k.n] else None
    if k.flags & RST:
        return 'live-rst' if k.flags & ACK else 'stateless-rst'
    if k.flags & SYN:
        return 'crossed-synack'
    if k.data or k.flags & FIN:
        return 'crossed-data'
    return 'crossed-ack' if by is owner and k.ip_id != 0 else 'challenge-or-timewait-ack'


class Labeller:
    """Labels of one scenario. paths: point -> capture file, with at least client, rswire and rskern."""

    def __init__(self, scenario, paths, sessions, servers):
        self.scenario = scenario
        self.captures = {point: pcap.read(path) for point, path in paths.items()}
        self.rs = RealServer(self.captures['rswire'], self.captures['rskern'], sessions, servers)
        self.kernel_of = {w.n: k for k, w in self._twins()}
        self.at_client = {}     # rswire frame -> client segment
        self.rows = []
        self._join_client()

    def _twins(self):
        for k in self.rs.kern:
            if k.n in self.rs.twin:
                yield k, self.rs.twin[k.n]

    # -- joining the capture points ---------------------------------------------------------------------------
    def _seen_by_client(self, w):
        """What the client's capture shows of a segment on the real server's wire: (src, dst, identity)."""
        out = w.src in self.rs.servers
        session = self.rs.session_at(w.dst if out else w.src, w.t)
        if not session:
            return w.src, w.dst, w.seq, w.ack, w.flags, w.ip_id, w.data
        add_seq, add_ack = (session.shift, -session.delta) if out else (-session.delta, session.shift)
        ends = (session.vip, session.client) if out else (session.client, session.vip)
        ack = (w.ack + add_ack) & MASK if w.flags & ACK else w.ack
        return (*ends, (w.seq + add_seq) & MASK, ack, w.flags, w.ip_id, w.data)

    def _join_client(self):
        waiting = collections.defaultdict(list)
        for c in self.captures['client']:
            waiting[c.src, c.dst, c.seq, c.ack, c.flags, c.ip_id, c.data].append(c)
        for w in self.rs.wire:
            sign = 1 if w.src in self.rs.servers else -1
            queue = waiting[self._seen_by_client(w)]
            match = next((c for c in queue if -MS < (c.t - w.t) * sign < PATH), None)
            if match:
                queue.remove(match)
                self.at_client[w.n] = match

    def _merged_at_client(self, w):
        """Client segments that hold the data of w, where offload cut or merged segments on the way."""
        if w.n in self.at_client or not w.data:
            return [self.at_client[w.n]] if w.n in self.at_client else []
        src, dst, seq = self._seen_by_client(w)[:3]
        return [c for c in self.captures['client']
                if (c.src, c.dst) == (src, dst) and c.data and 0 <= c.t - w.t < PATH
                and ((c.seq - seq) & MASK < len(w.data) or (seq - c.seq) & MASK < len(c.data))]

    # -- rows ---------------------------------------------------------------------------------------------------
    def _add(self, point, s, cls, owner, note=''):
        ip_id = '-' if s.ip_id is None else f'0x{s.ip_id:04x}'
        if any(r.point == point and r.frame == s.n for r in self.rows):
            return
        self.rows.append(Row(self.scenario, point, s.n, f'{s.src}>{s.dst}', letters(s.flags), cls, owner,
                             s.seq, s.ack, ip_id, note))

    @staticmethod
    def _owner_text(owner, carrier, point, server):
        """The owner's endpoint on the side that sent the frame, as that capture point shows it."""
        mine = owner.tuple_at(point)
        return mine[1 if server else 0] + (SAME_TUPLE if mine == carrier.tuple_at(point) else '')

    def _server_row(self, point, s, k, cls, carrier):
        owner = self.rs.owner[k.n]
        if cls == 'dup-ack-foreign-dsack':
            return self._add(point, s, cls, '')
        if cls == 'dup-ack-silent':
            return self._add(point, s, cls, f'(answer to frame {self._cause_frame(point, k)})')
        note = ''
        if cls in ('challenge-or-timewait-ack', 'crossed-ack') and s.ip_id is not None:
            note = 'live socket counter' if s.ip_id else 'id 0: TIME_WAIT/stateless'
        return self._add(point, s, cls, self._owner_text(owner, carrier, point, True), note)

    def _cause_frame(self, point, k):
        wire = self.rs.twin[self.rs.cause[k.n].n]
        seen = wire if point == 'rswire' else self.at_client.get(wire.n)
        return seen.n if seen else '?'

    def label(self):
        """All rows, sorted by capture point and frame."""
        for k, w in self._twins():
            if k.src not in self.rs.servers:
                continue
            carrier = self.rs.carrier.get(w.n)
            cls = classify(self.rs, k, carrier)
            if cls:
                self._server_row('rswire', w, k, cls, carrier)
                for c in self._merged_at_client(w):
                    self._server_row('client', c, k, cls, carrier)
                self._lvs_rows(w, k, cls, carrier)
        resets = self._client_resets()
        self._kernel_rows(resets)
        return sorted(self.rows, key=lambda r: (r.point, r.frame))

    def _client_resets(self):
        """RSTs of the client that answer a crossed segment: same number, right behind it. Returns kernel frames."""
        client, resets = self.captures['client'], {}
        crossed = {c.n: (k, w) for k, w in self._twins() if (c := self.at_client.get(w.n))
                   and k.src in self.rs.servers and self.rs.owner.get(k.n) is not self.rs.carrier.get(w.n)}
        on_wire = {c.n: n for n, c in self.at_client.items()}
        for i, s in enumerate(client):
            if s.flags & (RST | ACK) != RST:
                continue
            before = next((c for c in reversed(client[:i]) if c.n in crossed and s.t - c.t <= CAUSE
                           and (c.src, c.dst, c.ack) == (s.dst, s.src, s.seq)), None)
            if not before or not self.rs.owner.get(crossed[before.n][0].n):
                continue
            k, w = crossed[before.n]
            owner, carrier = self.rs.owner[k.n], self.rs.carrier[w.n]
            named = owner.delta == carrier.delta or owner.tuple_at('client') == carrier.tuple_at('client')
            self._add('client', s, 'client-rst-to-crossed',
                      self._owner_text(owner, carrier, 'client', False) if named else '')
            wire = next((x for x in self.rs.wire if x.n == on_wire.get(s.n)), None)
            if wire:
                self._add('rswire', wire, 'client-rst-to-crossed', self._owner_text(owner, carrier, 'rswire', False))
                self._lvs_rows(wire, k, 'client-rst-to-crossed', carrier)
                if wire.n in self.kernel_of:
                    resets[self.kernel_of[wire.n].n] = owner
        return resets

    def _kernel_rows(self, resets):
        """The stack's own view: one tuple, whose conversation is the one that the last SYN began."""
        for k in self.rs.kern:
            current = self.rs.current.get(k.n)
            if current is None:
                continue
            if k.src in self.rs.servers:
                cls = classify(self.rs, k, current)
                if cls and cls != 'dup-ack-silent':
                    self._server_row('rskern', k, k, cls, current)
                continue
            owner = resets.get(k.n) or self.rs.entered(k)
            if owner is None or owner is current or k.flags & SYN:
                continue
            kind = 'data' if k.data else 'ack'
            cls = 'client-rst-to-crossed' if k.n in resets else f'other-conn-{kind}-as-seen-by-stack'
            self._add('rskern', k, cls, self._owner_text(owner, current, 'rskern', False))

    def _lvs_rows(self, w, k, cls, carrier):
        """At the load balancer only what it could see: both conversations pass it, on different tuples."""
        other = self.rs.owner[k.n]
        if other is carrier:
            other = self.rs.entered(self.rs.cause[k.n])
        if not other.session or not carrier.session or other.src == carrier.src:
            return
        wanted = (w.src, w.dst, w.seq, w.ack, w.flags, w.ip_id, w.data), self._seen_by_client(w)
        from_client = w.src not in self.rs.servers
        for s in self.captures.get('lvs', []):
            if (s.src, s.dst, s.seq, s.ack, s.flags, s.ip_id, s.data) in wanted and abs(s.t - w.t) < PATH:
                side = 'client' if carrier.session.vip in (s.src, s.dst) else 'rswire'
                owner = '' if cls.startswith('dup-ack') else self._owner_text(other, carrier, side, not from_client)
                self._add('lvs', s, cls, owner)


def write(path, rows):
    with open(path, 'w') as f:
        f.write('\t'.join(HEADER) + '\n')
        for r in rows:
            f.write('\t'.join(str(x) for x in r) + '\n')


def read(path):
    """Rows of a ground truth file."""
    with open(path) as f:
        next(f)
        rows = [line.rstrip('\n').split('\t') for line in f]
    return [Row(r[0], r[1], int(r[2]), *r[3:7], int(r[7]), int(r[8]), *r[9:]) for r in rows]


def paths_of(folder, scenario):
    found = {p: os.path.join(folder, f'{scenario}.{p}.pcap') for p in ('client', 'lvs', 'rswire', 'rskern')}
    return {p: path for p, path in found.items() if os.path.exists(path)}
