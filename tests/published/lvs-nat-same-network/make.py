"""Client and real server in one network: the answers do not pass the director, and come from the real server's address."""


def captures(wire):
    a = wire.connection('10.8.0.2:61902', '10.8.0.100:3306', hops=0)
    server = wire.connection('10.8.0.2:61902', '10.8.0.3:3269', hops=0)
    for at, again in ((0.0, False), (1.02, True), (2.04, True), (3.07, True), (5.1, True)):
        a.client.syn(at, again=again)
        a.server.isn = a.server.next = (a.server.next + 15978242) % 2**32   # a new socket each time
        a.server.send(at + 0.00008, 18, on=server)
        a.client.rst(at + 0.00009, number=a.client.next, on=server)
    return {'client.pcap': wire}
