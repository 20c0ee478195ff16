"""Direct server return: SYN-ACKs that leave with the pod's address and port, each refused by the client, until it gives up."""


def captures(wire):
    a = wire.connection('10.50.35.103:55408', '10.50.94.171:443')
    pod = wire.connection('10.50.35.103:55408', '10.51.134.238:8443')
    a.client.syn(0.0)
    a.server.send(0.0006, 18, on=pod)
    a.client.rst(0.00062, number=a.client.next, on=pod)
    for at in (1.02, 3.04, 7.2):
        a.client.syn(at, again=True)
        a.server.send(at + 0.0006, 18, on=pod, again=True)
        a.client.rst(at + 0.00062, number=a.client.next, on=pod)
    return {'client.pcap': wire}
