"""Two instances with different front ports and one server port behind; the first connection is a bulk transfer that stops."""


def captures(wire):
    a = wire.connection('203.0.113.9:52100', '198.51.100.20:8001', stack='server')
    b = wire.connection('203.0.113.9:52100', '198.51.100.30:8002', stack='server')
    a.open(0.0, 0.02)
    a.ask(0.1, rtt=0.02)
    b.client.syn(4.0)
    a.server.ack(4.02, on=b)
    a.client.rst(4.02002, on=b)
    b.client.syn(5.0, again=True)
    b.server.send(5.02, 18)
    b.client.ack(5.02001)
    b.ask(5.1, rtt=0.02)
    b.close(6.0, 0.02)
    a.client.data(9.0, 700, lost=True)
    a.server.rst(9.02, on=b, number=a.client.received)  # the server has no socket any more: the number is what A's client acknowledged
    for at in (9.3, 9.9, 11.1):
        a.client.data(at, 700, again=True, lost=True)
        a.server.rst(at + 0.02, on=b, number=a.client.received)
    return {'client.pcap': wire}
