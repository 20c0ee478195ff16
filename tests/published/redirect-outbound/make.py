"""A program connects to two addresses from one source port; its sidecar takes both in at one address of its own."""


def captures(wire):
    a = wire.connection('10.62.94.54:51052', '10.62.234.18:10006', hops=0, stack='sidecar')
    b = wire.connection('10.62.94.54:51052', '10.62.235.7:10006', hops=0, stack='sidecar')
    a.open(0.0, 0.00003)
    a.ask(0.2, rtt=0.00003)
    b.client.syn(30.0)
    a.server.ack(30.00003, on=b)            # an ACK where a SYN-ACK should be
    a.client.rst(30.00004, on=b)
    b.client.syn(31.01, again=True)         # the delay of one second
    b.server.send(31.01003, 18)
    b.client.ack(31.01005)
    b.ask(31.02, rtt=0.00003)
    return {'pod.pcap': wire}
