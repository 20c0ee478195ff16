"""Labels from causes: which frame belongs to another conversation than the one that carries it, and why that is certain.

Nothing here looks at what an analyser could conclude. Known are
  * every packet that a real server's kernel was handed and gave out, and which came out during the write of which
    (the shim's log; a write to a TUN device runs the receive path to its end);
  * which packet of the load balancer became which (its log, one letter a packet);
  * what the router moved unchanged, so that one packet can be told at both ends of a link.
From these:
  * a socket belongs to the conversation whose SYN came in when the kernel gave out a SYN-ACK with a new number;
  * a segment with ACK belongs to the newest socket of its kernel tuple in whose numbers it lies;
  * a RST without ACK (or with sequence number 0) belongs to the conversation of the segment it answers;
  * a conversation is what a client's SYN began: tuple and ISN as the client sent it.
The kernel's own count of RSTs has to equal the log's; every packet of a capture has to be the log's.

Rows that need not be found and are no false finding either are marked open: an own acknowledgement that another conversation's
segment hurried, a segment of a client's earlier connection that was overtaken by the next one's SYN, and the like.
"""
import bisect
import collections

from . import pcap
from .labels import Row, SAME_TUPLE
from .pcap import ACK, FIN, MASK, RST, SYN, end, letters

MS = 10**6
# How much longer than planned a packet may take from one capture point to the next: first what is usual, so that equal packets
# are not mistaken for each other, then what a busy machine makes of it.
SLACKS = (20 * MS, 2000 * MS)
ANSWER = 50 * MS        # the client's kernel answers within its receive path; this much if the machine was busy
FAR = 1 << 30

In = collections.namedtuple('In', 'n t wire kernel server seq ack flags length')
Out = collections.namedtuple('Out', 't during kernel wire server seq ack flags length written')


class Wrong(Exception):
    """The scenario's records contradict each other: no labels can be made."""


def read_shim_log(path):
    """The shim's log as a list of In and Out, in order. In.n counts from 1, as Out.during does."""
    events, count = [], 0
    with open(path) as f:
        for line in f:
            c = line.rstrip('\n').split('\t')
            if c[0] == 'I' and len(c) == 9:
                count += 1
                events.append(In(count, int(c[1]), c[2], c[3], c[4], *map(int, c[5:9])))
            elif c[0] == 'O' and len(c) == 11:
                events.append(Out(int(c[1]), int(c[2]), c[3], c[4], c[5], *map(int, c[6:10]), c[10] == '1'))
    return events


class Frame:
    """A frame of one capture. came_from: the frame it was before the load balancer or the router moved it."""
    __slots__ = ('point', 's', 'key', 'came_from', 'merged', 'becomes', 'event', 'carrier', 'owner', 'cause', 'cls', 'open')

    def __init__(self, point, segment, key):
        self.point, self.s, self.key = point, segment, key
        self.came_from = self.becomes = self.event = self.carrier = self.owner = self.cause = self.cls = self.open = None
        self.merged = []


def _host(endpoint):
    return endpoint.rpartition(':')[0]


def _key(ip):
    """Equal for one packet before and after the router: all but TTL, traffic class and checksums."""
    if ip[0] >> 4 == 6:
        start, head = 40, ip[8:40]
    else:
        start, head = (ip[0] & 15) * 4, ip[4:6] + ip[12:20]
    return head + ip[start:start + 16] + ip[start + 18:]


def read_capture(point, path):
    frames = []
    for n, t, ip in pcap.packets(path):
        s = pcap._decode(n, t, ip)
        if s:
            frames.append(Frame(point, s, _key(ip)))
    return frames


class Conversation:
    """What a client's SYN began. wires: where it was seen on a real server's wire, (point, client side, server side)."""

    def __init__(self, number, source, target, isn):
        self.number, self.source, self.target, self.isn = number, source, target, isn


class Wire:
    """A conversation on one wire tuple of a real server."""

    def __init__(self, conversation, source, target, isn):
        self.conversation, self.source, self.target, self.isn = conversation, source, target, isn


class Socket:
    def __init__(self, wire, isn):
        self.wire, self.isn, self.next, self.last_ack = wire, isn, (isn + 1) & MASK, None


def within(low, x, high):
    return (x - low) & MASK <= (high - low) & MASK


def advance(socket, segment_end):
    if within(socket.next, segment_end, (socket.next + FAR) & MASK):
        socket.next = segment_end


