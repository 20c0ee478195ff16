"""One client, one target, a load balancer with an address in each of two zones; the client's port is the same for both."""


def captures(wire):
    a = wire.connection('10.31.4.20:44012', '10.31.8.11:443', stack='target')
    b = wire.connection('10.31.4.20:44012', '10.31.9.11:443', stack='target')
    a.open(0.0)
    a.ask(0.01)
    b.client.syn(2.0)
    a.server.ack(2.0005, on=b)              # the target has a socket for this four-tuple
    a.client.rst(2.00052, on=b)             # the client knows nothing of that number, and ends A at the target
    b.client.syn(3.0, again=True)           # one second: the time limit of the program
    b.server.send(3.0005, 18)
    b.client.ack(3.00051)
    b.ask(3.01)
    a.client.data(5.0, 50, lost=True)       # A's client still believes in it
    b.server.ack(5.0005)
    for at in (5.2, 5.6, 6.4):
        a.client.data(at, 50, again=True, lost=True)
        b.server.ack(at + 0.0005)
    return {'client.pcap': wire}
