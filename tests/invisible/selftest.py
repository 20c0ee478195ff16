# SPDX-License-Identifier: GPL-2.0-or-later
"""Can the invisibility test fail? Pairs of outputs with one deliberate change
each go through the comparison, which must report every one; and pairs that
differ only by the plugin's own items, which it must not report."""

import copy
import json

import compare

HEAD = ('<?xml version="1.0" encoding="utf-8"?>\n'
        '<pdml version="0" creator="wireshark/4.0.17" time="%s" capture_file="x">\n')

# Two frames as tshark prints them without the plugin, shortened: the first has
# an address in kind 254 between two other options, the second an expert info.
STOCK = HEAD % 'now' + '''<packet>
  <proto name="geninfo" pos="0" showname="General information" size="70">
    <field name="num" pos="0" show="1" showname="Number" value="1" size="70"/>
  </proto>
  <proto name="tcp" showname="Transmission Control Protocol, Seq: 1" size="36" pos="34">
    <field name="tcp.srcport" showname="Source Port: 40000" size="2" pos="34" show="40000" value="9c40"/>
    <field name="tcp.options" showname="Options: (16 bytes), No-Operation (NOP), Experimental, Experimental" size="16" pos="54" show="01" value="01">
      <field name="tcp.options.nop" showname="TCP Option - No-Operation (NOP)" size="1" pos="54" show="01" value="01">
        <field name="tcp.option_kind" showname="Kind: No-Operation (1)" size="1" pos="54" show="1" value="01"/>
      </field>
      <field name="tcp.options.experimental" showname="TCP Option - Experimental: Unknown" size="8" pos="55" show="fe" value="fe">
        <field name="tcp.option_kind" showname="Kind: Experiment 2 (254)" size="1" pos="55" show="254" value="fe"/>
        <field name="tcp.options.experimental.exid" showname="Experiment Identifier: Unknown (0xf1ce)" size="2" pos="57" show="0xf1ce" value="f1ce"/>
      </field>
      <field name="tcp.options.experimental" showname="TCP Option - Experimental: Fast Open" size="4" pos="63" show="fe" value="fe">
        <field name="tcp.option_kind" showname="Kind: Experiment 2 (254)" size="1" pos="63" show="254" value="fe"/>
      </field>
    </field>
    <field name="" show="Timestamps" size="0" pos="34"/>
  </proto>
  <proto name="fake-field-wrapper">
    <field name="data" value="61">
      <field name="data.data" showname="Data: a" size="1" pos="70" show="61
62" value="61"/>
  </field>
  </proto>
</packet>


<packet>
  <proto name="geninfo" pos="0" showname="General information" size="60">
    <field name="num" pos="0" show="2" showname="Number" value="2" size="60"/>
  </proto>
  <proto name="tcp" showname="Transmission Control Protocol, Seq: 2" size="20" pos="34">
    <field name="tcp.flags" showname="Flags: 0x004 (RST)" size="2" pos="46" show="0x0004" value="4">
      <field name="_ws.expert" showname="Expert Info (Warning/Sequence): Connection reset (RST)" size="0" pos="46">
        <field name="tcp.connection.rst" showname="Connection reset (RST)" size="0" pos="0" show="" value=""/>
      </field>
    </field>
  </proto>
</packet>


</pdml>
'''

CONVERSATION = '''  <proto name="toa.conv" showname="TOA conversation, stream 0" size="0" pos="34">
    <field name="toa.stream" showname="Stream: 0" size="0" pos="34" show="0"/>
    <field name="_ws.expert" showname="Expert Info (Warning/Sequence): foreign" size="0" pos="34">
      <field name="toa.foreign.rst" showname="foreign" size="0" pos="0" show="" value=""/>
    </field>
  </proto>
'''
EXPERT_INFO = '''      <field name="_ws.expert" showname="Expert Info (Note/Sequence): x" size="0" pos="46">
        <field name="%s" showname="x" size="0" pos="0" show="" value=""/>
      </field>
'''
OPTION = '''      <proto name="toa" showname="TCP Option - TOA: 192.168.10.5:61902" size="8" pos="55">
        <field name="toa.client.port" showname="Port: 61902" size="2" pos="57" show="61902" value="f1ce"/>
      </proto>
'''


