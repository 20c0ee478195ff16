"""Client pod and server pod on one bridge that does not hand bridged packets to the node's translation: the SYN is translated,
the SYN-ACK is not. Seen at the client pod's end, and on the bridge, where both sides of the translation pass."""


def captures(wire):
    a = wire.connection('10.72.1.192:42240', '10.98.175.29:7800', hops=0)
    pod = wire.connection('10.72.1.192:42240', '10.72.1.189:7800', hops=0)
    bridge = type(wire)('service-address-same-node/bridge')
    for at, again in ((0.0, False), (1.03, True), (3.05, True)):
        a.client.syn(at, again=again)
        if at:
            a.client.id -= 1
        bridged = len(wire.frames)
        a.client.send(at + 0.000164, 2, on=pod, again=True)     # only the bridge has this one: translated, the same packet
        a.server.send(at + 0.000237, 18, on=pod, again=again)
        a.client.rst(at + 0.000303, number=a.client.next, on=pod)
        bridge.frames += wire.frames[bridged - 1:]
        del wire.frames[bridged]
    return {'client.pcap': wire, 'bridge.pcap': bridge}
