"""What goes wrong while capturing, drawn from a seed and done to a clean capture; labels are carried over.

A capture is a list of records [time in ns, bytes on the wire, bytes captured, label]; a damage changes the list. What is
done to it is told in one word each, so that a score can be read by kind of damage.
"""
import random
import struct

from .pcap import capturefile

MS = 10**6


class Record:
    __slots__ = ('t', 'size', 'data', 'row')

    def __init__(self, t, size, data, row):
        self.t, self.size, self.data, self.row = t, size, data, row

    def copy(self, row=None):
        return Record(self.t, self.size, self.data, row)


def read(path, rows):
    """Records of a capture file. rows: frame -> what is known about it."""
    return [Record(f.time, f.length, f.data, rows.get(n)) for n, f in enumerate(capturefile.read(path), 1)]


class Writing:
    """How the file is written: link type, snap length, resolution of the clock in ns; outer: bytes of a tunnel's headers."""

    def __init__(self):
        self.link, self.snaplen, self.tick, self.outer = 1, 262144, 1, 0


def write(path, records, how):
    unit = 1 if how.tick < 1000 else 1000
    frames = ((r.t // how.tick * how.tick, r.data[:how.snaplen], r.size) for r in records)
    capturefile.write(path, frames, how.link, unit, how.snaplen)


# -- the damages: (records, how to write, random) -> records -----------------------------------------------------------
def loss(records, how, r):
    share = r.choice([0.002, 0.01, 0.01, 0.05])
    return [x for x in records if r.random() >= share]


def burst_loss(records, how, r):
    """The capturing machine was busy for a while."""
    if len(records) < 10:
        return records
    at, count = r.randrange(len(records)), r.randrange(2, max(3, len(records) // 10))
    return records[:at] + records[at + count:]


def duplicates(records, how, r):
    """A mirror port shows a packet twice."""
    share, out = r.choice([0.01, 0.1, 1.0]), []
    for x in records:
        out.append(x)
        if r.random() < share:
            out.append(x.copy(x.row and x.row._replace(cls='open', note='a copy')))
            out[-1].t += r.randrange(0, 50000)
    return out


def late(records, how, r):
    """The capture was started when the trouble was there."""
    return records[int(len(records) * r.uniform(0.05, 0.6)):]


def cut(records, how, r):
    return records[:max(1, int(len(records) * r.uniform(0.4, 0.95)))]


def snap(records, how, r):
    v6 = bool(records) and b'\x86\xdd' in records[0].data[:60]
    how.snaplen = r.choice([66, 74, 96, 96, 128, 256]) + how.outer + 20 * v6   # whoever set it wanted to see TCP
    return records


def coarse(records, how, r):
    how.tick = r.choice([1000, 1000, 10**6, 10 * 10**6, 10**9])
    return records


def skew(records, how, r):
    """The clock is wrong, and is set while the capture runs."""
    wrong, at = r.randrange(-3600, 3600) * 10**9, r.randrange(len(records) + 1)
    step = r.choice([0, 0, r.randrange(-5 * MS, 5 * MS)])
    for i, x in enumerate(records):
        x.t += wrong + (step if i >= at else 0)
    return records


def order(records, how, r):
    """Several receive queues: a packet may be written after its neighbour."""
    share, records = r.choice([0.01, 0.05]), list(records)
    for i in range(len(records) - 1):
        if r.random() < share:
            records[i], records[i + 1] = records[i + 1], records[i]
            if r.random() < 0.5:    # the stamps were given in the order of writing
                records[i].t, records[i + 1].t = records[i + 1].t, records[i].t
    return records


def _each(records, change):
    for x in records:
        before = len(x.data)
        x.data = change(x.data)
        x.size += len(x.data) - before
    return records


def cooked(records, how, r):
    """Captured on "any", version 1."""
    how.link = 113
    return _each(records, lambda d: struct.pack('>HHH', 0 if d[0] & 1 == 0 else 2, 1, 6) + d[6:12] + b'\0\0' + d[12:])


def vlan(records, how, r):
    tag = struct.pack('>HH', 0x8100, r.randrange(1, 4095))
    if r.random() < 0.3:
        tag = struct.pack('>HH', 0x88a8, r.randrange(1, 4095)) + tag
    return _each(records, lambda d: d[:12] + tag + d[12:])


def _ip4(proto, body, n, source, target):
    head = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(body), n & 0xffff, 0, 64, proto, 0, source, target)
    total = sum(struct.unpack('>10H', head))
    total = (total & 0xffff) + (total >> 16)
    return head[:10] + struct.pack('>H', ~(total + (total >> 16)) & 0xffff) + head[12:] + body


def _tunnel(records, how, r, inner):
    how.outer = 50
    source, target = bytes([192, 0, 2, r.randrange(1, 254)]), bytes([198, 51, 100, r.randrange(1, 254)])
    for n, x in enumerate(records):
        proto, body = inner(x.data)
        if len(body) > 65000:
            continue    # a packet of offload that no tunnel could carry
        before = len(x.data)
        x.data = bytes(range(12)) + b'\x08\x00' + _ip4(proto, body, n, source, target)
        x.size += len(x.data) - before
    return records


def vxlan(records, how, r):
    head = struct.pack('>II', 0x08000000, r.randrange(1 << 24) << 8)
    port = r.randrange(30000, 60000)
    return _tunnel(records, how, r, lambda d: (17, struct.pack('>HHHH', port, 4789, 16 + len(d), 0) + head + d))


def gre(records, how, r):
    key = struct.pack('>I', r.randrange(1 << 32)) if r.random() < 0.5 else b''
    return _tunnel(records, how, r, lambda d: (47, (b'\x20\x00' if key else b'\x00\x00') + d[12:14] + key + d[14:]))


DAMAGES = dict(loss=loss, burst=burst_loss, duplicates=duplicates, late=late, cut=cut, snap=snap, coarse=coarse, skew=skew,
               order=order, cooked=cooked, vlan=vlan, vxlan=vxlan, gre=gre)
WRAPS = {'cooked', 'vlan', 'vxlan', 'gre'}
FIRST = ['late', 'cut', 'burst', 'loss', 'order', 'duplicates', 'skew', 'vlan', 'vxlan', 'gre', 'cooked', 'coarse', 'snap']

def draw(seed, number):
    """Names of the damages of one variant, in the order in which they are done."""
    r = random.Random(f'damage/{seed}/{number}')
    names = r.sample(list(DAMAGES), r.choice([1, 1, 1, 2, 2, 3]))
    wraps = [n for n in names if n in WRAPS]
    return sorted((n for n in names if n not in wraps[1:]), key=FIRST.index)


def apply(source, target, names, seed, rows, scenario):
    """Makes the damaged capture; returns its rows. rows: frame -> Row of the clean capture."""
    r, how, records = random.Random(f'{seed}/{target.rsplit("/", 1)[-1]}'), Writing(), read(source, rows)
    for name in names:
        records = DAMAGES[name](records, how, r)
    write(target, records, how)
    return [x.row._replace(scenario=scenario, frame=n) for n, x in enumerate(records, 1) if x.row]


def merge(sources, target, scenario, seed):
    """Several capture points in one file, in the order of time, perhaps with clocks that differ. sources: [(path, rows)].
    Returns the rows, all of them of the point 'client'."""
    r, records = random.Random(f'merge/{seed}'), []
    for path, rows in sources:
        wrong = r.choice([0, 0, 0, r.randrange(-3 * MS, 3 * MS)])
        part = read(path, rows)
        for x in part:
            x.t += wrong
        records += part
    records.sort(key=lambda x: x.t)
    write(target, records, Writing())
    return [x.row._replace(scenario=scenario, point='client', frame=n) for n, x in enumerate(records, 1) if x.row]