def with_plugin():
    """The same two frames as the plugin's run prints them."""
    text = STOCK.replace('time="now"', 'time="later"')
    start = text.index('      <field name="tcp.options.experimental"')
    end = text.index('      <field name="tcp.options.experimental"', start + 1)
    text = text[:start] + OPTION + text[end:]
    text = text.replace('  <proto name="fake', CONVERSATION + '  <proto name="fake')
    text = text.replace('  </proto>\n</packet>\n\n\n</pdml>',
                        '  </proto>\n' + CONVERSATION + '</packet>\n\n\n</pdml>')
    return text


def once(text, old, new):
    """Replace the last place, and see that there is one: a change that does not
    change anything would prove nothing."""
    assert old in text, old
    at = text.rindex(old)
    return text[:at] + new + text[at + len(old):]


def packet_cut(text, number):
    parts = text.split('<packet>')
    del parts[number]
    return '<packet>'.join(parts) + ('' if number == 1 else '\n</pdml>\n')


PDML_CHANGES = {
    'a changed value': lambda t: once(t, 'show="40000"', 'show="40001"'),
    'a changed byte': lambda t: once(t, 'value="9c40"', 'value="9c41"'),
    'a changed text': lambda t: once(t, 'Seq: 2', 'Seq: 3'),
    'a changed text of a field': lambda t: once(t, 'Kind: No-Operation (1)', 'Kind: NOP (1)'),
    'a changed place': lambda t: once(t, 'size="1" pos="54"', 'size="1" pos="55"'),
    'a changed text behind a newline': lambda t: once(t, '\n62"', '\n63"'),
    'a hidden item': lambda t: once(t, ' size="2" pos="34"', ' hide="yes" size="2" pos="34"'),
    'another name in the Options line': lambda t: once(
        t, 'Experimental, Experimental"', 'TOA, Experimental"'),
    'an added field': lambda t: once(
        t, '    <field name="tcp.flags"', '    <field name="tcp.x" size="0" pos="34"/>\n'
        '    <field name="tcp.flags"'),
    'an added protocol': lambda t: once(
        t, '  <proto name="fake', '  <proto name="mptcp" size="0" pos="34"/>\n  <proto name="fake'),
    'a protocol whose name only begins like an own one': lambda t: once(
        t, '  <proto name="fake', '  <proto name="toast" size="0" pos="34"/>\n  <proto name="fake'),
    'an item below an own name in other letters': lambda t: once(
        t, '  <proto name="fake', '  <proto name="TOA" size="0" pos="34"/>\n  <proto name="fake'),
    'an added text item': lambda t: once(
        t, '    <field name="" show="T', '    <field name="" show="x" size="0" pos="34"/>\n'
        '    <field name="" show="T'),
    'an added expert info of another protocol': lambda t: once(
        t, '      <field name="_ws.expert" showname="Expert Info (Warning/Sequence): Conn',
        EXPERT_INFO % 'tcp.y' + '      <field name="_ws.expert" showname='
        '"Expert Info (Warning/Sequence): Conn'),
    'a missing field': lambda t: once(
        t, t[t.index('    <field name="tcp.srcport"'):t.index('    <field name="tcp.options"')], ''),
    'a missing expert info': lambda t: once(
        t, t[t.index('      <field name="_ws.expert" showname="Expert Info (Warning/Sequence): Conn'):
             t.rindex('    </field>\n  </proto>\n' + CONVERSATION)], ''),
    'a missing option that is not taken': lambda t: once(
        t, t[t.index('      <field name="tcp.options.nop"'):t.index(OPTION)], ''),
    'a changed option beside the taken one': lambda t: once(t, 'Fast Open', 'Unknown'),
    'items in another order': lambda t: once(
        once(t, '    <field name="" show="Timestamps" size="0" pos="34"/>\n', ''),
        '    <field name="tcp.srcport"',
        '    <field name="" show="Timestamps" size="0" pos="34"/>\n    <field name="tcp.srcport"'),
    'an own option of another place than the stock one':
        lambda t: once(t, '192.168.10.5:61902" size="8" pos="55"',
                       '192.168.10.5:61902" size="8" pos="63"'),
    'a stock item below an own one': lambda t: once(
        t, '    <field name="tcp.srcport"', '    <field name="toa.x" size="0" pos="34">\n'
        '      <field name="tcp.srcport"').replace(
            'value="9c40"/>\n', 'value="9c40"/>\n    </field>\n'),
    'a missing first packet': lambda t: packet_cut(t, 1),
    'a missing last packet': lambda t: packet_cut(t, 2),
    'a packet twice': lambda t: t.replace('\n\n\n</pdml>', '\n\n\n<packet>' + t.split(
        '<packet>')[2]),
    'no end': lambda t: t.replace('</pdml>\n', ''),
    'nothing at all': lambda t: '',
}

