"""D's socket lives on the real server while V is dialled: what it sends crosses to V. D: direct, V: through the VIP."""
import time

from ..client import direct, through_vip
from . import scenario

LIVE = 'challenge-or-timewait-ack crossed-ack crossed-data live-rst'
LIVE_DATA = 'challenge-or-timewait-ack crossed-data'


@scenario('live_abort', LIVE)
def live_abort(cell):
    """A firewall drops the client's RST, so D's socket lives on and its answers cross to V; then the server aborts."""
    d = direct(cell)
    d.echo('direct 1')
    d.echo('direct 2')
    time.sleep(0.2)
    cell.router.command('drop-rst on')
    v = through_vip(cell, wait=False)
    time.sleep(0.4)
    d.send('direct 3')
    time.sleep(1.2)
    cell.server.command('abort')
    v.established(3)
    time.sleep(0.3)
    v.close()
    time.sleep(1.0)
    cell.server.command('abort')
    cell.router.command('drop-rst off')
    time.sleep(0.3)


@scenario('live_finish', LIVE_DATA)
def live_finish(cell):
    """The same, but the server closes an idle D: its FIN crosses to V, again and again, until a RST gets through."""
    d = direct(cell)
    d.echo('direct')
    time.sleep(0.2)
    cell.router.command('drop-rst on')
    v = through_vip(cell, wait=False)
    time.sleep(0.2)
    cell.server.command('finish')
    time.sleep(1.5)
    cell.router.command('drop-rst off')
    if v.established(3):
        v.echo('at last')
        v.close()
    time.sleep(0.3)


@scenario('live_retransmission', LIVE_DATA)
def live_retransmission(cell):
    """D's last answer has arrived, its acknowledgement was lost, and D's socket lives: the repetitions cross to V."""
    d = direct(cell)
    d.echo('direct 1')
    time.sleep(0.1)
    cell.router.command('drop-ack on')
    d.echo('direct 2')
    time.sleep(0.06)
    cell.router.command('drop-ack off')
    cell.router.command('drop-rst on')
    v = through_vip(cell, wait=False)
    time.sleep(1.2)
    cell.server.command('abort')
    cell.router.command('drop-rst off')
    if v.established(3):
        v.echo('at last')
        v.close()
    time.sleep(0.3)


@scenario('lost_challenge', 'crossed-data client-rst-to-crossed', delay=3000)
def lost_challenge(cell):
    """The same, but the challenge ACK is lost on its way: a repetition of D's data is the first that crosses to V."""
    d = direct(cell)
    d.echo('direct 1')
    time.sleep(0.1)
    cell.router.command('drop-ack on')
    d.echo('direct 2')
    time.sleep(0.06)
    v = through_vip(cell, wait=False)
    time.sleep(0.3)
    cell.router.command('drop-ack off')
    if v.established(3):
        v.echo('at last')
        v.close()
    time.sleep(0.3)
    d.send('nobody answers')
    time.sleep(1.0)
