"""One key, one after the other: port reuse in TIME_WAIT and after it, sessions that the load balancer kept."""
import time

from ..client import PORT, direct, through_vip
from . import scenario

CHALLENGE = 'challenge-or-timewait-ack client-rst-to-crossed'


def _closed_by_server(cell, connect, port, **kwargs):
    """A conversation that the server closes first: TIME_WAIT is on the real server."""
    c = connect(cell, local_port=port, **kwargs)
    c.echo()
    cell.server.command('finish')
    time.sleep(0.05)
    c.close()


@scenario('reuse_time_wait_no_delta', 'any', delta=False, keep_timestamps=True)
@scenario('reuse_time_wait', 'any')
def reuse_time_wait(cell):
    """Four ports: D closed by the server, then V 1.2 s later: TIME_WAIT ACKs, or sockets recycled from TIME_WAIT."""
    for i in range(4):
        _closed_by_server(cell, direct, PORT + i)
    time.sleep(1.2)
    for i in range(4):
        v = through_vip(cell, local_port=PORT + i)
        v.echo()
        v.close()
    time.sleep(0.3)


@scenario('reuse_time_wait_back', 'crossed-synack client-rst-to-crossed')
def reuse_time_wait_back(cell):
    """The other way round: V closed by the server, then D on its key while the mapping still points to the LVS."""
    _closed_by_server(cell, through_vip, PORT)
    time.sleep(1.2)
    direct(cell, wait=False)
    time.sleep(2.0)


@scenario('reuse_client_closed')
def reuse_client_closed(cell):
    """D closed by the client, then V: no TIME_WAIT on the real server, no symptom."""
    d = direct(cell)
    d.echo()
    d.close()
    time.sleep(0.4)
    v = through_vip(cell)
    v.echo()
    v.close()
    time.sleep(0.3)


@scenario('reuse_after_time_wait')
def reuse_after_time_wait(cell):
    """V 65 s after D was closed by the server: TIME_WAIT (60 s) is over, no symptom."""
    _closed_by_server(cell, direct, PORT)
    time.sleep(65)
    v = through_vip(cell)
    v.echo()
    v.close()
    time.sleep(0.3)


@scenario('stale_session_no_rewrite', CHALLENGE, policy='none')
@scenario('stale_session', CHALLENGE)
def stale_session(cell):
    """The client vanishes without a segment and dials again from its old port: the LVS sends it to the old socket."""
    v = through_vip(cell)
    v.echo()
    v.vanish()
    time.sleep(0.5)
    v = through_vip(cell)
    v.echo('again')
    v.close()
    time.sleep(0.3)


@scenario('stale_direct', CHALLENGE)
def stale_direct(cell):
    """The same without any load balancer: a vanished client dials again directly."""
    d = direct(cell)
    d.echo()
    d.vanish()
    time.sleep(0.5)
    d = direct(cell)
    d.echo('again')
    d.close()
    time.sleep(0.3)


@scenario('vanished_direct_then_lvs', CHALLENGE)
def vanished_direct_then_lvs(cell):
    """D's client vanishes, its socket on the real server stays; V meets it."""
    d = direct(cell)
    d.echo()
    d.vanish()
    time.sleep(0.5)
    v = through_vip(cell)
    v.echo()
    cell.server.command('abort')
    time.sleep(0.5)


@scenario('lvs_port_reuse', ports='17001,1')
@scenario('lvs_port_reuse_no_rewrite', ports='17001,1', policy='none')
def lvs_port_reuse(cell):
    """The LVS has one local port only: a second client takes the wire tuple of the first one over."""
    v = through_vip(cell)
    v.echo()
    v.close()
    time.sleep(0.3)
    cell.lvs.command('forget')
    v = through_vip(cell, local_port=PORT + 1)
    v.echo()
    v.close()
    time.sleep(0.3)


@scenario('lvs_failover', CHALLENGE)
def lvs_failover(cell):
    """The load balancer has lost its sessions, the client dials again from its port and gets another local port."""
    v = through_vip(cell)
    v.echo()
    v.vanish()
    cell.lvs.command('forget')
    time.sleep(0.3)
    v = through_vip(cell)
    v.echo('again')
    v.close()
    time.sleep(0.3)
