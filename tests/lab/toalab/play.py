"""Plays a plan (plan.py) on a cell: one loop that opens, feeds, reads and ends the client's connections on time."""
import errno
import heapq
import itertools
import selectors
import socket
import struct
import time

from . import netns
from .cell import CLIENT, CLIENT6, CLIENT_B, RPORT, RS, RS2, RS6, VIP, VIP6, VIP_B
from .client import TCP_REPAIR

SERVICES = {'direct': (RS, RPORT), 'vip': (VIP, 3306), 'vip2': (VIP, 3307), 'vipb': (VIP_B, 3306),
            'rs2': (RS2, RPORT), 'vip-rs2': (VIP, 3308)}
SERVICES6 = {'direct': (RS6, RPORT), 'vip': (VIP6, 3306), 'vip2': (VIP6, 3307)}
LINGER_0 = struct.pack('ii', 1, 0)


def syn(source, port, target, target_port, isn):
    """A bare SYN as an IPv4 packet, as a scanner sends it."""
    addresses = socket.inet_aton(source) + socket.inet_aton(target)
    tcp = struct.pack('>HHIIBBHHHBBH', port, target_port, isn, 0, 0x60, 2, 1024, 0, 0, 2, 4, 1460)
    words = struct.unpack(f'>{(12 + len(tcp)) // 2}H', addresses + struct.pack('>HH', 6, len(tcp)) + tcp)
    total = sum(words)
    total = (total & 0xffff) + (total >> 16)
    tcp = tcp[:16] + struct.pack('>H', ~(total + (total >> 16)) & 0xffff) + tcp[18:]
    return struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(tcp), 0, 0, 57, 6, 0) + addresses + tcp


class Peer:
    """One connection of a client."""

    def __init__(self, player, flow):
        self.player, self.flow, self.s = player, flow, None
        self.out, self.ending, self.muted, self.over = b'', None, False, False

    def open(self):
        v6 = self.player.plan['v6']
        address, port = (SERVICES6 if v6 else SERVICES)[self.flow['target']]
        with netns.inside(self.player.cell.ns('C')):
            self.s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_STREAM)
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.s.setblocking(False)
        try:
            self.s.bind((CLIENT6 if v6 else CLIENT_B if self.flow['client'] else CLIENT, self.flow['port']))
            code = self.s.connect_ex((address, port))
        except OSError as error:
            code = error.errno
        if code not in (0, errno.EINPROGRESS):
            self.player.skipped.append(f'{self.flow["target"]} {self.flow["port"]}: {errno.errorcode.get(code, code)}')
            return self.drop()
        self.watch()
        for t, word, argument in self.flow['script']:
            self.player.at(self.flow['at'] + t, getattr(self, 'do_' + word.replace('-', '_')), argument)

    def watch(self):
        if self.s and not self.over:
            events = (0 if self.muted else selectors.EVENT_READ) | (selectors.EVENT_WRITE if self.out else 0)
            self.player.watch(self, events)

    def drop(self):
        if not self.over:
            self.over = True
            self.player.watch(self, 0)
            if self.s:
                self.s.close()

    def ready(self, mask):
        try:
            if mask & selectors.EVENT_WRITE and self.out:
                self.out = self.out[self.s.send(self.out):]
            if mask & selectors.EVENT_READ and not self.s.recv(1 << 16):
                self.muted = True       # the server has closed; some clients never do
                if self.flow.get('polite', True):
                    self.player.after(0.01, lambda _: self.drop(), None)
        except BlockingIOError:
            pass
        except OSError:
            return self.drop()
        if not self.out and self.ending:
            self.ending()
        self.watch()

    def say(self, data):
        if not self.over and self.s:
            self.out += data
            self.watch()

    def do_ask(self, size):
        self.say(b'q' * size)

    do_upload = do_ask

    def do_say(self, text):
        self.say(text.encode())

    def do_tls(self, argument):
        kind, size, answer = argument
        self.say(struct.pack('>BHHI', kind, 0x0303, size, answer) + bytes((i * 37) & 0xff for i in range(size - 4)))

    def do_keepalive(self, seconds):
        if not self.over:
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL):
                self.s.setsockopt(socket.IPPROTO_TCP, option, seconds)
            self.s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def do_mute(self, _):
        self.muted = True
        self.watch()

    def do_unmute(self, _):
        self.muted = False
        self.watch()

    def do_close(self, _):
        self.drop()

    def do_shutdown(self, _):
        if not self.over:
            try:
                self.s.shutdown(socket.SHUT_WR)
            except OSError:
                pass

    def do_abort(self, _):
        if not self.over:
            self.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
            self.drop()

    def do_vanish(self, _):
        if not self.over:
            try:
                self.s.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
            except OSError:
                pass    # not connected yet: an ordinary close
            self.drop()

    def do_server_finish(self, _):
        self.player.server(self.flow, 'finish')

    def do_server_abort(self, _):
        self.player.server(self.flow, 'abort')


class Player:
    def __init__(self, cell, plan):
        self.cell, self.plan = cell, plan
        self.events, self.order = [], itertools.count()
        self.selector, self.watched = selectors.DefaultSelector(), {}
        self.peers, self.skipped = [], []
        self.began = time.monotonic()

    def at(self, t, do, argument):
        heapq.heappush(self.events, (t, next(self.order), do, argument))

    def after(self, t, do, argument):
        self.at(time.monotonic() - self.began + t, do, argument)

    def watch(self, peer, events):
        known = self.watched.get(peer.s)
        if events and known is None:
            self.selector.register(peer.s, events, peer)
        elif events and known != events:
            self.selector.modify(peer.s, events, peer)
        elif not events and known is not None:
            self.selector.unregister(peer.s)
        if events:
            self.watched[peer.s] = events
        else:
            self.watched.pop(peer.s, None)

    def server(self, flow, word):
        program = self.cell.server2 if flow['target'] in ('rs2', 'vip-rs2') else self.cell.server
        program.command(f'{word} {flow["port"]}')

    # -- acts ---------------------------------------------------------------------------------------------------
    def do_router(self, line):
        self.cell.router.command(line)

    def do_lvs(self, line):
        self.cell.lvs.command(line)

    def do_server(self, line):
        self.cell.server.command(line)

    def do_refused(self, port):
        peer = Peer(self, dict(at=0, port=port, target='closed', client=0, script=[]))
        self.peers.append(peer)
        SERVICES['closed'] = (RS, 9999)
        peer.open()

    def do_scan(self, argument):
        target, port, isn, ports = argument
        with netns.inside(self.cell.ns('C')):
            raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        address = SERVICES[target][0]
        for target_port in ports:
            raw.sendto(syn(CLIENT, port, address, target_port, isn), (address, 0))
        raw.close()

    # -- the loop -----------------------------------------------------------------------------------------------
    def run(self):
        for flow in self.plan['flows']:
            peer = Peer(self, flow)
            self.peers.append(peer)
            self.at(flow['at'], lambda _, p=peer: p.open(), None)
        for t, word, argument in self.plan['acts']:
            self.at(t, getattr(self, 'do_' + word), argument)
        self.began = time.monotonic()
        while True:
            now = time.monotonic() - self.began
            while self.events and self.events[0][0] <= now:
                _, _, do, argument = heapq.heappop(self.events)
                do(argument)
            if now >= self.plan['seconds']:
                break
            until = min(self.events[0][0] if self.events else 1e9, self.plan['seconds'])
            for key, mask in self.selector.select(max(0.0, until - now)):
                key.data.ready(mask)
        return self.skipped

    def close(self):
        for peer in self.peers:
            peer.drop()
        self.selector.close()
