"""Network namespaces of this process's own making, and the programs that run in them."""
import contextlib
import ctypes
import os
import signal
import subprocess

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


_HOME = os.open('/proc/self/ns/net', os.O_RDONLY | os.O_CLOEXEC)  # the namespace this process began in


def _setns(fd):
    if _libc.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), 'setns')


def die_with_parent():
    """The calling process gets SIGTERM when its parent is gone, however that ended."""
    _libc.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def missing():
    """Why the lab cannot run here, in one sentence, or None."""
    if os.geteuid() != 0:
        return 'the lab needs root (network namespaces, TUN devices, packet sockets)'
    if not os.path.exists('/dev/net/tun'):
        return 'the lab needs /dev/net/tun'
    name = f'toalab{os.getpid()}-probe'
    try:
        made = subprocess.run(['ip', 'netns', 'add', name], capture_output=True, text=True)
    except FileNotFoundError:
        return 'the lab needs the ip program (package iproute2)'
    if made.returncode:
        return f'network namespaces cannot be made here: {made.stderr.strip()}'
    subprocess.run(['ip', 'netns', 'delete', name], check=False)
    try:
        os.close(os.open('/dev/net/tun', os.O_RDWR))
    except OSError as error:
        return f'TUN devices cannot be made here: {error}'
    return None


def existing(prefix):
    out = subprocess.run(['ip', 'netns', 'list'], capture_output=True, text=True, check=True).stdout
    return [line.split()[0] for line in out.splitlines() if line.startswith(prefix)]


def delete_all(prefix):
    for name in existing(prefix):
        subprocess.run(['ip', 'netns', 'delete', name], check=False)


@contextlib.contextmanager
def inside(name):
    """Sockets made and programs started in this block belong to the namespace (single-threaded processes only)."""
    fd = os.open(f'/run/netns/{name}', os.O_RDONLY | os.O_CLOEXEC)
    try:
        _setns(fd)
    finally:
        os.close(fd)
    try:
        yield
    finally:
        _setns(_HOME)


def ip_batch(name, commands):
    """Runs lines of the ip program in a namespace."""
    subprocess.run(['ip', '-n', name, '-batch', '-'], input='\n'.join(commands) + '\n', text=True, check=True)


def sysctl(name, values):
    with inside(name):
        for key, value in values.items():
            with open('/proc/sys/net/' + key.replace('.', '/'), 'w') as f:
                f.write(f'{value}\n')


class Program:
    """A lab program. It says 'ready' when it is; commands go to its standard input, one answer line each."""

    def __init__(self, namespace, argv, wait_ready=True):
        with inside(namespace):
            self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.name = os.path.basename(argv[0])
        if wait_ready and self.process.stdout.readline() != 'ready\n':
            self.process.wait()
            raise RuntimeError(f'{self.name} did not start (exit {self.process.returncode})')

    def command(self, line):
        self.process.stdin.write(line + '\n')
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def stop(self):
        """Ends the program; returns its exit code (not 0 if it did not run any more)."""
        if self.process.returncode is not None:
            return self.process.returncode
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        return self.process.returncode
