"""A balancer gives a port again while the server still has the old connection: an ACK with old numbers, the RST, and much later a
connection that works. As printed, the old connection itself is not in the capture."""


def captures(wire):
    old = wire.connection('10.92.144.177:35000', '10.92.144.172:80', hops=0)
    lost = wire.connection('10.92.144.177:35000', '10.92.144.172:80', hops=0)
    b = wire.connection('10.92.144.177:35000', '10.92.144.172:80', hops=0)
    old.server.received, old.client.next = old.client.next, old.client.next
    lost.client.syn(0.0)
    old.server.ack(0.00085)
    old.client.rst(0.00194, number=old.server.received)
    b.client.syn(85.07)
    b.server.send(85.0711, 18)
    b.client.ack(85.0728)
    b.ask(91.44)
    b.close(91.8)
    return {'balancer.pcap': wire}
