"""Follows the sockets of the real server's TCP stack through the captures before and after the shim.

Nothing here looks at what an analyser could conclude. Known are:
 * on which wire conversation every packet entered the stack (the two captures, joined packet by packet)
 * which socket sent a segment: the stack's own SYN-ACK gives the socket its numbers; and if no socket sent it,
   which packet made the stack send it: the one right before it
"""
import collections

from .pcap import ACK, MASK, RST, SYN, end

MS = 10**6
CAUSE = 2 * MS  # the stack answers within the write that hands it a packet; more than this apart is no answer
FAR = 1 << 30

# One line of the load balancer's table, valid from t (ns) on. delta is added to the client's numbers on their way to
# the server, shift to the server's on their way to the client.
Session = collections.namedtuple('Session', 't client vip local rs delta shift')


class Conversation:
    """One client connection, direct or through the load balancer, as the real server's wire shows it."""

    def __init__(self, syn, session):
        self.src, self.dst, self.isn, self.session = syn.src, syn.dst, syn.seq, session
        self.kernel_src = syn.src               # what the stack takes for its client
        self.client_next = (syn.seq + 1) & MASK
        self.server_isn = self.server_next = self.last_ack = None

    def tuple_at(self, point):
        """(client endpoint, server endpoint) where this capture point sees the conversation."""
        if point == 'client' and self.session:
            return self.session.client, self.session.vip
        return (self.kernel_src if point == 'rskern' else self.src), self.dst

    @property
    def delta(self):
        return self.session.delta if self.session else 0


def between(low, x, high):
    """low <= x <= high in sequence space."""
    return (x - low) & MASK <= (high - low) & MASK


def identity(s):
    """Equal for a packet on the wire and what the shim made of it (which may number a RST)."""
    return s.seq, s.ack if s.flags & ACK else 0, s.flags, None if s.flags == RST else s.ip_id, s.data


class RealServer:
    """wire, kern: segments before and after the shim; servers: the real server's endpoints."""

    def __init__(self, wire, kern, sessions, servers):
        self.wire, self.kern, self.sessions, self.servers = wire, kern, sessions, servers
        self.conversations = []
        self.carrier = {}   # wire frame -> the conversation whose tuple it has
        self.twin = {}      # kernel frame -> wire segment
        self.current = {}   # kernel frame -> conversation that the last SYN on the stack's tuple began
        self.cause = {}     # kernel frame -> kernel segment that made the stack send it
        self.owner = {}     # kernel frame -> conversation whose socket sent it (or whose segment caused it)
        self.repeats = {}   # kernel frame -> it acknowledges nothing that its socket had not acknowledged
        self._split()
        self._join()
        self._follow()

    def session_at(self, local, t):
        found = [s for s in self.sessions if s.local == local and s.t <= t + MS]
        return found[-1] if found else None

    def _split(self):
        """A new client ISN on a wire tuple begins a new conversation."""
        by_tuple = collections.defaultdict(list)
        for s in self.wire:
            known = by_tuple[(s.dst, s.src) if s.src in self.servers else (s.src, s.dst)]
            if s.dst in self.servers and s.flags & (SYN | ACK) == SYN and all(c.isn != s.seq for c in known):
                known.append(Conversation(s, self.session_at(s.src, s.t)))
                self.conversations.append(known[-1])
            if known:
                self.carrier[s.n] = known[-1]

    def _join(self):
        waiting = collections.defaultdict(collections.deque)
        for w in self.wire:
            waiting[w.src in self.servers, identity(w)].append(w)
        current = {}
        for k in self.kern:
            queue = waiting[k.src in self.servers, identity(k)]
            if queue:
                self.twin[k.n] = queue.popleft()
            conversation = self.entered(k)
            if k.dst in self.servers and k.flags & (SYN | ACK) == SYN and conversation:
                conversation.kernel_src = k.src
                current[k.src] = conversation
            self.current[k.n] = current.get(k.dst if k.src in self.servers else k.src)

    def entered(self, k):
        """The conversation that a segment belongs to by the wire tuple it had."""
        wire = self.twin.get(k.n)
        return self.carrier.get(wire.n) if wire else None

    def _follow(self):
        last_in = {}
        for k in self.kern:
            if k.src in self.servers:
                self._sent(k, last_in.get(k.dst))
                continue
            last_in[k.src] = k
            c = self.entered(k)
            if c and not k.flags & RST and between(c.client_next, end(k), (c.client_next + FAR) & MASK):
                c.client_next = end(k)

    def _sent(self, k, before):
        if before and k.t - before.t <= CAUSE:
            self.cause[k.n] = before
        if k.flags & RST and (not k.flags & ACK or k.seq == 0):
            if before:  # no socket sent it: it belongs to the conversation of what it answers
                self.owner[k.n] = self.entered(before)
            return
        c = self.owner[k.n] = self._socket(k)
        if c:
            self.repeats[k.n] = c.last_ack == k.ack
            c.last_ack = k.ack
            if between(c.server_next, end(k), (c.server_next + FAR) & MASK):
                c.server_next = end(k)

    def _socket(self, k):
        """The conversation whose socket has these numbers; a SYN-ACK makes the socket."""
        for c in reversed(self.conversations):
            if k.flags & SYN:
                if c.isn == (k.ack - 1) & MASK and c.kernel_src == k.dst:
                    c.server_isn, c.server_next = k.seq, end(k)
                    return c
            elif c.server_isn is not None and c.kernel_src == k.dst and between(c.server_isn, k.seq, c.server_next) \
                    and between(c.isn, k.ack, c.client_next):
                return c
        return None
