"""A connection through one address ends, its FIN does not reach the pod's node; the next one from that port goes to another
address of the service, and is answered from the first."""


def captures(wire):
    a = wire.connection('10.60.1.15:47210', '10.60.100.1:80')
    b = wire.connection('10.60.1.15:47210', '10.60.100.2:80')
    a.open(0.0)
    a.ask(0.01)
    a.client.fin(1.0, lost=True)
    a.client.rst(1.2)                        # the program ends; lost behind the capture, too
    b.client.syn(30.0)
    b.server.send(30.0005, 18, on=a)         # the node still translates this client and port to the first address
    b.client.rst(30.00052, number=b.client.next, on=a)
    for at in (31.0, 33.0):
        b.client.syn(at, again=True)
        b.server.send(at + 0.0005, 18, on=a, again=True)
        b.client.rst(at + 0.00052, number=b.client.next, on=a)
    return {'client.pcap': wire}
