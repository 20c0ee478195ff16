"""Damages captures. Standard library only."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import capturefile


class Packet:
    """One captured frame; label is what the caller wants to find again after the damage."""

    def __init__(self, time, length, data, label):
        self.time, self.length, self.data, self.label = time, length, data, label

    def with_data(self, data):
        return Packet(self.time, self.length, data, self.label)


def read(path):
    """Link type and packets."""
    frames = capturefile.read(path)
    return frames[0].link if frames else capturefile.ETHERNET, [Packet(f.time, f.length, f.data, None) for f in frames]


def write(path, linktype, packets):
    capturefile.write(path, ((p.time, p.data, p.length) for p in packets), linktype)


def tcp_at(data):
    """Offset of the TCP header in an Ethernet frame, None if there is none."""
    kind = data[12:14]
    if kind == b'\x08\x00' and len(data) > 23 and data[23] == 6:
        return 14 + (data[14] & 15) * 4
    if kind == b'\x86\xdd' and len(data) > 20 and data[20] == 6:
        return 54
    return None


def without_ip_id(data):
    if data[12:14] != b'\x08\x00':
        return data
    return data[:18] + b'\0\0' + data[20:]


def without_options(data, kinds):
    """The TCP options of these kinds become No-Operations."""
    start = tcp_at(data)
    if start is None or len(data) < start + 20:
        return data
    out = bytearray(data)
    at, end = start + 20, min(start + (data[start + 12] >> 4) * 4, len(data))
    while at < end and out[at] != 0:
        if out[at] == 1:
            at += 1
            continue
        if at + 1 >= end or out[at + 1] < 2 or at + out[at + 1] > end:
            break
        length = out[at + 1]
        if out[at] in kinds:
            out[at:at + length] = b'\1' * length
        at += length
    return bytes(out)


def identity(data):
    """What copies of one packet on its way have in common: all of it but link addresses, TTL and IP checksum."""
    out = bytearray(data[14:])
    if data[12:14] == b'\x08\x00':
        out[8] = out[10] = out[11] = 0
    else:
        out[7] = 0
    return bytes(out)
