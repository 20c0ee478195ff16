# SPDX-License-Identifier: GPL-2.0-or-later
"""The packets of a capture, read without Wireshark and without the plugin: what claims are held against."""
import collections, gzip, ipaddress, struct

MOD = 1 << 32
SECOND = 10**9
FIN, SYN, RST, ACK = 1, 2, 4, 16

# network: VLANs, VNIs and tunnel ends around the segment: two networks may have one inner tuple
Packet = collections.namedtuple('Packet', 'frame time source destination seq ack flags length ip_id tsval tsecr sack '
                                          'options network stream ttl')


def endpoint(address, port):
    if len(address) == 4:
        return '%d.%d.%d.%d:%d' % (*address, port)
    return '[%s]:%d' % (ipaddress.IPv6Address(address), port)


# ---- files ----

def blocks_of(raw):
    """(link type, time in ns, captured bytes) of a pcap or pcapng file, frame by frame; nothing of another format."""
    if raw[:4] == b'\x0a\x0d\x0d\x0a':
        yield from pcapng(raw)
        return
    orders = {0xa1b2c3d4: 1000, 0xa1b23c4d: 1, 0xa1b2cd34: 1000}
    for order in '<>':
        magic = struct.unpack(order + 'I', raw[:4])[0]
        if magic in orders:
            break
    else:
        return
    unit, head = orders[magic], 24 if magic == 0xa1b2cd34 else 16
    link, at = struct.unpack(order + 'I', raw[20:24])[0] & 0xffff, 24
    while at + head <= len(raw):
        seconds, fraction, captured = struct.unpack(order + 'III', raw[at:at + 12])
        yield link, seconds * SECOND + fraction * unit, raw[at + head:at + head + captured]
        at += head + captured


def pcapng(raw):
    at, order, interfaces = 0, '<', []
    while at + 12 <= len(raw):
        if raw[at:at + 4] == b'\x0a\x0d\x0d\x0a':
            order, interfaces = '<' if raw[at + 8:at + 12] == b'\x4d\x3c\x2b\x1a' else '>', []
        kind, size = struct.unpack(order + 'II', raw[at:at + 8])
        body = raw[at + 8:at + size - 4]
        if kind == 1:
            unit, place = 1000, 8
            while place + 4 <= len(body):
                code, length = struct.unpack(order + 'HH', body[place:place + 4])
                if code == 9:
                    unit = SECOND // 10 ** body[place + 4]
                if not code:
                    break
                place += 4 + (length + 3) // 4 * 4
            interfaces.append((struct.unpack(order + 'H', body[:2])[0], unit))
        elif kind == 6:
            interface, high, low, captured, _ = struct.unpack(order + 'IIIII', body[:20])
            link, unit = interfaces[interface]
            yield link, (high << 32 | low) * unit, body[20:20 + captured]
        elif kind in (2, 3):
            yield None, 0, b''
        at += size or len(raw)


# ---- layers ----

def u16(data, at):
    return struct.unpack('>H', data[at:at + 2])[0]


def ethernet(data, network):
    return ethertype(data[14:], u16(data, 12), network)


def ethertype(data, kind, network):
    """(bytes of an IP packet, network), or None."""
    while kind in (0x8100, 0x88a8, 0x9100):
        network, kind, data = network + ('vlan', u16(data, 0) & 0xfff), u16(data, 2), data[4:]
    if kind == 0x8847:
        while not data[2] & 1:
            network, data = network + ('mpls', u16(data, 0)), data[4:]
        network, data = network + ('mpls', u16(data, 0)), data[4:]
        kind = {4: 0x800, 6: 0x86dd}.get(data[0] >> 4, 0x6558)
    if kind == 0x8864:
        kind, data = {0x21: 0x800, 0x57: 0x86dd}.get(u16(data, 6)), data[8:]
    if kind == 0x6558:
        return ethernet(data, network)
    return (data, network) if kind in (0x800, 0x86dd) else None


def gre(data, network):
    flags, kind = u16(data, 0), u16(data, 2)
    at = 4 + 4 * bool(flags & 0x8000) + 4 * bool(flags & 0x2000) + 4 * bool(flags & 0x1000)
    key = struct.unpack('>I', data[at - 4 - 4 * bool(flags & 0x1000):at - 4 * bool(flags & 0x1000)])[0] \
        if flags & 0x2000 else None
    network += ('gre', key)
    if kind == 0x88be:
        return ethernet(data[at + (8 if flags & 0x1000 else 0):], network)
    return ethertype(data[at:], kind, network)


