"""Reads the lab's captures: pcap files of TCP over IPv4 or IPv6, Ethernet or raw IP."""
import array
import collections
import ipaddress
import itertools
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'lib'))

import capturefile

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
MASK = 0xffffffff
LINK_HEADER = {1: 14, 101: 0, 228: 0, 229: 0}  # Ethernet, raw IP

# n: frame number as Wireshark counts; t: ns; src, dst: 'address:port'; ip_id: None for IPv6; sack: list of (left, right)
Segment = collections.namedtuple(
    'Segment', 'n t src dst seq ack flags data ip_id sack ttl')


def letters(flags):
    return ''.join(name for bit, name in ((ACK, 'A'), (FIN, 'F'), (PSH, 'P'), (RST, 'R'), (SYN, 'S')) if flags & bit)


def end(segment):
    """The sequence number behind the segment."""
    return (segment.seq + len(segment.data) + bool(segment.flags & SYN) + bool(segment.flags & FIN)) & MASK


def _sack_blocks(options):
    at = 0
    while at < len(options) and options[at] != 0:
        if options[at] == 1:
            at += 1
            continue
        if at + 1 >= len(options) or options[at + 1] < 2 or at + options[at + 1] > len(options):
            break
        if options[at] == 5:
            body = options[at + 2:at + options[at + 1]]
            return [struct.unpack_from('>II', body, i) for i in range(0, len(body) - 7, 8)]
        at += options[at + 1]
    return []


def _decode(n, t, ip):
    """One IP packet as a Segment, or None if it is not TCP."""
    if len(ip) >= 40 and ip[0] >> 4 == 6 and ip[6] == 6:
        start, total, ip_id, ttl = 40, 40 + struct.unpack_from('>H', ip, 4)[0], None, ip[7]
        src, dst = ipaddress.IPv6Address(ip[8:24]), ipaddress.IPv6Address(ip[24:40])
    elif len(ip) >= 20 and ip[0] >> 4 == 4 and ip[9] == 6:
        total, ip_id = struct.unpack_from('>HH', ip, 2)
        start, ttl = (ip[0] & 15) * 4, ip[8]
        src, dst = ipaddress.IPv4Address(ip[12:16]), ipaddress.IPv4Address(ip[16:20])
    else:
        return None
    total = min(total, len(ip)) if total else len(ip)  # 0: a segment larger than 64 KiB before segmentation
    if total < start + 20:
        return None
    sport, dport, seq, ack, off, flags = struct.unpack_from('>HHIIBB', ip, start)
    body = start + (off >> 4) * 4
    return Segment(n, t, f'{src}:{sport}', f'{dst}:{dport}', seq, ack, flags & 0x1f, ip[body:total], ip_id,
                   _sack_blocks(ip[start + 20:min(body, total)]), ttl)


def packets(path):
    """Frame number, time in ns and IP packet of every frame of a capture file."""
    for n, frame in enumerate(capturefile.read(path), 1):
        yield n, frame.time, frame.data[LINK_HEADER[frame.link]:]


def drop_before(path, t):
    """Takes the frames before a time (ns) out of a capture file (as capture.c writes it); returns how many."""
    frames = capturefile.read(path)
    kept = list(itertools.dropwhile(lambda frame: frame.time < t, frames))
    if frames:
        capturefile.write(path, ((f.time, f.data, f.length) for f in kept), frames[0].link)
    return len(frames) - len(kept)


def read(path):
    """All TCP segments of a capture file, in order."""
    return [s for s in (_decode(*packet) for packet in packets(path)) if s]


def _sum(data):
    words = array.array('H', data + b'\0' if len(data) % 2 else data)
    total = sum(words)
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def bad_checksums(path):
    """Frames whose IPv4 or TCP checksum is wrong. Not for captures with checksum offload."""
    bad = []
    for n, _, ip in packets(path):
        if ip[0] >> 4 == 4:
            start, addresses = (ip[0] & 15) * 4, ip[12:20]
            total = struct.unpack_from('>H', ip, 2)[0]
            right = _sum(ip[:start]) == 0xffff
        else:
            start, addresses, right = 40, ip[8:40], True
            total = 40 + struct.unpack_from('>H', ip, 4)[0]
        pseudo = addresses + struct.pack('>II', total - start, 6)
        if not right or _sum(pseudo + ip[start:total]) != 0xffff:
            bad.append(n)
    return bad
