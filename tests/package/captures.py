# SPDX-License-Identifier: GPL-2.0-or-later
"""A small capture with what the sample captures do not show: findings that need other histories than the incident's.

Link type RAW, addresses of the documentation range, checksums 0, fixed times: the same bytes each time. A
client's initial sequence numbers are far from each other: near ones are a NAT's two sides to the plugin.
"""
import socket
import struct

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
SERVER = ('192.0.2.80', 3269)
BALANCER = '192.0.2.7'


def toa(endpoint):
    """Kind 254, length 8: port, then address."""
    return struct.pack('!BBH4s', 254, 8, endpoint[1], socket.inet_aton(endpoint[0]))


def dsack(low, high):
    return b'\x01\x01' + struct.pack('!BBII', 5, 10, low, high)


def tcp(source, destination, flags, seq, ack=0, length=0, options=b''):
    words = 5 + (len(options) + 3) // 4
    head = struct.pack('!HHIIBBHHH', source[1], destination[1], seq, ack, words << 4, flags, 65000, 0, 0)
    options = options.ljust((words - 5) * 4, b'\0')
    return ipv4(source[0], destination[0], socket.IPPROTO_TCP, head + options + b'q' * length)


def ipv4(source, destination, protocol, payload):
    return struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(payload), 0, 0x4000, 64, protocol, 0,
                       socket.inet_aton(source), socket.inet_aton(destination)) + payload


def unreachable(quoted):
    """ICMP: host unreachable, about the packet quoted."""
    return ipv4(SERVER[0], socket.inet_ntoa(quoted[12:16]), socket.IPPROTO_ICMP,
                struct.pack('!BBHI', 3, 1, 0, 0) + quoted[:40])


def handshake(client, server, isn, server_isn, options=b''):
    return [tcp(client, server, SYN, isn, options=options),
            tcp(server, client, SYN | ACK, server_isn, isn + 1),
            tcp(client, server, ACK, isn + 1, server_isn + 1, options=options)]


def close(client, server, seq, ack):
    return [tcp(client, server, FIN | ACK, seq, ack), tcp(server, client, FIN | ACK, ack, seq + 1),
            tcp(client, server, ACK, seq + 1, ack + 1)]


def crossing(client):
    """A direct conversation and one through the balancer, both open. The server answers the direct one's repeated query
    on the balancer's: twice with the direct one's numbers, then with a D-SACK of the query's range."""
    balanced = (BALANCER, 17001)
    query = tcp(client, SERVER, PSH | ACK, 5001, 70001, 40)
    answer = tcp(SERVER, balanced, PSH | ACK, 70001, 5041, 30)
    return [*handshake(client, SERVER, 5000, 70000), query, tcp(SERVER, client, ACK, 70001, 5041),
            *handshake(balanced, SERVER, 900000000, 3000000, toa(client)),
            query, answer, query, answer,
            query, tcp(SERVER, balanced, ACK, 3000001, 900000001, options=dsack(5001, 5041)), unreachable(query)]


def reuse(client):
    """The direct conversation has closed before the balanced one with the same client begins."""
    balanced = (BALANCER, 17002)
    return [*handshake(client, SERVER, 10000, 20000), *close(client, SERVER, 10001, 20001),
            *handshake(balanced, SERVER, 400000000, 900000, toa(client))]


def stale(client):
    """The client has gone without a word and comes back: the session of its former self answers."""
    return [*handshake(client, SERVER, 10000, 20000), tcp(client, SERVER, PSH | ACK, 10001, 20001, 50),
            tcp(SERVER, client, ACK, 20001, 10051), tcp(client, SERVER, SYN, 777000),
            tcp(SERVER, client, ACK, 20001, 10051)]


def self_connect(endpoint):
    return [tcp(endpoint, endpoint, SYN, 1), tcp(endpoint, endpoint, SYN | ACK, 1, 2),
            tcp(endpoint, endpoint, ACK, 2, 2)]


def write(path):
    packets = [*crossing(('192.0.2.41', 61902)), *reuse(('192.0.2.42', 50000)), *stale(('192.0.2.43', 40000)),
               *self_connect(('192.0.2.44', 45000))]
    with open(path, 'wb') as out:
        out.write(struct.pack('<IHHiIII', 0xa1b23c4d, 2, 4, 0, 0, 65535, 101))
        for number, packet in enumerate(packets):
            out.write(struct.pack('<IIII', 1700000000, number * 10_000_000, len(packet), len(packet)) + packet)
