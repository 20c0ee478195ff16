"""A balancer with direct server return, as Cilium's: it writes the pod's address into the destination, keeps the client's, and
puts the VIP beside the SYN; the pod's node puts the VIP back into what the pod answers.

One process stands between two namespaces with real kernels, client and pod, and captures what each place would see:
  client     the client's interface
  balancer   the balancer's node: what the client sends, before and after
  podnode    the pod's node: what comes in from the balancer, what goes out to the client
  pod        the pod's interface
carrier: ip (the option of IPv4, the destination option of IPv6), geneve, or none (an ordinary address translation).
"""
import ipaddress
import os
import select
import socket
import struct
import threading
import time

SYN, ACK, ETH_P_ALL = 2, 16, 3
CLIENT_MAC, POD_MAC, OURS = b'\x02\0\0\0\x08\x41', b'\x02\0\0\0\x61\x63', b'\x02\0\0\0\x14\x30'


def checksum(data):
    data += b'\0' * (len(data) % 2)
    total = sum(struct.unpack('>%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Packet:
    """IPv4 without options or IPv6 without extension headers, and TCP; None from parse: something else."""

    @classmethod
    def parse(cls, data):
        self = cls()
        if len(data) >= 40 and data[0] == 0x45 and data[9] == 6:
            self.v6, total = False, struct.unpack('>H', data[2:4])[0]
            self.ttl, self.id = data[8], data[4:6]
            self.source, self.target, self.tcp = data[12:16], data[16:20], data[20:total]
        elif len(data) >= 60 and data[0] >> 4 == 6 and data[6] == 6:
            self.v6, total = True, struct.unpack('>H', data[4:6])[0]
            self.ttl = data[7]
            self.source, self.target, self.tcp = data[8:24], data[24:40], data[40:40 + total]
        else:
            return None
        return self

    @property
    def ports(self):
        return struct.unpack('>HH', self.tcp[:4])

    @property
    def flags(self):
        return self.tcp[13]

    def build(self, source=None, target=None, ports=None, option=b'', extension=b''):
        source, target, (sport, dport) = source or self.source, target or self.target, ports or self.ports
        tcp = struct.pack('>HH', sport, dport) + self.tcp[4:16] + b'\0\0' + self.tcp[18:]
        if self.v6:
            pseudo = source + target + struct.pack('>IHBB', len(tcp), 0, 0, 6)
        else:
            pseudo = source + target + struct.pack('>BBH', 0, 6, len(tcp))
        tcp = tcp[:16] + struct.pack('>H', checksum(pseudo + tcp)) + tcp[18:]
        if self.v6:
            body = extension + tcp
            return struct.pack('>IHBB', 6 << 28, len(body), 60 if extension else 6, self.ttl - 1) + source + target + body
        size = 20 + len(option)
        head = struct.pack('>BBH', 0x40 | size // 4, 0, size + len(tcp)) + self.id + \
            struct.pack('>HBBH', 0x4000, self.ttl - 1, 6, 0) + source + target + option
        return head[:10] + struct.pack('>H', checksum(head)) + head[12:] + tcp


def geneve(vip, port, inner):
    """In front of inner, as between the nodes; the option's length is in words."""
    body = vip + struct.pack('>HH', port, 0)
    options = struct.pack('>HBB', 0x014b, 0x81, len(body) // 4) + body
    kind = 0x86dd if inner[0] >> 4 == 6 else 0x0800
    body = struct.pack('>BBHI', len(options) // 4, 0x40, kind, 2 << 8) + options + inner
    udp = struct.pack('>HHHH', 50321, 6081, 8 + len(body), 0) + body
    head = struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(udp), 7, 0, 64, 17, 0) + bytes([10, 9, 0, 1, 10, 9, 0, 2])
    return head[:10] + struct.pack('>H', checksum(head)) + head[12:] + udp


class Capture:
    def __init__(self, path):
        self.file = open(path, 'wb')
        self.file.write(struct.pack('<IHHiIII', 0xa1b23c4d, 2, 4, 0, 0, 65535, 1))

    def add(self, packet):
        now = time.time_ns()
        data = POD_MAC + OURS + (b'\x86\xdd' if packet[0] >> 4 == 6 else b'\x08\0') + packet
        self.file.write(struct.pack('<IIII', now // 10**9, now % 10**9, len(data), len(data)) + data)


class Balancer(threading.Thread):
    POINTS = ('client', 'balancer', 'podnode', 'pod')

    def __init__(self, client_side, pod_side, vips, pod, carrier, ports, folder, name, newest=True):
        """client_side, pod_side: packet sockets. vips, pod: (address, port). ports: the client's, of those that are captured.
        newest: the pod's node translates to the VIP of the newest SYN of a client's port, else to that of the first."""
        super().__init__(daemon=True)
        self.sockets, self.carrier, self.newest = (client_side, pod_side), carrier, newest
        self.ports = set(ports)
        self.vips = {(ipaddress.ip_address(a).packed, p) for a, p in vips}
        self.pod = (ipaddress.ip_address(pod[0]).packed, pod[1])
        self.captures = {p: Capture(os.path.join(folder, f'{name}.{p}.pcap')) for p in self.POINTS}
        self.dialled = {}   # client's endpoint to VIP, as the pod's node remembers it
        self.ending = False

    def run(self):
        while not self.ending:
            ready, _, _ = select.select(self.sockets, [], [], 0.05)
            for s in ready:
                data, address = s.recvfrom(65535)
                packet = Packet.parse(data[14:])
                # what an earlier play has left behind ends here
                if packet and address[2] != socket.PACKET_OUTGOING and self.ports & set(packet.ports):
                    (self.from_client if s is self.sockets[0] else self.from_pod)(packet, data[14:])
        for capture in self.captures.values():
            capture.file.close()

    def stop(self):
        self.ending = True
        self.join(5)

    def send(self, side, packet):
        kind = b'\x86\xdd' if packet[0] >> 4 == 6 else b'\x08\0'
        self.sockets[side].send((POD_MAC if side else CLIENT_MAC) + OURS + kind + packet)

    def log(self, packet, *points):
        for point in points:
            self.captures[point].add(packet)

    def from_client(self, packet, data):
        self.log(data, 'client', 'balancer')
        sport, dport = packet.ports
        vip = (packet.target, dport)
        if vip not in self.vips:
            inner = outer = packet.build()             # to the pod's own address: only routed
        else:
            syn = packet.flags & (SYN | ACK) == SYN
            if syn and (self.newest or (packet.source, sport) not in self.dialled):
                self.dialled[packet.source, sport] = vip
            inner = outer = packet.build(target=self.pod[0], ports=(sport, self.pod[1]), **(self.beside(vip) if syn else {}))
            if syn and self.carrier == 'geneve':
                outer = geneve(*vip, inner)
        self.log(outer, 'balancer', 'podnode')
        self.log(inner, 'pod')
        self.send(1, inner)

    def beside(self, vip):
        address, port = vip
        if self.carrier != 'ip':
            return {}
        if len(address) == 4:
            return {'option': struct.pack('>BBH', 0x9a, 8, port) + address}
        return {'extension': struct.pack('>BBBB', 6, 2, 0x1b, 20) + address + struct.pack('>HH', port, 0)}

    def from_pod(self, packet, data):
        self.log(data, 'pod')
        sport, dport = packet.ports
        vip = self.dialled.get((packet.target, dport))
        out = packet.build(source=vip[0], ports=(vip[1], dport)) if vip else packet.build()
        self.log(out, 'podnode', 'client')
        self.send(0, out)
