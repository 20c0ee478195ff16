# SPDX-License-Identifier: GPL-2.0-or-later
"""Compare what Wireshark prints without and with the plugin.

Only the plugin's own items are taken out first, and nothing else:
  * elements named `toa` or `toa.*`, with what is below them;
  * `_ws.expert` elements that hold a `toa.*` expert info;
  * for an option the plugin took over (an element `toa` directly below
    `tcp.options`): on the stock side the option item at the same place, if it
    is of a kind that the plugin may replace.

Each compare_* function returns a list of Difference, empty if there is none.
PDML is handled as lines, not as XML: tshark writes one element a line, and a
comparison of lines is both faster and stricter (order, attributes, text).
"""

import difflib
import html
import json
import re
from collections import namedtuple

Difference = namedtuple('Difference', 'frame text')
# What taking out own items found in one frame, for the text comparisons.
Own = namedtuple('Own', 'plugin_texts stock_texts info_tokens finding', defaults=[False])
# What a finding puts in front of column Info; no frame without one has it.
BRACKET = re.compile(r'\[TOA: [^]]*\] ')
FINDING = re.compile(r'name="toa\.(?:collision|reuse|foreign|stale_session|self_connect|answered_elsewhere)\b')

# Stock items that a TOA may stand in for: kinds 253/254, 28, 29, and those
# that Wireshark does not know.
REPLACEABLE = {'tcp.options.experimental', 'tcp.options.unknown',
               'tcp.options.user_to', 'tcp.options.ao'}
ELEMENT = re.compile(r'( *)<(proto|field) name="([^"]*)"')
NUMBER = re.compile(r'<field name="num" pos="0" show="(\d+)"')
SHOWNAME = re.compile(r' showname="([^"]*)"')
PLACE = re.compile(r' size="(\d+)" pos="(\d+)"')
EXID = re.compile(r'name="tcp.options.experimental.exid".* show="0x([0-9a-f]+)"')


def is_own(name):
    return name == 'toa' or name.startswith('toa.')


def excerpt(stock, plugin, limit=24):
    """A short unified diff of two lists of lines."""
    lines = list(difflib.unified_diff(stock, plugin, 'stock', 'plugin', 'w', 'w',
                                      n=2, lineterm=''))
    cut = [line if len(line) < 300 else line[:300] + '...' for line in lines[:limit]]
    if len(lines) > limit:
        cut.append('... %d more lines' % (len(lines) - limit))
    return '\n'.join(cut)


def compare_end(stock, plugin):
    """Compare messages on stderr and exit codes, given as (stderr, code)."""
    differences = []
    left, right = (re.sub(r'\(\w+:\d+\) [\d:.]+ ', '', messages)   # process and time
                   for messages in (stock[0], plugin[0]))
    if left != right:
        differences.append(Difference(0, 'stderr:\n' + excerpt(
            left.split('\n'), right.split('\n'), 6)))
    if stock[1] != plugin[1]:
        differences.append(Difference(0, 'exit code %d, with the plugin %d'
                                      % (stock[1], plugin[1])))
    return differences


# --- PDML ------------------------------------------------------------------

def split_packets(text):
    """The packets of a PDML text as [(number, body)], and whether it is whole."""
    body = text.partition('<packet>')[2]
    packets = []
    for part in body.split('<packet>'):
        inside, end, _ = part.partition('</packet>')
        match = NUMBER.search(inside)
        if end and match:
            packets.append((int(match.group(1)), inside))
    # `creator` and `time` of the head differ between runs; the tail must be there.
    return packets, text.rstrip().endswith('</pdml>')


def elements(body):
    """Lines of a packet, one an element: a newline inside an attribute is
    followed by text, never by '<', which is escaped there."""
    return re.split(r'\n(?=[ \t]*<)', body.strip('\n'))


def indent(line):
    return len(line) - len(line.lstrip(' '))


def subtree_end(lines, start):
    """Index behind the element that starts at `start`."""
    depth = indent(lines[start])
    if lines[start].endswith('/>'):
        return start + 1
    end = start + 1
    while end < len(lines) and indent(lines[end]) > depth:
        end += 1
    if end < len(lines) and lines[end].lstrip(' ').startswith('</'):
        end += 1
    return end


def text_of(line):
    match = SHOWNAME.search(line)
    return html.unescape(match.group(1)) if match else ''


