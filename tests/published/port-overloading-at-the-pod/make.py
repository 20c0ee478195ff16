"""Two clients behind one address translator that gives both the same port, as they go to different addresses; at the pod, where
both addresses lead, they are one four-tuple."""


def captures(wire):
    a = wire.connection('198.51.100.77:33890', '10.78.1.10:443', stack='pod')
    b = wire.connection('198.51.100.77:33890', '10.78.1.10:443', stack='pod')
    a.open(0.0, 0.00005)
    a.ask(0.01, rtt=0.00005)
    b.client.syn(3.0)
    a.server.ack(3.00005, on=b)
    a.client.rst(3.021, on=b)
    b.client.syn(4.02, again=True)
    b.server.send(4.02005, 18)
    b.client.ack(4.04)
    b.ask(4.05, rtt=0.00005)
    a.client.data(6.0, 70, lost=True)
    b.server.ack(6.00005)
    for at in (6.25, 6.75, 7.7):
        a.client.data(at, 70, again=True, lost=True)
        b.server.ack(at + 0.00005)
    b.ask(9.0, rtt=0.00005)
    return {'pod.pcap': wire}
