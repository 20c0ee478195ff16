"""Imperfect paths: loss, jitter, reordering, offload, bulk data. Each with the crossing and without it."""
import contextlib
import threading
import time

from ..client import PORT, direct, through_vip
from . import scenario

INCIDENT = 'challenge-or-timewait-ack client-rst-to-crossed stateless-rst'
LIVE = 'challenge-or-timewait-ack crossed-data live-rst'

LOSS = dict(loss=20, delay=2000)
JITTER = dict(delay=1000, jitter=6000)
REORDER = dict(reorder=80, delay=500)


def _bulk_beside(cell, d, v, count):
    """Bulk data on V while D asks."""
    worker = threading.Thread(target=lambda: v.bulk(count))
    worker.start()
    time.sleep(0.01)
    d.send('asked on the direct conversation')
    worker.join()


@scenario('crossing_loss', 'stateless-rst', **LOSS)
@scenario('crossing_jitter', INCIDENT, **JITTER)
@scenario('crossing_reorder', INCIDENT, **REORDER)
@scenario('crossing_offload', INCIDENT, offload=True)
@scenario('crossing_bulk', INCIDENT)
def crossing_bulk(cell):
    """The incident among bulk transfers: D has moved data, V moves data while D asks, then V is closed."""
    d = direct(cell)
    d.bulk(300000)
    time.sleep(0.2)
    v = through_vip(cell)
    _bulk_beside(cell, d, v, 400000)
    v.echo()
    v.close()
    time.sleep(2.5)


@scenario('upload_offload', INCIDENT, offload=True)
@scenario('upload_bulk', INCIDENT)
def upload_bulk(cell):
    """D sends several segments at once after V has taken the key over, and again after V is closed."""
    d = direct(cell)
    d.echo()
    time.sleep(0.2)
    v = through_vip(cell)
    v.echo()
    d.send('x' * 9000)
    time.sleep(1.0)
    v.echo()
    v.close()
    time.sleep(2.2)


@scenario('live_bulk', LIVE)
def live_bulk(cell):
    """The client's RST is dropped: D's socket lives and its bulk data crosses to V's conversation."""
    d = direct(cell)
    d.echo()
    time.sleep(0.2)
    cell.router.command('drop-rst on')
    v = through_vip(cell, wait=False)
    time.sleep(0.2)
    d.send('bulk 20000')
    time.sleep(1.0)
    cell.server.command('abort')
    v.established(2)
    time.sleep(0.2)
    v.close()
    time.sleep(0.5)
    cell.router.command('drop-rst off')


@scenario('lvs_then_direct_jitter', 'challenge-or-timewait-ack', policy='last-syn', **JITTER)
@scenario('lvs_then_direct_loss', 'challenge-or-timewait-ack', policy='last-syn', **LOSS)
def lvs_then_direct_bad_path(cell):
    """V first, D second with the mapping moving to D, on a bad path."""
    v = through_vip(cell)
    v.bulk(50000)
    time.sleep(0.2)
    d = direct(cell, wait=False)
    if d.established(3):
        d.send('direct')
    time.sleep(0.3)
    v.send('who answers this?')
    time.sleep(2.5)


@scenario('healthy_loss', **LOSS)
@scenario('healthy_jitter', **JITTER)
@scenario('healthy_reorder', **REORDER)
@scenario('healthy_offload', offload=True)
def healthy(cell):
    """Control: bulk data both ways on different ports, aborts and clean closes; no shared key."""
    for i in range(3):
        d = direct(cell, local_port=PORT + 2 * i)
        v = through_vip(cell, local_port=PORT + 2 * i + 1)
        d.bulk(150000)
        v.bulk(150000)
        d.send('y' * 30000)
        v.send('y' * 30000)
        for c in (d, v):
            c.drain()
            if i == 1:
                with contextlib.suppress(OSError):
                    c.abort()
            else:
                c.close()
    time.sleep(0.5)
