"""A download from a service; connection tracking finds one packet invalid and does not translate it back: it comes from the pod,
the client's RST goes to the pod, and ends the connection there."""


def captures(wire):
    a = wire.connection('10.69.1.20:38844', '10.96.12.7:80', hops=3)
    pod = wire.connection('10.69.1.20:38844', '10.69.2.31:8080', hops=3)
    a.open(0.0)
    a.client.data(0.0015, 120)
    a.server.ack(0.0025)
    at = 0.0026
    for _ in range(6):
        a.server.data(at, 1400, push=False)
        a.server.data(at + 0.0002, 1400, push=False)
        a.client.ack(at + 0.00025)
        at += 0.0004
    number = a.server.next
    a.server.data(at + 0.001, 1400, push=False, on=pod)
    a.client.rst(at + 0.00102, on=pod)
    a.client.ack(at + 0.2)
    a.server.rst(at + 0.2005, number=number)
    return {'client.pcap': wire}
