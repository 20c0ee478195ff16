# SPDX-License-Identifier: GPL-2.0-or-later
"""A Wireshark on an X server without a screen, seen through the probe (probe/probe.cpp), moved by mouse and keyboard.

Nothing waits for a time to pass: every step waits for what it needs to see, and says what that was if it never comes.
"""
import json, os, shutil, socket, subprocess, sys, tempfile, time

PATIENCE = 90  # seconds until something that has not come will not come; busy machines are slow
SCREEN = (1500, 1060)
PREFERENCES = 'Wireshark · Preferences'


class Missing(Exception):
    """The machine lacks something; not a failure."""


class NotSeen(Exception):
    pass


def eventually(what, look, patience=PATIENCE):
    """The first value of look() that is not None, False or empty."""
    end = time.monotonic() + patience
    while True:
        value = look()
        if value:
            return value
        if time.monotonic() > end:
            raise NotSeen(f'not seen in {patience} s: {what}')
        time.sleep(0.1)


def settles(look):
    """Whether it comes within a few seconds; for what may well not come."""
    try:
        return bool(eventually('', look, 3))
    except NotSeen:
        return False


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Missing(f'{program} is not installed')


def count(capture):
    """Packets of a pcap file in this machine's byte order."""
    with open(capture, 'rb') as f:
        data = f.read()
    at = 24
    number = 0
    while at < len(data):
        at += 16 + int.from_bytes(data[at + 8:at + 12], sys.byteorder)
        number += 1
    return number


class Screen:
    """Xvfb and a window manager."""

    def __init__(self, environment, log):
        read, write = os.pipe()
        self.processes = [subprocess.Popen(
            ['Xvfb', '-displayfd', str(write), '-screen', '0', '%dx%dx24' % SCREEN, '-nolisten', 'tcp', '-ac'],
            pass_fds=[write], stdout=log, stderr=log)]
        os.close(write)
        with os.fdopen(read) as f:
            number = f.readline().strip()  # written when it is ready; closed if it has failed
        if not number:
            raise Missing('Xvfb does not start here')
        self.environment = dict(environment, DISPLAY=f':{number}')
        self.processes.append(subprocess.Popen(['openbox'], env=self.environment, stdout=log, stderr=log))

    def close(self):
        for process in reversed(self.processes):
            process.terminate()
            process.wait()

    def xdotool(self, *arguments):
        subprocess.run(['xdotool', *map(str, arguments)], env=self.environment, check=True, timeout=PATIENCE,
                       capture_output=True)

    def pixels(self, x, y, width, height):
        """Colours of a rectangle as a list of (r, g, b), row by row."""
        data = subprocess.run(
            ['import', '-window', 'root', '-crop', f'{width}x{height}+{x}+{y}', '-depth', '8', 'rgb:-'],
            env=self.environment, check=True, capture_output=True, timeout=PATIENCE).stdout
        return [tuple(data[i:i + 3]) for i in range(0, len(data), 3)]

    def picture(self, path, at=None):
        """A small PNG of the screen, or of the rectangle."""
        crop = ['-crop', '%dx%d+%d+%d' % (at[2], at[3], at[0], at[1]), '+repage'] if at else []
        subprocess.run(['import', '-window', 'root', *crop, '+dither', '-colors', '48', '-define',
                        'png:compression-level=9', '-strip', 'png8:' + path],
                       env=self.environment, check=True, timeout=PATIENCE)


