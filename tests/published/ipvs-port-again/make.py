"""A client uses a port again through IPVS: its first SYN finds the old entry and is dropped, the one a second later is answered.
Slow, and no crossing."""


def captures(wire):
    a = wire.connection('10.20.0.9:51000', '10.96.8.8:80', stack='pod')
    b = wire.connection('10.20.0.9:51000', '10.96.8.8:80', stack='other pod')
    a.open(0.0)
    a.ask(0.01)
    a.close(0.2)
    b.client.syn(30.0)
    b.client.syn(31.01, again=True)
    b.server.send(31.0105, 18)
    b.client.ack(31.01051)
    b.ask(31.02)
    b.close(31.3)
    return {'client.pcap': wire}
