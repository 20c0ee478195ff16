"""One key and no crossing: the module on the real server changes getpeername() only, so that both live well.

Whatever happens on such a pair, a loss, an abort, a probe, is each conversation's own affair.
"""
import threading
import time

from ..client import direct, through_vip
from . import scenario

ALI = dict(policy='none')
DPVS = dict(policy='none', place='dpvs')
BAD_PATH = dict(loss=20, delay=1500, jitter=3000, reorder=30)


@scenario('same_port_ali_no_rewrite', **ALI)
@scenario('same_port_dpvs_no_rewrite', **DPVS)
def same_port(cell):
    """D and V from one port, one after the other and mixed."""
    d = direct(cell)
    d.echo('direct')
    v = through_vip(cell)
    v.echo()
    d.echo('direct again')
    v.echo('again')
    v.close()
    d.echo('direct to the end')
    d.close()
    time.sleep(0.3)


@scenario('shared_key_bad_path', **ALI, **BAD_PATH)
@scenario('shared_key_bad_path_dpvs', **DPVS, **BAD_PATH)
@scenario('shared_key_bulk', **ALI)
@scenario('shared_key_offload', offload=True, **ALI)
def shared_key_bulk(cell):
    """Both move data both ways at the same time."""
    def move(c):
        for _ in range(2):
            c.bulk(60000)
            c.send('y' * 20000)
            c.drain()
        for i in range(10):
            c.echo(f'request {i}')

    flows = [direct(cell), through_vip(cell)]
    workers = [threading.Thread(target=move, args=(c,)) for c in flows]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    for c in flows:
        c.close()
    time.sleep(0.5)


@scenario('shared_key_keepalive', **ALI)
def shared_key_keepalive(cell):
    """Both are idle and send keep-alive probes every second."""
    flows = [direct(cell), through_vip(cell)]
    for c in flows:
        c.echo()
        c.keepalive(idle=1, interval=1)
    time.sleep(4.5)
    for c in flows:
        c.echo('still there')
        c.close()
    time.sleep(0.3)


@scenario('shared_key_resets', **ALI)
def shared_key_resets(cell):
    """Aborts by client and server, and D again from the same port, while V lives on."""
    v = through_vip(cell)
    v.echo()
    d = direct(cell)
    d.echo('to be aborted by the client')
    d.abort()
    v.echo('not hurt')
    d = direct(cell)
    d.send('the answer is not read')
    time.sleep(0.1)
    d.close()
    v.echo('not hurt')
    time.sleep(0.1)
    d = direct(cell)
    d.echo('to be aborted by the server, as V')
    cell.server.command('abort')
    time.sleep(0.3)
    v = through_vip(cell)
    v.echo('again')
    v.close()
    time.sleep(0.3)


@scenario('shared_key_zero_window', client_sysctl={'ipv4.tcp_rmem': '4096 16384 32768'}, **ALI)
def shared_key_zero_window(cell):
    """The client reads from neither for a while: window probes on both."""
    flows = [direct(cell), through_vip(cell)]
    for c in flows:
        c.send('bulk 300000')
    time.sleep(1.5)
    for c in flows:
        c.drain(0.5)
        c.close()
    time.sleep(0.3)
