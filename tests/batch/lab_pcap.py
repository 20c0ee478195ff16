# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the lab's captures (nanosecond pcap, Ethernet, TCP over IPv4 and IPv6) and makes changed copies of packets."""

import ipaddress
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import capturefile

CLIENT = {4: ipaddress.ip_address('10.112.8.41').packed, 6: ipaddress.ip_address('fd00:8::41').packed}
LOCAL = {4: ipaddress.ip_address('10.143.0.7').packed, 6: ipaddress.ip_address('fd00:143::7').packed}
VIP = {4: ipaddress.ip_address('10.141.16.0').packed, 6: ipaddress.ip_address('fd00:141::16').packed}
SERVER_PORTS = (3306, 3269)
FIN, SYN, RST, ACK = 1, 2, 4, 16


class Packet:
    """A frame; is_vip, is_local, is_direct tell which of the lab's connections it is on."""

    def __init__(self, time, frame):
        self.time = time
        self.frame = bytearray(frame)
        self.is_vip = self.is_local = self.is_direct = False


def read_pcap(path):
    return [Packet(frame.time, frame.data) for frame in capturefile.read(path)]


def write_pcap(path, packets):
    capturefile.write(path, ((packet.time, bytes(packet.frame)) for packet in packets))


def checksum(data):
    if len(data) % 2:
        data = bytes(data) + b'\0'
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Copy:
    """One instance of a scenario: its own addresses, sequence numbers, time."""

    def __init__(self, number, rng, start):
        self.start = start
        self.client_shift = rng.getrandbits(32)
        self.server_shift = rng.getrandbits(32)
        self.addresses = {}
        for old, new in ((CLIENT[4], f'10.120.{number // 200}.{number % 200 + 1}'),
                         (LOCAL[4], f'10.150.{number // 200}.{number % 200 + 1}'),
                         (CLIENT[6], f'fd00:8::{number + 0x1000:x}'), (LOCAL[6], f'fd00:150::{number + 0x1000:x}')):
            self.addresses[old] = ipaddress.ip_address(new).packed

    def client_name(self, scenario):
        return str(ipaddress.ip_address(self.addresses[CLIENT[6 if '_v6' in scenario else 4]]))

    def of(self, packet, base, skew):
        copy = Packet(packet.time - base + self.start + skew, packet.frame)
        version = 6 if copy.frame[12:14] == b'\x86\xdd' else 4
        ip = 14
        tcp = ip + (40 if version == 6 else (copy.frame[ip] & 15) * 4)
        source, size = (ip + 8, 16) if version == 6 else (ip + 12, 4)
        ends = [bytes(copy.frame[source:source + size]), bytes(copy.frame[source + size:source + 2 * size])]
        copy.is_vip = VIP[version] in ends
        copy.is_local = LOCAL[version] in ends
        copy.is_direct = not copy.is_vip and not copy.is_local
        for index, end in enumerate(ends):
            at = source + index * size
            copy.frame[at:at + size] = self.addresses.get(end, end)
        self.change_tcp(copy.frame, tcp)
        self.fix_checksums(copy.frame, ip, tcp, version, source, size)
        return copy

    def change_tcp(self, frame, tcp):
        sport, _, seq, ack, offset, flags = struct.unpack_from('!HHIIBB', frame, tcp)
        own, peer = self.client_shift, self.server_shift
        if sport in SERVER_PORTS:
            own, peer = peer, own
        if not (flags & RST and seq == 0):
            struct.pack_into('!I', frame, tcp + 4, (seq + own) & 0xffffffff)
        if flags & ACK:
            struct.pack_into('!I', frame, tcp + 8, (ack + peer) & 0xffffffff)
        at, end = tcp + 20, tcp + (offset >> 4) * 4
        while at < end and frame[at] != 0:
            if frame[at] == 1:
                at += 1
                continue
            self.change_option(frame, at, peer)
            at += max(frame[at + 1], 2)

    def change_option(self, frame, at, peer):
        kind, length = frame[at], frame[at + 1]
        if kind == 5:
            for edge in range(at + 2, at + length, 4):
                value, = struct.unpack_from('!I', frame, edge)
                struct.pack_into('!I', frame, edge, (value + peer) & 0xffffffff)
        elif kind in (252, 253, 254):
            body = bytes(frame[at:at + length])
            for version in (4, 6):
                body = body.replace(CLIENT[version], self.addresses[CLIENT[version]])
            frame[at:at + length] = body

    @staticmethod
    def fix_checksums(frame, ip, tcp, version, source, size):
        if version == 4:
            frame[ip + 10:ip + 12] = b'\0\0'
            struct.pack_into('!H', frame, ip + 10, checksum(frame[ip:tcp]))
            length = struct.unpack_from('!H', frame, ip + 2)[0] - (tcp - ip)
        else:
            length = struct.unpack_from('!H', frame, ip + 4)[0]
        frame[tcp + 16:tcp + 18] = b'\0\0'
        pseudo = bytes(frame[source:source + 2 * size]) + struct.pack('!II', length, 6)
        struct.pack_into('!H', frame, tcp + 16, checksum(pseudo + bytes(frame[tcp:tcp + length])))