OWN = {1: compare.Own(['TCP Option - TOA: a', 'TOA conversation'],
                      ['TCP Option - Experimental: Unknown'], [' ExID=F1CE'])}
LINES = ('1\teth:ip:tcp\t0\t[SYN] Len=0 ExID=F1CE MSS=1460\n2\teth:ip:tcp\t0\t[RST]\n',
         '1\teth:ip:tcp\t0\t[SYN] Len=0 MSS=1460\n2\teth:ip:tcp\t0\t[RST]\n')
TEXT = ('Frame 1: 70 bytes\nTCP\n    Options\n        TCP Option - Experimental: Unknown\n'
        '            Kind: 254\n        TCP Option - NOP\n    Window: 5\n\nFrame 2: 60 bytes\nTCP\n\n',
        'Frame 1: 70 bytes\nTCP\n    Options\n        TCP Option - TOA: a\n'
        '            Client: a\n        TCP Option - NOP\n    Window: 5\n[TOA conversation]\n'
        '    [Stream: 0]\n\nFrame 2: 60 bytes\nTCP\n\n')
LINE_CHANGES = {
    'a changed protocol list': ('2\teth:ip:tcp', '2\teth:ip:tcp:toa'),
    'a changed stream': ('2\teth:ip:tcp\t0', '2\teth:ip:tcp\t1'),
    'a changed Info': ('[RST]', '[RST] TOA'),
    'an Info that lost more than the ExID': (' MSS=1460', ''),
    'a missing line': ('2\teth:ip:tcp\t0\t[RST]\n', ''),
}
TEXT_CHANGES = {
    'a changed line': ('Window: 5', 'Window: 6'),
    'an added line': ('[TOA conversation]', '[TOA other]'),
    'a line lost behind an own item': ('        TCP Option - NOP\n', ''),
    'a missing frame': ('Frame 2: 60 bytes\nTCP\n\n', ''),
}


def sharkd_answers():
    """Two sharkd runs: id 1 load, 2 frames, 3 the tree of frame 1."""
    experimental = {'l': 'Experimental', 'h': [55, 8], 'f': 'tcp.options.experimental == fe',
                    'n': [{'l': 'ExID', 'f': 'tcp.options.experimental.exid == 0xf1ce'}]}
    options = {'l': 'Options', 'f': 'tcp.options == 01', 'e': 7,
               'n': [experimental, {'l': 'NOP', 'h': [63, 1], 'f': 'tcp.options.nop == 01'}]}
    tree = [{'l': 'TCP', 'f': 'tcp', 's': 'Chat', 'n': [options]}]
    stock = [{'id': 1, 'result': {'status': 'OK'}},
             {'id': 2, 'result': [{'c': ['1', 'TCP', '[SYN] ExID=F1CE'], 'num': 1}]},
             {'id': 3, 'result': {'tree': tree, 'fol': [['TCP', 'tcp.stream eq 0']]}}]
    plugin = copy.deepcopy(stock)
    plugin[1]['result'][0]['c'][2] = '[SYN]'
    result = plugin[2]['result']
    result['tree'][0]['n'][0].update(e=9)
    result['tree'][0]['n'][0]['n'][0] = {'l': 'TOA', 'h': [55, 8], 'f': 'toa', 't': 'proto'}
    result['tree'].append({'l': 'TOA conversation', 'f': 'toa.conv', 's': 'Warning'})
    result['fol'].append(['TOA', 'toa.stream eq 0'])
    return stock, plugin


