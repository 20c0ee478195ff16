"""A capture that was started when the trouble was noticed: a question again and again, a RST each time from another address."""


def captures(wire):
    a = wire.connection('10.112.8.41:61902', '10.112.61.163:3269')
    b = wire.connection('10.112.8.41:61902', '10.141.16.0:3306', hops=5)
    a.client.received, a.client.echo = a.server.next, a.server.clock
    a.client.data(0.0, 37, lost=True)
    a.server.next = a.client.received
    b.server.rst(0.0002, number=a.client.received)
    for at in (0.206, 0.414, 0.846, 1.678, 3.346, 6.734):
        a.client.data(at, 37, again=True, lost=True)
        b.server.rst(at + 0.0002, number=a.client.received)
    return {'client.pcap': wire}
