"""All clients of a site behind one address, at a target of a load balancer that keeps it: a port that is still in use comes once more."""


def captures(wire):
    a = wire.connection('203.0.113.60:40210', '10.64.20.5:443', hops=12, stack='target')
    b = wire.connection('203.0.113.60:40210', '10.64.20.5:443', hops=12, stack='target')
    a.open(0.0, 0.00004)
    a.ask(0.05, rtt=0.00004)
    b.client.syn(12.0)
    a.server.ack(12.00004, on=b)
    a.client.rst(12.03, on=b)
    b.client.syn(15.0, again=True)
    b.server.send(15.00004, 18)
    b.client.ack(15.03)
    b.ask(15.04, rtt=0.00004)
    return {'target.pcap': wire}
