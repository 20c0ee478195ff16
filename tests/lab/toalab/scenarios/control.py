"""Negative controls: everything works as TCP says, or breaks as TCP says. Nothing here is crosstalk."""
import contextlib
import socket
import time

from .. import netns
from ..cell import CLIENT, CLIENT_B
from ..client import PORT, Connection, Mysql, direct, through_vip
from ..cell import RS, RS2, RPORT, VIP
from . import scenario


@scenario('different_ports', server='mysql')
def different_ports(cell):
    """D and V at the same time from two ports, as it should be."""
    d = Mysql(direct(cell))
    d.query('select @@version_comment')
    v = Mysql(through_vip(cell, local_port=PORT + 1))
    for _ in range(3):
        d.query('select 1')
        v.query('select 2')
    v.quit()
    d.query('select 3')
    d.quit()
    time.sleep(0.3)


@scenario('nat64_dpvs', policy='none', place='dpvs', toa='254/20', nat64=True)
def nat64(cell):
    """IPv6 client and VIP, IPv4 behind the load balancer: the client's IPv6 address in an IPv4 segment."""
    v = through_vip(cell, v6=True)
    v.echo()
    v.echo('again')
    d = Connection(cell, RS, RPORT)
    d.echo('IPv4 from the same port')
    v.echo('still well')
    v.close()
    d.close()
    time.sleep(0.3)


@scenario('ordinary_resets')
def ordinary_resets(cell):
    """RSTs as they ought to be: both sides abort, unread data at close, a segment for a closed socket, refused."""
    ports = iter(range(PORT, PORT + 20))
    first = [direct(cell, local_port=next(ports)), through_vip(cell, local_port=next(ports))]
    for c in first:
        c.echo()
    cell.server.command('abort')
    time.sleep(0.1)
    for connect in (direct, through_vip):
        c = connect(cell, local_port=next(ports))
        c.echo()
        c.abort()
        c = connect(cell, local_port=next(ports))
        c.send('the answer is not read')
        time.sleep(0.05)
        c.close()
        c = connect(cell, local_port=next(ports))
        c.echo()
        cell.server.command('finish')
        time.sleep(0.05)
        with contextlib.suppress(OSError):
            c.send('to a closed socket')
            time.sleep(0.05)
            c.send('and once more')
        c.close()
    _refused(cell, next(ports))
    time.sleep(0.3)


def _refused(cell, port):
    with contextlib.suppress(ConnectionRefusedError):
        Connection(cell, RS, 9999, local_port=port)


@scenario('refused')
def refused(cell):
    """Connection refused: directly, and through the VIP after the server has gone."""
    _refused(cell, PORT)
    direct(cell, local_port=PORT + 1).echo()
    cell.server.stop()
    for connect in (direct, through_vip):
        with contextlib.suppress(ConnectionRefusedError):
            connect(cell, local_port=PORT + 2)
    time.sleep(0.3)


@scenario('lvs_expire_rst')
def lvs_expire_rst(cell):
    """The load balancer gives sessions up and resets both sides: other TTL, other IP-ID, the right numbers."""
    for i in range(2):
        through_vip(cell, local_port=PORT + i).echo()
    time.sleep(0.2)
    cell.lvs.command('expire')
    time.sleep(0.3)


@scenario('two_servers', rs2=True)
def two_servers(cell):
    """One client port to two real servers, directly and through two VIP ports: two keys, no collision."""
    flows = [Connection(cell, RS, RPORT), Connection(cell, VIP, 3308)]
    for c in flows:
        c.echo()
    for c in flows:
        c.echo('again')
        c.close()
    time.sleep(0.2)
    c = Connection(cell, RS2, RPORT, local_port=PORT + 1)
    d = Connection(cell, VIP, 3306, local_port=PORT + 1)
    c.echo()
    d.echo()
    cell.server2.command('abort')
    d.echo('again')
    d.abort()
    time.sleep(0.3)


@scenario('exid_ports')
def exid_ports(cell):
    """Client ports that read as the identifier of an experimental TCP option (Fast Open, AccECN, HOST_ID)."""
    for port in (63881, 44238, 840, 17742):
        v = through_vip(cell, local_port=port)
        v.echo()
        v.close()
    time.sleep(0.3)


@scenario('healthy_mix')
def healthy_mix(cell):
    """Thirty flows with data both ways and closes in every order; then V on ports that D has closed cleanly."""
    for first_direct, first_vip in ((30000, 31000), (32000, 30000)):
        flows = [direct(cell, local_port=first_direct + i) for i in range(15)]
        flows += [through_vip(cell, local_port=first_vip + i) for i in range(15)]
        for i, c in enumerate(flows):
            c.echo('x' * (1 + 40 * i))
            if i % 4 == 3:
                c.bulk(20000)
        for i, c in enumerate(flows):
            if i % 5 == 4:
                c.shutdown()
                time.sleep(0.01)
            c.close()
        time.sleep(0.3)


@scenario('lvs_uses_client_port', ports='61902,10')
def lvs_uses_client_port(cell):
    """The load balancer's local port is, by chance, the client's: V and a second client's D, both on 61902."""
    v = through_vip(cell)
    v.echo()
    d = direct(cell, address=CLIENT_B)
    d.echo()
    v.abort()
    d.echo('again')
    cell.server.command('abort')
    time.sleep(0.2)


@scenario('two_clients_one_port')
def two_clients_one_port(cell):
    """Two clients with one port number: one goes directly, the other through the VIP; their keys differ."""
    d = direct(cell, address=CLIENT_B)
    d.echo('direct')
    v = through_vip(cell)
    v.echo()
    for i in range(3):
        d.echo(f'direct {i}')
        v.echo(f'through the VIP {i}')
    v.close()
    d.echo('direct to the end')
    d.abort()
    time.sleep(0.3)


@scenario('zero_window', client_sysctl={'ipv4.tcp_rmem': '4096 16384 32768'})
def zero_window(cell):
    """Clients that do not read for a while: the server's window probes, D and V on different ports."""
    flows = [direct(cell), through_vip(cell, local_port=PORT + 1)]
    for c in flows:
        c.send('bulk 300000')
    time.sleep(1.5)
    for c in flows:
        c.drain(0.5)
        c.close()
    time.sleep(0.3)


@scenario('self_connect', loopback=True)
def self_connect(cell):
    """A connection to oneself on lo: both directions are one endpoint."""
    for port, end in ((PORT, 'close'), (PORT + 1, 'abort')):
        c = Connection(cell, CLIENT, port, local_port=port)
        c.send('to myself')
        c.receive(9)
        getattr(c, end)()
        time.sleep(0.1)
    with netns.inside(cell.ns('C')):
        server = socket.create_server((CLIENT, 5000))
    cell.sockets.append(server)
    c = Connection(cell, CLIENT, 5000, local_port=5001)
    server.accept()[0].close()
    c.close()
    time.sleep(0.2)
