"""Another node gets the packets of an open connection and picks another pod; that one's RST leaves with its own address."""


def captures(wire):
    a = wire.connection('192.0.2.77:40222', '198.51.100.80:80')
    pod = wire.connection('192.0.2.77:40222', '10.61.3.9:8080')
    a.open(0.0, 0.004)
    for at in (0.1, 0.2, 0.3, 0.4):
        a.ask(at, rtt=0.004)
    a.client.data(5.0, 120, lost=True)
    a.server.rst(5.004, number=a.client.received, on=pod)
    for at in (5.2, 5.6, 6.4, 8.0):
        a.client.data(at, 120, again=True, lost=True)
        a.server.rst(at + 0.004, number=a.client.received, on=pod)
    return {'client.pcap': wire}
