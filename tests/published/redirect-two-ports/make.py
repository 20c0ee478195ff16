"""A gateway with one source port to two ports of one pod, whose sidecar takes all of its ports in at one of its own."""


def captures(wire):
    a = wire.connection('10.61.0.45:15058', '10.61.0.38:8002', stack='sidecar')
    b = wire.connection('10.61.0.45:15058', '10.61.0.38:8001', stack='sidecar')
    a.open(0.0, 0.0002)
    a.ask(0.001, rtt=0.0002)
    b.client.syn(20.0)
    a.server.ack(20.0002)                   # to the sidecar's socket it is one more SYN of A: an ACK, from A's port
    for at in (21.0, 23.0, 27.0):
        b.client.syn(at, again=True)
        a.server.ack(at + 0.0002)
    return {'gateway.pcap': wire}