class Causes:
    """captures: point -> path (client, lvs, rswire, perhaps rswire2); logs: rswire point -> shim log; lvs_letters: text;
    lvs_hosts: the load balancer's addresses; server_hosts: rswire point -> addresses; delay: (least, most) ns
    that the router holds a packet back, for 'client' (its link) and 'inner' (between the others)."""

    def __init__(self, captures, logs, lvs_letters, lvs_hosts, server_hosts, delay):
        self.frames = {point: read_capture(point, path) for point, path in captures.items()}
        self.logs = {point: read_shim_log(path) for point, path in logs.items()}
        self.lvs_hosts, self.server_hosts, self.delay = lvs_hosts, server_hosts, delay
        self.doubts = []
        self._join_lvs(lvs_letters)
        for point in self.logs:
            self._join_shim(point)
        self._join_links()
        self.conversations, self.shared = {}, []
        self._client_conversations()
        for point in self.logs:
            self._follow(point)
        self._carry_to_client()
        self._client_resets()

    # -- joining ------------------------------------------------------------------------------------------------
    def _join_lvs(self, letters_):
        came = [f for f in self.frames['lvs'] if _host(f.s.dst) in self.lvs_hosts]
        went = [f for f in self.frames['lvs'] if _host(f.s.dst) not in self.lvs_hosts]
        i = o = 0
        for letter in letters_:
            if letter == 'I':
                i += 1
            else:
                if letter == 'O' and o < len(went) and i <= len(came):
                    before, after = came[i - 1], went[o]
                    if before.s.data != after.s.data or before.s.flags != after.s.flags:
                        raise Wrong(f'lvs frames {before.s.n} and {after.s.n} are not one packet')
                    after.came_from, before.becomes = before, after
                o += 1
        if i < len(came) or o < len(went):
            raise Wrong(f'the load balancer saw {i} and made {o} packets, its capture has {len(came)} and {len(went)}')

    def _join_shim(self, point):
        log, hosts = self.logs[point], self.server_hosts[point]
        for inward in (True, False):
            events = [e for e in log if isinstance(e, In) == inward and (inward or e.written)]
            frames = [f for f in self.frames[point] if (_host(f.s.dst) in hosts) == inward]
            if len(events) < len(frames):
                raise Wrong(f'{point}: {len(frames)} packets captured, {len(events)} logged')
            for e, f in zip(events, frames):
                if (e.seq, e.ack, e.flags & 31, e.length) != (f.s.seq, f.s.ack, f.s.flags, len(f.s.data)):
                    raise Wrong(f'{point} frame {f.s.n} is not the packet of the log')
                f.event = e

    def _join_links(self):
        """Every link: what one point sent and another received."""
        clients = [f for f in self.frames['client'] if _host(f.s.src) not in self.lvs_hosts
                   and all(_host(f.s.src) not in h for h in self.server_hosts.values())]
        out_of = {'client': clients, 'lvs': [f for f in self.frames['lvs'] if _host(f.s.dst) not in self.lvs_hosts]}
        for point, hosts in self.server_hosts.items():
            if point in self.frames:
                out_of[point] = [f for f in self.frames[point] if _host(f.s.src) in hosts]
        sent = {id(f) for frames in out_of.values() for f in frames}
        into = {point: [f for f in frames if id(f) not in sent] for point, frames in self.frames.items()}
        for a, b in [('client', 'lvs'), ('lvs', 'client')] + [x for p in self.logs for x in (
                ('client', p), (p, 'client'), ('lvs', p), (p, 'lvs'))]:
            self._join_link(out_of[a], into[b], *self.delay['client' if 'client' in (a, b) else 'inner'])
        for point, frames in into.items():
            lost = [f.s.n for f in frames if f.came_from is None and not f.merged]
            if lost:
                self.doubts.append(f'{point}: nobody sent frames {lost[:5]}, {len(lost)} in all')

    @staticmethod
    def _join_link(sent, received, least, most):
        for slack in SLACKS:
            waiting = collections.defaultdict(collections.deque)
            for f in received:
                if f.came_from is None:
                    waiting[f.key].append(f)
            for f in sent:
                queue = waiting.get(f.key) if f.becomes is None else None
                while queue and queue[0].s.t < f.s.t + least - MS:
                    queue.popleft()
                if queue and queue[0].s.t <= f.s.t + most + slack:
                    g = queue.popleft()
                    g.came_from, f.becomes = f, g
        left = collections.defaultdict(list)
        for f in sent:
            if f.becomes is None and f.s.data:
                left[f.s.src, f.s.dst].append(f)
        for g in received:      # offload put segments together on the way
            if g.came_from is None and g.s.data and (g.s.src, g.s.dst) in left:
                g.merged = [f for f in left[g.s.src, g.s.dst] if f.s.t <= g.s.t + MS and g.s.t <= f.s.t + most + SLACKS[1]
                            and within(g.s.seq, f.s.seq, end(g.s)) and within(g.s.seq, end(f.s), end(g.s))]
                for f in g.merged:
                    f.becomes = f.becomes or g

    @staticmethod
    def origin(f):
        """The first frame of this packet that was captured."""
        seen = 0
        while seen < 8 and (f.came_from or f.merged):
            f = f.came_from or f.merged[0]
            seen += 1
        return f

    # -- conversations ------------------------------------------------------------------------------------------
    def _client_conversations(self):
        """At the client's capture: what it sends belongs to the newest conversation of the tuple."""
        newest = {}
        hosts = set(self.lvs_hosts).union(*self.server_hosts.values())
        for f in self.frames['client']:
            s = f.s
            if _host(s.src) not in hosts:
                if s.flags & (SYN | ACK) == SYN:
                    key = s.src, s.dst, s.seq
                    if key not in self.conversations:
                        self.conversations[key] = Conversation(len(self.conversations), *key)
                    newest[s.src, s.dst] = self.conversations[key]
                f.carrier = f.owner = newest.get((s.src, s.dst))
            else:
                f.carrier = newest.get((s.dst, s.src))

    def _wire(self, f, by_tuple):
        """The conversation on the real server's wire that a segment to the server belongs to."""
        s, known = f.s, by_tuple[f.s.src, f.s.dst]
        first = self.origin(f)
        conversation = first.owner if first.point == 'client' else None
        if s.flags & (SYN | ACK) == SYN and all(w.isn != s.seq for w in known):
            if conversation is None:
                conversation = Conversation(-1, s.src, s.dst, s.seq)
            known.append(Wire(conversation, s.src, s.dst, s.seq))
        if not known:
            return None, None
        mine = [w for w in known if w.conversation is conversation] if conversation else []
        return (mine[-1] if mine else known[-1]), known[-1]

    def _follow(self, point):
        by_tuple, sockets, handed = collections.defaultdict(list), collections.defaultdict(list), {}
        frames = {id(f.event): f for f in self.frames[point] if f.event}
        for e in self.logs[point]:
            f = frames.get(id(e))
            if isinstance(e, In):
                if f is None:
                    break       # the capture had ended
                f.owner, f.carrier = self._wire(f, by_tuple)
                handed[e.n] = f
                if f.owner is not f.carrier:
                    f.open = 'a segment of the earlier connection of this tuple'
                continue
            owner, cause, socket = self._sender(e, sockets, handed)
            known = by_tuple[e.wire, e.server]
            repeats = socket is not None and socket.last_ack == e.ack
            if socket is not None:
                socket.last_ack = e.ack
            if f is None:
                continue
            f.owner, f.cause, f.carrier = owner, cause, known[-1] if known else None
            f.cls = self._class(f, socket, repeats)
        self._note_shared(point, handed)

    def _note_shared(self, point, handed):
        """Conversations that were one connection's endpoints to the kernel: [(point, [(client side, server side), ...])]."""
        groups = collections.defaultdict(dict)
        for f in handed.values():
            if f.owner is not None:
                groups[f.event.kernel, f.event.server][f.owner] = None
        for wires in groups.values():
            for at, views in ((point, [(w.source, w.target) for w in wires]),
                              ('client', [(w.conversation.source, w.conversation.target) for w in wires])):
                if len(set(views)) > 1:
                    self.shared.append((at, sorted(set(views))))

    def _sender(self, e, sockets, handed):
        """(conversation on the wire whose socket sent it or whose segment it answers, frame that it answers, socket)."""
        cause = handed.get(e.during)
        if cause and (cause.event.kernel, cause.event.server) != (e.kernel, e.server):
            cause = None
        mine = sockets[e.kernel, e.server]
        segment_end = (e.seq + e.length + bool(e.flags & SYN) + bool(e.flags & FIN)) & MASK
        if e.flags & RST and (not e.flags & ACK or e.seq == 0):
            if not cause or (cause.event.ack != e.seq if cause.event.flags & ACK else not e.flags & ACK):
                self.doubts.append(f'RST {e.seq} is not the answer to what it came out during')
                return None, None, None
            return cause.owner, cause, None
        if e.flags & SYN:
            found = [x for x in mine if x.isn == e.seq]
            if not found:
                if not cause or not cause.event.flags & SYN or (cause.event.seq + 1) & MASK != e.ack:
                    self.doubts.append(f'SYN-ACK {e.seq} without a SYN')
                    return None, cause, None
                found = [Socket(cause.owner, e.seq)]
                mine.append(found[0])
            return found[0].wire, cause, found[0]
        found = [x for x in reversed(mine) if within(x.isn, e.seq, x.next)]
        if not found:
            self.doubts.append(f'segment {e.seq} of no socket')
            return None, cause, None
        advance(found[0], segment_end)
        return found[0].wire, cause, found[0]

    @staticmethod
    def _class(f, socket, repeats):
        """What kind of answer this is, whoever carries it: (class if another carries it, class if its own does)."""
        s, cause = f.s, f.cause
        by = cause.owner if cause else None
        if s.flags & RST:
            return ('live-rst' if s.flags & ACK else 'stateless-rst'), None
        if s.flags & SYN:
            return 'crossed-synack', None
        if s.data or s.flags & FIN:
            return 'crossed-data', None
        own = None
        if s.flags & ~16 == 0 and by is not None and by is not f.owner:
            if (cause.s.seq, end(cause.s)) in s.sack:
                own = 'dup-ack-foreign-dsack'
            else:
                own = 'dup-ack-silent' if repeats else 'hurried-ack'
        challenge = s.ip_id == 0 or (by is not None and by is not f.owner)
        return ('challenge-or-timewait-ack' if challenge else 'crossed-ack'), own

    # -- the client's side --------------------------------------------------------------------------------------
    def _carry_to_client(self):
        for f in self.frames['client']:
            if f.owner is not None:
                continue
            first = self.origin(f)
            if first.event is None or isinstance(first.event, In):
                continue        # the load balancer made it
            for other in [self.origin(m) for m in f.merged[1:]]:
                if other.owner is not first.owner or other.cls != first.cls:
                    f.open = 'put together from segments of several conversations'
            f.cls, f.cause = first.cls, first.cause
            f.owner = first.owner.conversation if first.owner else None
            if first.owner is None:
                f.open = 'nobody knows whose it is'

    def _client_resets(self):
        """A RST without ACK of the client answers the segment before it that had this acknowledgement number."""
        last = collections.defaultdict(list)
        for f in self.frames['client']:
            s = f.s
            if f.event is None and s.flags & (RST | ACK) == RST and f.owner is f.carrier and (s.dst, s.src) in last:
                before = next((g for g in reversed(last[s.dst, s.src]) if s.t - g.s.t <= ANSWER and g.s.ack == s.seq), None)
                if before and before.owner is not None and before.owner is not before.carrier:
                    f.cause = before
                    f.cls = 'client-rst-to-crossed', None
            last[s.src, s.dst] = last[s.src, s.dst][-31:] + [f]

    # -- rows ---------------------------------------------------------------------------------------------------
    def rows(self, names):
        """(rows, open rows, rows whose owner the load balancer does not see). names: rswire point -> scenario's name."""
        must, open_, unseen = [], [], []
        for f in self.frames['client']:
            self._client_row(f, names, must, open_)
        for point in self.logs:
            for f in self.frames[point]:
                self._wire_row(f, point, names, must, open_)
        self._lvs_rows(names, must, open_, unseen)
        return [sorted(x, key=lambda r: (r.scenario, r.point, r.frame)) for x in (must, open_, unseen)]

    @staticmethod
    def _row(f, scenario, point, cls, owner, note='', of=None):
        s = f.s
        if of is not None:      # the other conversation, as this capture point shows it
            note += f'{"; " if note else ""}of {of.source}>{of.target}'
        ip_id = '-' if s.ip_id is None else f'0x{s.ip_id:04x}'
        return Row(scenario, point, s.n, f'{s.src}>{s.dst}', letters(s.flags), cls, owner, s.seq, s.ack, ip_id, note)

    @staticmethod
    def _text(mine, carrier, server):
        same = carrier is not None and (mine.source, mine.target) == (carrier.source, carrier.target)
        return (mine.target if server else mine.source) + (SAME_TUPLE if same else '')

    def _client_row(self, f, names, must, open_):
        scenario = names['rswire']
        if f.cls == ('client-rst-to-crossed', None):
            g = f.cause
            must.append(self._row(f, scenario, 'client', f.cls[0], self._text(g.owner, f.carrier, False), '', g.owner))
        elif f.open:
            open_.append(self._row(f, scenario, 'client', 'open', '', f.open))
        elif f.cls and f.owner is not None:
            if f.owner is not f.carrier:
                must.append(self._row(f, scenario, 'client', f.cls[0], self._text(f.owner, f.carrier, True), self._note(f),
                                      f.owner))
            elif f.cls[1] and f.cause.owner.conversation is not f.owner:
                self._own(f, scenario, 'client', must, open_, f.cause.owner.conversation)

    def _own(self, f, scenario, point, must, open_, of):
        cause = f.cause.s.n if point != 'client' else self.origin(f.cause).s.n
        text = '' if f.cls[1] == 'dup-ack-foreign-dsack' else f'(answer to frame {cause})'
        if f.cls[1] == 'hurried-ack':
            open_.append(self._row(f, scenario, point, 'open', text, 'an own acknowledgement, hurried by another conversation'))
        else:
            must.append(self._row(f, scenario, point, f.cls[1], text, '', of))

    @staticmethod
    def _note(f):
        if f.carrier is None:
            return 'not translated back: the client has no connection to this address'
        if f.cls[0] in ('challenge-or-timewait-ack', 'crossed-ack') and f.s.ip_id is not None:
            return 'live socket counter' if f.s.ip_id else 'id 0: TIME_WAIT/stateless'
        return ''

    def _wire_row(self, f, point, names, must, open_):
        scenario = names[point]
        if f.event is None:
            return
        if isinstance(f.event, In):
            first = self.origin(f)
            if first.cls == ('client-rst-to-crossed', None):
                owner = self._wire_of(first.cause)
                if owner is None or owner is f.carrier:
                    open_.append(self._row(f, scenario, 'rswire', 'open', '', 'RST of the client to a crossed segment'))
                else:
                    must.append(self._row(f, scenario, 'rswire', first.cls[0], self._text(owner, f.carrier, False), '', owner))
            elif f.open:
                open_.append(self._row(f, scenario, 'rswire', 'open', '', f.open))
            return
        if f.owner is None:
            open_.append(self._row(f, scenario, 'rswire', 'open', '', 'nobody knows whose it is'))
        elif f.owner is not f.carrier:
            must.append(self._row(f, scenario, 'rswire', f.cls[0], self._text(f.owner, f.carrier, True), self._note(f),
                                  f.owner))
        elif f.cls[1]:
            self._own(f, scenario, 'rswire', must, open_, f.cause.owner)

    def _wire_of(self, client_frame):
        """The conversation on the real server's wire that a crossed segment at the client belongs to."""
        return self.origin(client_frame).owner

    def _lvs_rows(self, names, must, open_, unseen):
        """At the load balancer: what belongs to a conversation that passes it on another tuple; else it is unseen."""
        scenario = names['rswire']
        for f in self.frames['lvs']:
            first = self.origin(f)
            if first.point in self.logs and first.event is not None and not isinstance(first.event, In):
                owner, carrier, cls = first.owner, first.carrier, first.cls
                other = owner
                if owner is not None and owner is carrier:
                    other, cls = (first.cause.owner, (cls[1], None)) if cls[1] else (None, None)
            elif first.cls == ('client-rst-to-crossed', None):
                other, carrier, cls = self._wire_of(first.cause), self._wire_now(first), first.cls
            else:
                continue
            if other is None or carrier is None or cls is None or cls[0] is None:
                continue
            through = [w.conversation.target != w.target for w in (other, carrier)]
            if first.open or f.open or cls[0] == 'hurried-ack' or other is carrier or \
                    (other.source, other.target) == (carrier.source, carrier.target):
                open_.append(self._row(f, scenario, 'lvs', 'open', '', 'not to be told at the load balancer'))
            elif all(through):
                must.append(self._row(f, scenario, 'lvs', cls[0], *self._lvs_owner(f, other, cls[0])))
            elif through[1]:
                unseen.append(self._row(f, scenario, 'lvs', cls[0], ''))

    def _lvs_owner(self, f, other, cls):
        """(owner's endpoint on the side that sent the frame, note, tuple): as the leg of the frame shows them."""
        leg = other if other.target in (f.s.src, f.s.dst) else other.conversation
        server = cls != 'client-rst-to-crossed'
        return '' if cls.startswith('dup') else leg.target if server else leg.source, '', leg

    def _wire_now(self, client_frame):
        """The wire conversation that carried the crossed segment which this RST of the client answers."""
        return self.origin(client_frame.cause).carrier