SHARKD_CHANGES = {
    'a changed label': lambda a: a[2]['result']['tree'][0].update(l='tcp'),
    'a changed severity': lambda a: a[2]['result']['tree'][0].update(s='Warning'),
    'an added node': lambda a: a[2]['result']['tree'].append({'l': 'x', 'f': 'mate'}),
    'a missing option': lambda a: a[2]['result']['tree'][0]['n'][0]['n'].pop(),
    'a changed Info': lambda a: a[1]['result'][0].update(c=['1', 'TCP', '[SYN] x']),
    'a changed colour': lambda a: a[1]['result'][0].update(bg='ffffff'),
    'a missing frame': lambda a: a[1]['result'].pop(),
    'a missing answer': lambda a: a.pop(),
    'an error': lambda a: a[2].update(error={'code': 1}),
}


def to_lines(answers):
    return '\n'.join(map(json.dumps, answers))


def checks():
    """(name, must be reported, differences) of every check."""
    def pdml(left, right, **more):
        return compare.compare_pdml(left, right, **more)[0]

    plugin = with_plugin()
    yield 'PDML: only own items', False, pdml(STOCK, plugin)
    yield 'PDML: nothing added', False, pdml(STOCK, STOCK)
    yield 'PDML: own expert info at a stock item', False, pdml(STOCK, once(
        plugin, '      <field name="_ws.expert" showname="Expert Info (Warning/Sequence): Conn',
        EXPERT_INFO % 'toa.self_connect' + '      <field name="_ws.expert" showname='
        '"Expert Info (Warning/Sequence): Conn'))
    for name, change in PDML_CHANGES.items():
        yield 'PDML: ' + name, True, pdml(STOCK, change(plugin))
    yield 'PDML: own items of a disabled plugin', True, pdml(STOCK, plugin, own_items=False)
    yield 'PDML: an option taken where there is none', True, pdml(STOCK, plugin, options=False)

    yield 'lines: only the ExID', False, compare.compare_lines(*LINES, OWN)
    yield 'lines: an ExID that no option took', True, compare.compare_lines(*LINES, {})
    for name, (old, new) in LINE_CHANGES.items():
        yield 'lines: ' + name, True, compare.compare_lines(
            LINES[0], once(LINES[1], old, new), OWN)
    yield 'text: only own items', False, compare.compare_text(*TEXT, OWN)
    for name, (old, new) in TEXT_CHANGES.items():
        yield 'text: ' + name, True, compare.compare_text(
            TEXT[0], once(TEXT[1], old, new), OWN)

    yield 'end: equal', False, compare.compare_end(('a', 2), ('a', 2))
    yield 'end: another message', True, compare.compare_end(('', 0), ('Dissector bug', 0))
    yield 'end: another exit code', True, compare.compare_end(('', 0), ('', 2))

    stock, answers = sharkd_answers()
    yield 'sharkd: only own items', False, compare.compare_sharkd(
        to_lines(stock), to_lines(answers), {})
    stock, answers = sharkd_answers()
    for node in (stock[2]['result']['tree'][0]['n'][0], ):
        node['n'][0]['s'] = node['s'] = 'Note'      # an expert info of the replaced item
    yield 'sharkd: severity of the replaced option', False, compare.compare_sharkd(
        to_lines(stock), to_lines(answers), {})
    for name, change in SHARKD_CHANGES.items():
        stock, answers = sharkd_answers()
        change(answers)
        yield 'sharkd: ' + name, True, compare.compare_sharkd(
            to_lines(stock), to_lines(answers), {})


def main():
    wrong = count = 0
    for name, expected, differences in checks():
        count += 1
        if bool(differences) != expected:
            wrong += 1
            print('%s: %s' % (name, 'not reported' if expected else 'reported'))
            for difference in differences:
                print(difference.text)
    print('%d checks of the comparison, %d wrong' % (count, wrong))
    return 1 if wrong else 0