def take_out_plugin(lines):
    """Remove own elements. Returns (kept lines, texts of the removed roots,
    options taken as [(how many tcp.options before, size, pos)])."""
    kept, texts, taken = [], [], []
    blocks, parents, at = 0, [], 0
    while at < len(lines):
        line = lines[at]
        match = ELEMENT.match(line)
        if not match:
            kept.append(line)
            at += 1
            continue
        depth, name = len(match.group(1)), match.group(3)
        while parents and parents[-1][0] >= depth:
            parents.pop()
        end = at + 1
        own = is_own(name)
        if name == '_ws.expert':
            end = subtree_end(lines, at)
            own = any(is_own(m.group(3)) for m in map(ELEMENT.match, lines[at + 1:end]) if m)
            end = end if own else at + 1
        elif own:
            end = subtree_end(lines, at)
            place = PLACE.search(line)
            if name == 'toa' and place and parents and parents[-1][1] == 'tcp.options':
                taken.append((blocks, *place.groups()))
        if own:
            texts.append(text_of(line))
        else:
            kept.append(line)
            parents.append((depth, name))
            blocks += name == 'tcp.options'
        at = end
    return kept, texts, taken


def take_out_stock(lines, taken):
    """Remove the stock items that the options in `taken` replace. Returns
    (kept lines, texts of the removed items, what they append to Info)."""
    kept, texts, tokens = [], [], []
    wanted = set(taken)
    blocks, depth_of_block, at = 0, None, 0
    while at < len(lines):
        line = lines[at]
        match = ELEMENT.match(line)
        end = at + 1
        if match:
            depth, name = len(match.group(1)), match.group(3)
            if name == 'tcp.options':
                blocks += 1
                depth_of_block = depth
            elif name in REPLACEABLE and depth_of_block is not None \
                    and depth == depth_of_block + 2:
                place = PLACE.search(line)
                if place and (blocks, *place.groups()) in wanted:
                    end = subtree_end(lines, at)
                    texts.append(text_of(line))
                    tokens += info_tokens(lines[at:end])
                    at = end
                    continue
        kept.append(line)
        at = end
    return kept, texts, tokens


def info_tokens(lines):
    """What the stock dissector of kinds 253 and 254 appends to column Info."""
    for line in lines:
        match = EXID.search(line)
        if match:
            exid = int(match.group(1), 16)
            if exid == 0xf989:
                return [' TFO=C']
            # AccECN and TARR append nothing at the lengths of an address.
            return [] if exid in (0xacc0, 0xacc1, 0x00ac) else [' ExID=%X' % exid]
    return []


def compare_pdml(stock, plugin, own_items=True, options=True):
    """Compare two PDML texts. `own_items` false: the plugin is disabled and may
    add nothing; `options` false: it may not take any TCP option.
    Returns (differences, {frame: Own}, number of own items)."""
    differences, own, count = [], {}, 0
    sides = []
    for name, text in (('stock', stock), ('plugin', plugin)):
        packets, whole = split_packets(text)
        if not whole:
            differences.append(Difference(0, 'PDML of %s is cut short' % name))
        sides.append(packets)
    numbers = [[number for number, _ in packets] for packets in sides]
    if numbers[0] != numbers[1]:
        differences.append(Difference(0, 'other packets:\n' + excerpt(
            *([str(n) for n in side] for side in numbers))))
    right = dict(sides[1])
    for number, left in sides[0]:
        body = right.get(number)
        if body is None or body == left:
            continue
        kept = elements(body)
        expected = elements(left)
        if own_items and 'name="toa' in body:
            kept, texts, taken = take_out_plugin(kept)
            expected, stock_texts, tokens = take_out_stock(expected, taken)
            count += len(texts)
            own[number] = Own(texts, stock_texts, tokens, bool(FINDING.search(body)))
            if taken and not options:
                differences.append(Difference(number, 'takes an option that is no TOA: %s'
                                              % ', '.join(texts)))
        if kept != expected:
            differences.append(Difference(number, excerpt(expected, kept)))
    return differences, own, count


# --- Columns ---------------------------------------------------------------

def without_tokens(line, tokens):
    """Take each token out of a line once; a token is a whole word."""
    for token in tokens:
        line = re.sub(re.escape(token) + r'(?![0-9A-Za-z])', '', line, count=1)
    return line


def compare_lines(stock, plugin, own):
    """Compare outputs of one line a frame that starts with its number."""
    differences = []
    left, right = stock.split('\n'), plugin.split('\n')
    if len(left) != len(right):
        return [Difference(0, 'other number of lines:\n' + excerpt(left, right))]
    for expected, line in zip(left, right):
        if expected == line:
            continue
        number = re.match(r' *(\d+)', expected)
        frame = int(number.group(1)) if number else 0
        if frame in own:
            expected = without_tokens(expected, own[frame].info_tokens)
            line = BRACKET.sub('', line, count=own[frame].finding) if own[frame].finding else line
        if expected != line:
            differences.append(Difference(frame, excerpt([expected], [line])))
    return differences


# --- Text of -V ------------------------------------------------------------