class Wireshark:
    def __init__(self, build, capture, profile, files=None):
        """files: written into the profile before the start, {name: text}."""
        self.build = build
        self.probe_folder = os.path.join(build, 'tests', 'gui', 'qt')
        need('Xvfb', 'openbox', 'xdotool', 'import', 'wireshark')
        if not os.path.exists(os.path.join(self.probe_folder, 'generic', 'toa_probe.so')):
            raise Missing('the probe is not built: a C++ compiler and the development files of Qt (qtbase5-dev)')
        self.work = tempfile.mkdtemp(prefix='toa-gui-')
        os.chmod(self.work, 0o777)  # the launcher may have to run Wireshark as another user
        self.log = open(os.path.join(self.work, 'log'), 'w+', encoding='utf-8', errors='replace')
        self.process = self.screen = None
        try:
            self.start(capture, profile, files or {})
        except BaseException:
            self.close()
            raise

    def start(self, capture, profile, files):
        home = os.path.join(self.work, 'home')
        self.profile = os.path.join(home, '.config', 'wireshark', 'profiles', 'TOA')
        shutil.copytree(profile, self.profile)
        for name, text in files.items():
            with open(os.path.join(self.profile, name), 'w', encoding='utf-8') as f:
                f.write(text)
        with open(os.path.join(self.profile, 'recent'), 'a', encoding='utf-8') as f:
            f.write('gui.geometry_main_upper_pane: 590\n')  # 32 packets
        with open(os.path.join(home, '.config', 'wireshark', 'recent_common'), 'w', encoding='utf-8') as f:
            f.write('gui.geometry_main_x: 0\ngui.geometry_main_y: 20\n'
                    'gui.geometry_main_width: %d\ngui.geometry_main_height: %d\n' % (SCREEN[0] - 4, SCREEN[1] - 50))
        runtime = os.path.join(self.work, 'run')
        os.mkdir(runtime)
        for folder, _, names in os.walk(self.work):
            os.chmod(folder, 0o777)
            for name in names:
                os.chmod(os.path.join(folder, name), 0o666)
        self.socket = os.path.join(runtime, 'probe')
        environment = {'PATH': os.environ.get('PATH', '/usr/bin:/bin'), 'LC_ALL': 'C.UTF-8', 'TZ': 'UTC',
                       'HOME': home, 'XDG_RUNTIME_DIR': runtime, 'TOA_HOME': home, 'TSHARK': 'wireshark',
                       'QT_PLUGIN_PATH': self.probe_folder, 'QT_QPA_GENERIC_PLUGINS': 'ToaProbe',
                       'TOA_PROBE_SOCKET': self.socket, 'QT_QPA_PLATFORM': 'xcb'}
        for name in ('ASAN_OPTIONS', 'UBSAN_OPTIONS'):
            if name in os.environ:
                environment[name] = os.environ[name]
        self.screen = Screen(environment, self.log)
        capture = shutil.copy(capture, self.work)
        self.process = subprocess.Popen(
            [os.path.join(self.build, 'tshark'), '-r', capture, '-C', 'TOA', '-o', 'gui.update.enabled:FALSE', '-n'],
            env=self.screen.environment, stdout=self.log, stderr=self.log)
        self.title = os.path.basename(capture)
        self.window(self.title)
        eventually('all packets', lambda: len(self.packets()) == count(capture))

    def close(self):
        for part in (self.process, self.screen):
            if isinstance(part, subprocess.Popen):
                part.terminate()
                part.wait()
            elif part:
                part.close()
        self.log.close()
        shutil.rmtree(self.work, ignore_errors=True)

    def said(self):
        with open(os.path.join(self.work, 'log'), encoding='utf-8', errors='replace') as f:
            return f.read()[-2000:]

    # ---- seeing ----

    def look(self):
        """All visible windows."""
        if self.process.poll() is not None:
            raise NotSeen(f'Wireshark has ended with status {self.process.returncode}: {self.said()}')
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(PATIENCE)
                s.connect(self.socket)
                s.sendall(b'look\n')
                with s.makefile('rb') as f:
                    return json.loads(f.readline())
        except (FileNotFoundError, ConnectionRefusedError):
            return []  # not listening yet

    def window(self, title):
        """The window whose title holds these words."""
        return eventually(f'a window "{title}"',
                          lambda: next((w for w in self.look() if title in w['text'] and w['class'] != 'QMenu'), None))

    def gone(self, title):
        eventually(f'no window "{title}"', lambda: not any(title in w['text'] for w in self.look()))

    def view(self, title, *columns):
        """The table in the window whose columns include these."""
        return next((v for v in self.window(title).get('views', ())
                     if all(column in map(str.strip, v['columns']) for column in columns)), None)

    def packets(self):
        """Rows of the packet list, as dictionaries by column title, with "at"."""
        view = self.view(self.title, 'No.', 'Info')
        return [dict(zip(view['columns'], row['cells']), at=row['at']) for row in view['rows']] if view else []

    def current_frame(self):
        return int(self.view(self.title, 'No.', 'Info')['current'] or 0)

    def details(self):
        """Texts of the packet details, all levels."""
        view = next(v for v in self.window(self.title)['views'] if v['class'] == 'ProtoTree')
        return list(flat(view['rows']))

    def filter(self):
        """Text of the display filter."""
        return next(e['text'] for e in self.window(self.title)['entries'] if e['at'][2] > 300)

    # ---- doing ----

    def click(self, at, *more):
        x, y, width, height = at
        self.screen.xdotool('mousemove', x + width // 2, y + height // 2, 'click', *more, 1)

    def key(self, *keys):
        self.screen.xdotool('key', '--delay', 30, *keys)

    def type(self, text):
        self.screen.xdotool('type', '--delay', 15, '--', text)

    def press(self, title, text):
        """The button with this text."""
        button = eventually(f'a button "{text}" in "{title}"', lambda: find(self.window(title).get('buttons'), text))
        self.click(button['at'])

    def menu(self, *path):
        """Main menu, item, submenu's item."""
        self.activate(self.title)
        self.until(f'the menu "{path[0]}"', lambda: (self.key('Escape'), self.click(
            find(self.window(self.title)['menus'], path[0])['at'])), lambda: self.menu_item(path[1]))
        for text in path[1:]:
            item = eventually(f'a menu item "{text}"', lambda: self.menu_item(text))
            if not item['enabled']:
                raise NotSeen(f'the menu item "{text}" is disabled')
            self.click(item['at'])

    def preferences(self, page, below=None):
        """Edit > Preferences > Protocols > page, or the page below it."""
        self.menu('Edit', 'Preferences')

        def pages():
            return next(v for v in self.window(PREFERENCES)['views'] if v['name'] == 'prefsView')

        def row(name):
            return next((r for r in pages()['rows'] if r['cells'][0] == name), None)
        eventually('the list of pages', lambda: row('Protocols'))
        self.until('"Protocols" selected', lambda: self.click(row('Protocols')['at'][0]),
                   lambda: pages()['current'] == 'Protocols')
        self.until('"Protocols" open', lambda: self.key('Right'), lambda: row('Protocols')['expanded'])
        # Wireshark forgets the letters typed so far if they come slowly
        self.until(f'"{page}" selected', lambda: (self.key('Home'), self.type(page)), lambda: pages()['current'] == page)
        if below:
            self.until(f'"{below}" selected', lambda: (self.key('Right'), self.key('Down')),
                       lambda: pages()['current'] == below)

    def check(self, title, text, checked):
        """The check box or radio button with this text."""
        def button():
            return find(self.window(title).get('buttons'), text)
        eventually(f'"{text}" in "{title}"', button)

        def act():
            x, y, _, height = button()['at']
            if button()['checked'] != checked:
                self.click((x, y, height, height))  # the mark: right of the text a click is none
        self.until(f'"{text}" {"" if checked else "not "}checked', act, lambda: button()['checked'] == checked)

    def choose(self, title, label, text):
        """In the list beside the label."""
        def choice():
            window = self.window(title)
            beside = find(window.get('labels'), label)
            return beside and next((c for c in window.get('choices', ()) if c['at'][1] == beside['at'][1]), None)

        def item():
            return next((r['at'][0] for w in self.look() if w['class'] == 'QComboBoxPrivateContainer'
                         for r in w['views'][0]['rows'] if r['cells'][0] == text and r['at'][0]), None)

        def act():
            self.click(choice()['at'])
            if settles(item):
                self.click(item())
        eventually(f'"{label}" in "{title}"', choice)
        self.until(f'"{text}" chosen', act, lambda: choice()['text'] == text)

    def menu_item(self, text):
        for window in reversed(self.look()):
            item = find(window.get('items'), text)
            if item:
                return item
        return None

    def until(self, what, act, look):
        """Acts again if it came to nothing: a window that still moves takes a click elsewhere."""
        for _ in range(5):
            act()
            if settles(look):
                return
        raise NotSeen(f'not seen, though tried five times: {what}')

    def tab(self, title, name):
        """Tabs have a count behind their name."""
        def look():
            return next((t for bar in self.window(title).get('tabs', ()) for t in bar
                         if t['text'].split(' · ')[0] == name), None)
        self.until(f'the tab "{name}" in front',
                   lambda: self.click(eventually(f'the tab "{name}" in "{title}"', look)['at']),
                   lambda: (look() or {}).get('current'))

    def xwindow(self, title):
        """The X server's number of a window, which may come to the screen after Qt has it."""
        def look():
            return subprocess.run(['xdotool', 'search', '--onlyvisible', '--name', title], env=self.screen.environment,
                                  capture_output=True, text=True, timeout=PATIENCE).stdout.split()
        return eventually(f'"{title}" on the screen', look)[-1]

    def activate(self, title):
        self.screen.xdotool('windowactivate', '--sync', self.xwindow(title))
        eventually(f'"{title}" in front', lambda: self.window(title)['active'])

    def resize(self, title, width, height):
        self.window(title)
        number = self.xwindow(title)
        self.screen.xdotool('windowsize', number, width, height, 'windowmove', number, 10, 60)
        eventually(f'"{title}" of another size', lambda: abs(self.window(title)['at'][2] - width) < 3)

    def close_window(self, title):
        self.activate(title)
        self.key('Escape')
        self.gone(title)

    def quit(self):
        """As a user does; Wireshark must end well."""
        for window in self.look():
            if window['text'] and self.title not in window['text'].split(' · ')[0] and window['class'] != 'QMenu':
                self.close_window(window['text'])
        self.key('ctrl+q')
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise NotSeen('the end of Wireshark after Ctrl+Q') from None
        if status != 0:
            raise NotSeen(f'a good end of Wireshark: status {status}: {self.said()}')

    def set_filter(self, text):
        self.activate(self.title)
        self.key('ctrl+slash', 'ctrl+a', 'BackSpace')
        self.type(text)
        eventually(f'the filter "{text}"', lambda: self.filter() == text)
        self.key('Return')

    def expand(self, text):
        """The branch of the packet details that begins with this; its first line must be on the screen."""
        def row():
            return next((r for r in self.details() if r['cells'][0].startswith(text)), None)
        self.click(eventually(f'"{text}" in the details', lambda: row() and row()['at'][0]))
        self.key('Right')
        eventually(f'"{text}" open', lambda: row()['expanded'])

    def select(self, number):
        """A packet by its number: Go > Go to Packet."""
        self.key('ctrl+g')
        eventually('"Go to packet"', lambda: find(self.window(self.title).get('buttons'), 'Go to packet'))
        self.type(str(number))
        self.key('Return')
        eventually(f'packet {number} selected', lambda: self.current_frame() == number)


def find(items, text):
    """By text, or by the name that its programmer has given it."""
    return next((i for i in items or () if text in (i['text'].rstrip('.…'), i.get('name'))), None)


def flat(rows):
    for row in rows:
        yield row
        yield from flat(row.get('children', ()))
