"""A service with two external addresses: the SYN goes to one, the SYN-ACK comes from the other. The three packets that were printed."""


def captures(wire):
    a = wire.connection('10.44.5.68:54088', '10.44.5.140:80')
    other = wire.connection('10.44.5.68:54088', '10.44.5.141:80')
    a.client.syn(0.0)
    a.server.send(0.000442, 18, on=other)
    a.client.rst(0.000453, on=other)
    return {'client.pcap': wire}