def take_out_texts(lines, texts):
    """Remove the items with these texts, each once, with what is below them."""
    wanted, kept, at = list(texts), [], 0
    while at < len(lines):
        label = lines[at].strip()
        plain = label[1:-1] if label[:1] == '[' and label[-1:] == ']' else label
        hit = label if label in wanted else plain
        if label and hit in wanted:
            wanted.remove(hit)
            depth = indent(lines[at])
            at += 1
            while at < len(lines) and indent(lines[at]) > depth and lines[at].strip():
                at += 1
            continue
        kept.append(lines[at])
        at += 1
    return kept


def compare_text(stock, plugin, own):
    """Compare the output of `tshark -V`, with what compare_pdml() took out."""
    split = re.compile(r'^(?=Frame (\d+): )', re.M)
    differences = []
    left, right = split.split(stock), split.split(plugin)
    if left[1::2] != right[1::2]:
        return [Difference(0, 'other packets:\n' + excerpt(left[1::2], right[1::2]))]
    for number, expected, body in zip(left[1::2], left[2::2], right[2::2]):
        if expected == body:
            continue
        expected, body = expected.split('\n'), body.split('\n')
        items = own.get(int(number))
        if items:
            body = take_out_texts(body, items.plugin_texts)
            expected = take_out_texts(expected, items.stock_texts)
        if expected != body:
            differences.append(Difference(int(number), excerpt(expected, body)))
    return differences


# --- sharkd ----------------------------------------------------------------

def node_name(node):
    return re.split(r'[ ]', node.get('f', ''), maxsplit=1)[0]


def is_own_node(node):
    if node_name(node) == '_ws.expert':
        return any(is_own(node_name(child)) for child in node.get('n', ()))
    return is_own(node_name(node))


def prune(stock, plugin, inside=''):
    """Take own nodes out of two lists of sharkd's tree nodes, in place. Returns
    the texts to take out of Info, and whether a removed node has a severity."""
    own = [node for node in plugin if is_own_node(node)]
    plugin[:] = [node for node in plugin if not is_own_node(node)]
    tokens, severe = [], any('s' in node for node in own)
    if inside == 'tcp.options':
        places = [node.get('h') for node in own if node_name(node) == 'toa']
        for node in [n for n in stock if n.get('h') in places
                     and node_name(n) in REPLACEABLE]:
            stock.remove(node)
            severe = severe or 's' in node
            for child in node.get('n', ()):
                match = re.match(r'tcp\.options\.experimental\.exid == 0x(\w+)',
                                 child.get('f', ''))
                if match:
                    tokens += info_tokens(['name="tcp.options.experimental.exid"'
                                           ' show="0x%s"' % match.group(1)])
    # The number of a subtree type depends on how many there are: not shown.
    for node in stock + plugin:
        if 'e' in node:
            node['e'] = 0
    if len(stock) == len(plugin):
        for left, right in zip(stock, plugin):
            more, below = prune(left.get('n', []), right.get('n', []), node_name(left))
            tokens += more
            # An expert info raises the severity of all items above it; that goes
            # with the option that was taken and comes with its replacement.
            if below:
                left.pop('s', None)
                right.pop('s', None)
                severe = True
    return tokens, severe


def pretty(value):
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).split('\n')


def compare_sharkd(stock, plugin, own, first_frame=3):
    """Compare the answers of two sharkd runs, one JSON object a line; answers
    from id `first_frame` on are those of `frame`, for frames 1, 2, ...; for
    frames that were not asked for, `own` tells which options were taken."""
    left = {a.get('id'): a for a in map(json.loads, stock.splitlines()) if 'id' in a}
    right = {a.get('id'): a for a in map(json.loads, plugin.splitlines()) if 'id' in a}
    if list(left) != list(right):
        return [Difference(0, 'other answers: %s / %s' % (list(left), list(right)))]
    differences = []
    tokens = {frame: items.info_tokens for frame, items in own.items()}
    for key in sorted(left, reverse=True):          # trees first: they tell the tokens
        one, two = left[key].get('result'), right[key].get('result')
        frame = key - first_frame + 1
        if frame > 0 and isinstance(one, dict) and isinstance(two, dict):
            tokens[frame] = prune(one.get('tree', []), two.get('tree', []))[0]
            # A "follow" stream of the plugin's own is an own item, [name, filter].
            if 'fol' in two:
                two['fol'] = [f for f in two['fol'] if 'TOA' not in f[0]]
        elif isinstance(one, list):
            for row in one:
                if row['num'] in tokens:
                    row['c'] = [without_tokens(text, tokens[row['num']]) for text in row['c']]
            for row in two if isinstance(two, list) else []:
                if row['num'] in own and own[row['num']].finding:
                    row['c'] = [BRACKET.sub('', text, count=1) for text in row['c']]
        if one != two or left[key].get('error') != right[key].get('error'):
            differences.append(Difference(max(frame, 0), excerpt(pretty(one), pretty(two))))
    return differences
