"""A connection to the service address, then one from the same port to the pod behind it; the node translates all that the pod sends."""


def captures(wire):
    a = wire.connection('10.84.1.77:5566', '10.97.22.180:8080', stack='pod')
    b = wire.connection('10.84.1.77:5566', '10.84.1.79:8080', stack='pod')
    a.open(0.0, 0.0001)
    a.ask(0.5, rtt=0.0001)
    b.client.syn(5.0)
    a.server.ack(5.0001)                    # the pod's answer to B's SYN, translated to the service address: A's own numbers
    for at in (6.0, 8.0, 12.0):
        b.client.syn(at, again=True)
        a.server.ack(at + 0.0001)
    return {'client.pcap': wire}