def udp(data, network):
    port, inner = u16(data, 2), data[8:]
    if port == 4789 or port == 4790 and inner[3] == 3:
        return ethernet(inner[8:], network + ('vni', inner[4:7]))
    if port in (6081, 47101):
        at = 8 + (inner[0] & 63) * 4
        return ethertype(inner[at:], u16(inner, 2), network + ('vni', inner[4:7]))
    return None


def nflog(data, network):
    at = 4
    while struct.unpack('<H', data[at + 2:at + 4])[0] != 9: # the packet
        at += (struct.unpack('<H', data[at:at + 2])[0] + 3) // 4 * 4 or len(data)
    return data[at + 4:], network


LINKS = {1: ethernet, 239: nflog, 12: lambda d, n: (d, n), 101: lambda d, n: (d, n), 228: lambda d, n: (d, n),
         0: lambda d, n: (d[4:], n), 108: lambda d, n: (d[4:], n), 113: lambda d, n: ethertype(d[16:], u16(d, 14), n),
         276: lambda d, n: ethertype(d[20:], u16(d, 0), n)}


def options_of(header):
    found, at = {}, 20
    while at < len(header) and header[at]:
        if header[at] == 1:
            at += 1
            continue
        if at + 1 >= len(header) or header[at + 1] < 2 or at + header[at + 1] > len(header):
            break
        found.setdefault(header[at], header[at + 2:at + header[at + 1]])
        at += header[at + 1]
    return found


def segment_of(frame, time, data, network):
    """The TCP segment in an IP packet, None: there is none, or a fragment."""
    if data[0] >> 4 == 4:
        size, protocol, ip_id, ttl = (data[0] & 15) * 4, data[9], u16(data, 4), data[8]
        total, addresses = u16(data, 2) or len(data), (data[12:16], data[16:20])
        if u16(data, 6) & 0x3fff:
            return None
    elif data[0] >> 4 == 6:
        size, protocol, ip_id, ttl = 40, data[6], 0, data[7]
        total, addresses = 40 + (u16(data, 4) or len(data) - 40), (data[8:24], data[24:40])
        while protocol in (0, 43, 60):
            protocol, size = data[size], size + 8 + data[size + 1] * 8
    else:
        return None
    inner = {47: gre, 17: udp, 4: lambda d, n: (d, n), 41: lambda d, n: (d, n), 97: lambda d, n: ethernet(d[2:], n)}
    if protocol in inner:
        found = inner[protocol](data[size:total], network + (addresses,) * (protocol != 17))
        return segment_of(frame, time, *found) if found else None
    if protocol != 6 or len(data) < size + 20:
        return None
    header = data[size:]
    sport, dport, seq, ack, offset = struct.unpack('>HHIIH', header[:14])
    length = (offset >> 12) * 4
    options = options_of(header[:length])
    stamps = struct.unpack('>II', options[8]) if len(options.get(8, b'')) == 8 else (None, None)
    sack = struct.unpack('>II', options[5][:8]) if len(options.get(5, b'')) >= 8 else None
    return Packet(frame, time, endpoint(addresses[0], sport), endpoint(addresses[1], dport), seq, ack, offset & 63,
                  total - size - length, ip_id, *stamps, sack, options, network, None, ttl)


def end_of(p):
    return (p.seq + p.length + bool(p.flags & SYN) + bool(p.flags & FIN)) % MOD


def asks(p):
    return not p.flags & RST and end_of(p) != p.seq


def read(path):
    """(TCP packets by frame, time of the first frame, number of frames). A format that is not read: no frames."""
    with open(path, 'rb') as f:
        raw = f.read()
    packets, start, number = {}, None, 0
    for number, (link, time, data) in enumerate(blocks_of(gzip.decompress(raw) if raw[:2] == b'\x1f\x8b' else raw), 1):
        start = time if number == 1 else start
        try:
            found = LINKS[link](data, ()) if link in LINKS else None
            p = segment_of(number, time, *found) if found else None
        except (IndexError, struct.error):
            p = None # cut short
        if p:
            packets[number] = p
    return packets, start, number
