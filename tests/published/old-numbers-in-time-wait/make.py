"""A port that a load balancer uses again while the server still remembers the connection before it; no timestamps."""


def captures(wire):
    a = wire.connection('10.63.1.14:1287', '10.63.1.110:38094', stamps=False)
    b = wire.connection('10.63.1.14:1287', '10.63.1.110:38094', stamps=False)
    a.client.syn(0.0)
    a.server.send(0.00056, 18)
    a.client.ack(0.043)
    a.client.data(0.0435, 169)
    a.server.data(0.0467, 30)
    a.client.ack(0.24)
    a.server.data(0.245, 163)
    a.server.fin(0.3)
    a.client.ack(0.3004)
    a.client.fin(0.31)
    a.server.ack(0.3104)
    for at, again in ((39.0, False), (130.0, True)):
        b.client.syn(at, again=again)
        a.server.ack(at + 0.0005, on=b)
    b.client.syn(280.0, again=True)
    b.server.send(280.0005, 18)
    b.client.ack(280.0425)
    return {'server.pcap': wire}
