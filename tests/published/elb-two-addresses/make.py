"""One client with a fixed source port, two load balancers that keep it, one server: the second connection never comes up."""


def captures(wire):
    a = wire.connection('192.0.2.40:1100', '198.51.100.12:80', stack='server')
    b = wire.connection('192.0.2.40:1100', '198.51.100.13:80', stack='server')
    a.open(0.0)
    a.ask(0.01)
    for at, again in ((2.0, False), (3.0, True), (5.0, True), (9.0, True)):
        b.client.syn(at, again=again)
        a.server.ack(at + 0.0005, on=b)
        a.client.rst(at + 0.00052, on=b)    # does not reach the server: A goes on
        a.ask(at + 0.5)
    return {'client.pcap': wire}
