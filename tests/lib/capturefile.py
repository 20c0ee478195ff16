# SPDX-License-Identifier: GPL-2.0-or-later
"""Capture files, as bytes and times: the one reader of the tests. Standard library only; no packet is looked into.

Reads pcap (both byte orders, micro- and nanoseconds) and pcapng; a file that ends in the middle of a packet ends before it.
Writes pcap in nanoseconds, or in microseconds if asked.
"""

import collections
import struct

SECOND = 10**9
ETHERNET = 1
SNAPLEN = 262144

# time: ns since the epoch; data: captured bytes; length: on the wire; link: number of LINKTYPE_*, None where it is not known
Frame = collections.namedtuple('Frame', 'time data length link')
MAGICS = {b'\xd4\xc3\xb2\xa1': ('<', 1000), b'\x4d\x3c\xb2\xa1': ('<', 1), b'\xa1\xb2\xc3\xd4': ('>', 1000),
          b'\xa1\xb2\x3c\x4d': ('>', 1)}
PCAPNG = b'\x0a\x0d\x0d\x0a'


def read(path):
    """All frames, in order. ValueError: no capture file, or of another format."""
    with open(path, 'rb') as file:
        data = file.read()
    if data[:4] == PCAPNG:
        return list(_pcapng(data))
    if data[:4] not in MAGICS or len(data) < 24:
        raise ValueError(f'{path}: neither pcap nor pcapng')
    return list(_pcap(data))


def _pcap(data):
    order, unit = MAGICS[data[:4]]
    link, at = struct.unpack_from(order + 'I', data, 20)[0] & 0xffff, 24  # above it: length of the frame check sequence
    while at + 16 <= len(data):
        seconds, part, captured, length = struct.unpack_from(order + 'IIII', data, at)
        if at + 16 + captured > len(data):
            return
        yield Frame(seconds * SECOND + part * unit, data[at + 16:at + 16 + captured], length, link)
        at += 16 + captured


def _unit(order, options):
    """ns of one unit of time, from the options of an Interface Description."""
    at = 0
    while at + 4 <= len(options):
        code, length = struct.unpack_from(order + 'HH', options, at)
        if code == 9 and length:
            exponent = options[at + 4]
            return SECOND / 2 ** (exponent & 0x7f) if exponent & 0x80 else SECOND // 10 ** exponent
        if code == 0:
            break
        at += 4 + (length + 3) // 4 * 4
    return 1000


def _pcapng(data):
    at, order, interfaces = 0, '<', []
    while at + 12 <= len(data):
        if data[at:at + 4] == PCAPNG:
            order, interfaces = '<' if data[at + 8:at + 12] == b'\x4d\x3c\x2b\x1a' else '>', []
        kind, size = struct.unpack_from(order + 'II', data, at)
        if size < 12 or at + size > len(data):
            return
        body = data[at + 8:at + size - 4]
        if kind == 1:
            interfaces.append((struct.unpack_from(order + 'H', body)[0], _unit(order, body[8:])))
        elif kind == 6:
            interface, high, low, captured, length = struct.unpack_from(order + 'IIIII', body)
            link, unit = interfaces[interface]
            yield Frame(int((high << 32 | low) * unit), body[20:20 + captured], length, link)
        elif kind in (2, 3):  # obsolete, or without a time
            yield Frame(0, b'', 0, None)
        at += size


def write(path, frames, link=ETHERNET, unit=1, snaplen=SNAPLEN):
    """frames: of (time, data) or (time, data, length on the wire), or Frames. unit: ns, 1 or 1000."""
    magic = next(magic for magic, how in MAGICS.items() if how == ('<', unit))
    with open(path, 'wb') as file:
        file.write(magic + struct.pack('<HHiIII', 2, 4, 0, 0, snaplen, link))
        for time, data, *more in frames:
            file.write(struct.pack('<IIII', time // SECOND, time % SECOND // unit, len(data), more[0] if more else len(data)) + data)
