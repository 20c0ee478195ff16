"""Two conversations with one key, both alive: the crossing and its variants. D: direct, V: through the VIP."""
import time

from ..client import Mysql, direct, through_vip
from . import scenario

INCIDENT = 'challenge-or-timewait-ack client-rst-to-crossed stateless-rst'
CHALLENGE = 'challenge-or-timewait-ack client-rst-to-crossed'
STICKY = 'challenge-or-timewait-ack client-rst-to-crossed dup-ack'
REPEATED = 'dup-ack'

RETRIES = 3.2    # seconds in which an unanswered segment is sent five times


@scenario('incident_mysql', INCIDENT, server='mysql')
def incident_mysql(cell):
    """The incident: MariaDB, D then V from one local port, V closed by the client, then a query on D: only RSTs."""
    d = Mysql(direct(cell))
    d.query('select @@version_comment')
    time.sleep(0.3)
    v = Mysql(through_vip(cell))
    v.query('select 1')
    time.sleep(0.1)
    v.c.close()
    time.sleep(0.3)
    d.ask("select 'asked on the direct conversation'")
    time.sleep(7)


def _crossed_then_closed(cell, v6=False, seconds=RETRIES):
    d = direct(cell, v6)
    d.echo('direct 1')
    d.echo('direct 2')
    time.sleep(0.2)
    v = through_vip(cell, v6)
    v.echo()
    v.close()
    time.sleep(0.3)
    d.send('direct 3, which nobody answers')
    time.sleep(seconds)


@scenario('incident_nop', INCIDENT, option='nop')
@scenario('incident_kind200', INCIDENT, toa='200/8')
@scenario('incident_no_delta', INCIDENT, delta=False, keep_timestamps=True)
@scenario('incident_syn_proxy', INCIDENT, server_shift=0x3c5a9617)
@scenario('incident_renewed_session', INCIDENT, renew=True)
@scenario('incident_no_sack', INCIDENT, client_sysctl={'ipv4.tcp_sack': 0}, rs_sysctl={'ipv4.tcp_sack': 0})
@scenario('incident_no_timestamps', INCIDENT, client_sysctl={'ipv4.tcp_timestamps': 0})
@scenario('incident_syn_cookies', INCIDENT, rs_sysctl={'ipv4.tcp_syncookies': 2})
@scenario('incident_ecn', INCIDENT, client_sysctl={'ipv4.tcp_ecn': 1}, rs_sysctl={'ipv4.tcp_ecn': 1})
@scenario('incident_numbered_resets', INCIDENT, number_resets=True)
@scenario('incident_last_syn', INCIDENT, policy='last-syn')
@scenario('incident_last_packet', CHALLENGE, policy='last-packet')
@scenario('incident_echo', INCIDENT)
def incident_echo(cell):
    """The incident with an echo server: D, then V from the same port, V closed, D sends."""
    _crossed_then_closed(cell)


@scenario('incident_v6', INCIDENT, toa='253/20')
@scenario('incident_v6_kind254', INCIDENT, toa='254/20')
def incident_v6(cell):
    """The incident over IPv6: no IP-ID, TOA of 20 bytes."""
    _crossed_then_closed(cell, v6=True)


@scenario('sticky_mysql', STICKY, server='mysql')
def sticky_mysql(cell):
    """V stays open while D asks: duplicate ACKs with D's range as D-SACK, no RST; then V quits, TIME_WAIT answers."""
    d = Mysql(direct(cell))
    d.query('select @@version_comment')
    time.sleep(0.3)
    v = Mysql(through_vip(cell))
    time.sleep(0.2)
    v.query('select 1')
    d.ask("select 'never answered'")
    time.sleep(1.0)
    v.query('select 2')
    time.sleep(2.0)
    v.quit()
    time.sleep(4.0)


def _sticky(cell, v6=False):
    d = direct(cell, v6)
    d.echo('direct 1')
    time.sleep(0.2)
    v = through_vip(cell, v6)
    v.echo()
    time.sleep(0.1)
    d.send('direct 2')
    for _ in range(3):
        time.sleep(0.7)
        v.echo('still well')
    v.close()
    time.sleep(0.2)


@scenario('sticky_echo_no_sack', STICKY, client_sysctl={'ipv4.tcp_sack': 0}, rs_sysctl={'ipv4.tcp_sack': 0})
@scenario('sticky_echo_syn_proxy', STICKY, server_shift=0xc0ffee01)
@scenario('sticky_echo_keep_timestamps', CHALLENGE, delta=False, keep_timestamps=True)
@scenario('sticky_echo', STICKY)
def sticky_echo(cell):
    """V stays open and works; D's request is answered with V's duplicate ACKs."""
    _sticky(cell)


@scenario('sticky_v6', STICKY, toa='253/20')
def sticky_v6(cell):
    """The same over IPv6."""
    _sticky(cell, v6=True)


@scenario('direct_keepalive', INCIDENT + ' dup-ack')
def direct_keepalive(cell):
    """D is an idle pooled connection that only sends keep-alive probes; V comes and goes."""
    d = direct(cell)
    d.echo()
    d.keepalive(idle=1, interval=1)
    time.sleep(0.3)
    v = through_vip(cell)
    v.echo()
    time.sleep(2.5)
    v.close()
    time.sleep(2.5)


@scenario('direct_closes', INCIDENT + ' dup-ack')
def direct_closes(cell):
    """D is closed by its client while V lives: D's FIN and its repetitions are answered on V."""
    d = direct(cell)
    d.echo()
    time.sleep(0.2)
    v = through_vip(cell)
    v.echo()
    d.close()
    time.sleep(1.5)
    v.echo()
    v.close()
    time.sleep(1.5)


