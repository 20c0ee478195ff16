"""Two clients on one node leave with its address and one port, to two addresses that lead to one gateway. Captured at the
gateway's node, where both sides of the translation pass: what comes in, and what goes to the gateway."""


def captures(wire):
    a = wire.connection('10.33.0.5:41100', '10.99.0.1:443')
    inner = wire.connection('10.33.0.5:41100', '10.34.7.7:443')   # the gateway's side of both
    b = wire.connection('10.33.0.5:41100', '10.99.0.2:443')

    def copy(side, time, flags, length=0, again=False, first=None, then=None):
        mark = dict(vars(side))
        side.send(time, flags, length, on=first, again=again, lost=True)
        vars(side).update({name: mark[name] for name in ('id', 'next', 'ttl')})
        side.ttl -= 1
        number = side.next
        side.send(time + 0.00002, flags, length, on=then, again=again, lost=True)
        side.ttl += 1
        side.peer.take(number, length + bool(flags & 3), side.clock + round(time * 1000)) if not again else None

    copy(a.client, 0.0, 2, then=inner)
    copy(a.server, 0.0003, 18, first=inner)
    copy(a.client, 0.0015, 16, then=inner)
    copy(a.client, 0.01, 24, 90, then=inner)
    copy(a.server, 0.0103, 24, 300, first=inner)
    copy(a.client, 0.0115, 16, then=inner)
    copy(b.client, 5.0, 2, then=inner)
    copy(a.server, 5.0003, 16, first=inner)          # the gateway's challenge, translated to the first address
    copy(b.client, 6.0, 2, again=True, then=inner)
    copy(a.server, 6.0003, 16, first=inner)
    copy(b.client, 8.0, 2, again=True, then=inner)
    copy(a.server, 8.0003, 16, first=inner)
    return {'gateway.pcap': wire}