@scenario('direct_aborts', CHALLENGE)
def direct_aborts(cell):
    """D is aborted by its client while V lives: D's RST reaches V's socket."""
    d = direct(cell)
    d.echo()
    time.sleep(0.2)
    v = through_vip(cell)
    v.echo()
    d.abort()
    time.sleep(0.5)
    v.echo('still alive')
    v.close()
    time.sleep(0.3)


@scenario('lvs_then_direct_mysql', REPEATED, server='mysql')
def lvs_then_direct_mysql(cell):
    """V first, D second, the mapping sticks: D's SYNs are answered on V, D never gets anywhere."""
    v = Mysql(through_vip(cell))
    v.query('select 1')
    time.sleep(0.3)
    direct(cell, wait=False)
    time.sleep(3.2)
    v.query('select 2')
    v.quit()
    time.sleep(0.5)


def _lvs_then_direct(cell, v6=False):
    v = through_vip(cell, v6)
    v.echo('through the VIP')
    time.sleep(0.3)
    d = direct(cell, v6, wait=False)
    if d.established(2.5):
        d.send('direct')
    time.sleep(0.3)
    v.send('who answers this?')
    time.sleep(2.0)


@scenario('lvs_then_direct_last_syn', CHALLENGE + ' dup-ack', policy='last-syn')
@scenario('lvs_then_direct_last_packet', CHALLENGE, policy='last-packet')
@scenario('lvs_then_direct', REPEATED)
def lvs_then_direct(cell):
    """V first, D second. When the mapping moves to D, V is the victim."""
    _lvs_then_direct(cell)


@scenario('lvs_then_direct_v6', CHALLENGE, policy='last-syn', toa='253/20')
def lvs_then_direct_v6(cell):
    """The same over IPv6, V is the victim."""
    _lvs_then_direct(cell, v6=True)


@scenario('three_conversations', INCIDENT)
def three_conversations(cell):
    """Three conversations with one key: D, and two VIP ports that lead to the same real server."""
    d = direct(cell)
    d.echo('direct')
    time.sleep(0.2)
    v = through_vip(cell)
    v.echo('first VIP port')
    time.sleep(0.2)
    w = through_vip(cell, vport=3307)
    w.echo('second VIP port')
    time.sleep(0.2)
    v.send('asked on the first')
    time.sleep(0.9)
    d.send('asked on the direct')
    time.sleep(0.9)
    w.close()
    time.sleep(2.0)


@scenario('late_capture', INCIDENT)
def late_capture(cell):
    """The captures begin when both conversations are there already: no SYN, no TOA on V."""
    d = direct(cell)
    d.echo('direct')
    time.sleep(0.2)
    v = through_vip(cell)
    v.echo('before')
    cell.cut_here()
    v.echo('after')
    v.echo('once more')
    v.close()
    time.sleep(0.2)
    d.send('nobody answers')
    time.sleep(2.0)


@scenario('late_capture_sticky', STICKY)
def late_capture_sticky(cell):
    """The same while V stays open."""
    d = direct(cell)
    d.echo('direct')
    time.sleep(0.2)
    v = through_vip(cell)
    v.echo('before')
    cell.cut_here()
    v.echo('after')
    d.send('nobody answers')
    time.sleep(1.0)
    v.echo('still well')
    time.sleep(1.0)
    v.close()
    time.sleep(0.3)


@scenario('two_vip_ports', INCIDENT)
def two_vip_ports(cell):
    """No direct conversation at all: two VIP ports, one client port, one real server."""
    v = through_vip(cell)
    v.echo('first VIP port')
    time.sleep(0.2)
    w = through_vip(cell, vport=3307)
    w.echo('second VIP port')
    w.close()
    time.sleep(0.3)
    v.send('asked on the first')
    time.sleep(2.0)


@scenario('repeated_incident', INCIDENT)
def repeated_incident(cell):
    """The crossing twice on one pair of tuples: V comes and is aborted, twice; D asks after each."""
    d = direct(cell)
    d.echo('direct')
    for wait in (0.9, 2.0):
        time.sleep(0.2)
        v = through_vip(cell)
        v.echo()
        v.abort()
        time.sleep(0.3)
        d.send('nobody answers')
        time.sleep(wait)


@scenario('many_flows', INCIDENT)
def many_flows(cell):
    """Forty flows, direct and through the VIP, with closes and aborts; two of them share a port."""
    flows = []
    for i in range(40):
        connect = through_vip if i % 2 else direct
        flows.append(connect(cell, local_port=20000 + i))
        flows[-1].echo(f'flow {i}')
    d = direct(cell)
    d.echo('direct')
    v = through_vip(cell)
    v.echo()
    for i, flow in enumerate(flows):
        flow.echo('again')
        if i % 3 == 0:
            flow.abort()
        elif i % 3 == 1:
            flow.close()
    v.close()
    time.sleep(0.2)
    d.send('nobody answers')
    for flow in flows[2::3]:
        flow.echo('once more')
        flow.close()
    time.sleep(2.0)


@scenario('pool_churn', INCIDENT)
def pool_churn(cell):
    """A pool of ten direct connections, and short ones through the VIP whose ports run over those of the pool."""
    pool = [direct(cell, local_port=40000 + 4 * i) for i in range(10)]
    for d in pool:
        d.echo('pool')
    for port in range(40000, 40040):
        v = through_vip(cell, local_port=port)
        v.echo('short')
        v.close()
    time.sleep(0.3)
    for d in pool:
        d.send('nobody answers')
        time.sleep(0.02)
    time.sleep(1.2)
