"""Nothing outside runtime/kernel/ calls the operating system, arena mappings apart.

Three nets, for each alone has holes: system headers, calls in the text, and the undefined symbols
of the compiled objects, which know a plain close(fd) from a member function named close.
"""

import os
import re
import subprocess
from pathlib import Path
from source import Complaint, code_of, includes_of

ARENA = "buffers/arena.cpp"
ALLOWED_CALLS = {
    ARENA: {"mmap", "mmap64", "munmap", "madvise", "sysconf"},
    # The end of a pool lets a thread finish that is between handing in its pages and its hook.
    "buffers/page_pool.cpp": {"this_thread::yield", "sched_yield"},
}

BANNED_HEADERS = {"filesystem", "fstream", "csignal", "ctime"}

# Headers of types and constants, and the folders where such are needed. What the functions beside
# them would do is caught by the other two nets.
CONSTANTS = ("runtime/op/", "runtime/fs/", "runtime/net/")
ALLOWED_HEADERS = {
    "sys/uio.h": ("buffers/area.hpp",),  # an area has the layout of an iovec
    "sys/mman.h": (ARENA,),
    "linux/mman.h": (ARENA,),  # the sizes of huge pages
    "unistd.h": (ARENA,),      # sysconf
    # the size of the kernel's signal set
    "csignal": ("runtime/ring/enter.hpp", "runtime/ring/command_ring.cpp"),
    "fcntl.h": CONSTANTS,
    "sys/stat.h": CONSTANTS,
    "linux/stat.h": CONSTANTS,
    "linux/openat2.h": CONSTANTS,
    "sys/socket.h": CONSTANTS,
    "sys/un.h": CONSTANTS,
    "arpa/inet.h": CONSTANTS,  # addresses to text and back
    "netinet/in.h": CONSTANTS,
    "netinet/tcp.h": CONSTANTS,
    "netinet/udp.h": CONSTANTS,
    "netdb.h": ("runtime/outcome/unresolved.cpp",),  # the EAI_ numbers
    "poll.h": CONSTANTS,
    "signal.h": CONSTANTS,
    "sys/wait.h": CONSTANTS,
    "dirent.h": CONSTANTS,
    "sys/sysmacros.h": CONSTANTS,
    "ctime": CONSTANTS,
}

# Names that are the system's and could not well be members of ours. open, read and their like
# could: those the text net knows only as ::open, and the symbols know for certain.
DISTINCT = """mmap munmap mremap madvise mprotect mlock munlock sysconf syscall ioctl fcntl openat
    openat2 pread pwrite preadv pwritev readv writev fstat lstat fstatat getdents64 fdopendir
    readdir closedir copy_file_range sendfile ftruncate posix_fallocate fdatasync eventfd epoll_wait
    epoll_create1 epoll_ctl ppoll timerfd_create signalfd sigaction sigprocmask setsockopt
    getsockopt getsockname getpeername getaddrinfo socketpair pipe2 dup2 dup3 pthread_create
    pthread_sigmask pthread_atfork sched_yield sched_setaffinity nanosleep clock_nanosleep
    clock_gettime gettimeofday usleep getrandom getentropy getpid gettid getrlimit setrlimit
    fork execve posix_spawn posix_spawnp waitpid waitid pidfd_open
    readlinkat unlinkat mkdirat renameat renameat2 symlinkat linkat utimensat
    fchmod fchown fsetxattr fgetxattr flistxattr futex""".split()
RING = (r"io_uring_(?:enter2?|setup|register\w*|unregister\w*|submit\w*|wait\w*|get_events|"
        r"queue_init\w*|queue_exit|sync_cancel)")
# What an undefined symbol may not be; the plain names can be told from members here.
SYMBOLS = set(DISTINCT) | set("""open open64 openat64 creat close read write pread64 pwrite64
    preadv64 pwritev64 lseek lseek64 stat statx fstat64 lstat64 fstatat64 truncate ftruncate64
    rename unlink rmdir mkdir link symlink readlink chmod chown sync fsync fallocate fallocate64
    posix_fallocate64 posix_fadvise fadvise64 splice tee vmsplice socket bind listen accept accept4
    connect shutdown send sendto sendmsg recv recvfrom recvmsg poll select kill raise signal alarm
    sleep dup pipe mmap64 flock opendir fopen fopen64 system popen
    __open_2 __open64_2 __read_chk __pread_chk __recv_chk __poll_chk __fdelt_chk""".split())
CLOCK = re.compile(r"_ZNSt6chrono3_V2\d+(?:steady|system)_clock3nowEv|11this_thread\w*sleep")

TEXT_RULES = [
    (re.compile(r"(?<![\w>:])::(?!pelton\b|std\b|io_uring_prep)(\w+)\s*\("),
     "calls the system; ask the kernel's calls"),
    (re.compile(r"(?:^|[;{}(,=!&|?:<>+*-]|\breturn\b|\bco_return\b|\bco_await\b)\s*"
                rf"(?<![\w.>:])\b({'|'.join(DISTINCT)}|{RING})\s*\(", re.MULTILINE),
     "calls the system; ask the kernel's calls"),
    (re.compile(r"\b((?:steady|system|high_resolution|utc|file)_clock::now)\s*\("),
     "reads a clock; ask the kernel's, which a simulation can move"),
    (re.compile(r"\b(this_thread::(?:sleep_for|sleep_until|yield))\s*\("),
     "blocks the thread; sleep as a task, or offload"),
    (re.compile(r"\b(random_device)\b"), "asks the system for randomness; ask the kernel's calls"),
]


def judged(path):
    return path.startswith(("buffers/", "runtime/")) and not path.startswith("runtime/kernel/")


def check(files):
    for source in files:
        if not source.is_cpp or not judged(source.path):
            continue
        for line, _, name in includes_of(source.text):
            system = name.endswith(".h") and not name.startswith(("fmt/", "liburing"))
            allowed = source.path.startswith(ALLOWED_HEADERS.get(name, ("nowhere",)))
            if (system or name in BANNED_HEADERS) and not allowed:
                yield Complaint(source.path, line,
                                f"<{name}>: a system header, for runtime/kernel/ alone")
        code = code_of(source.text)
        for pattern, reason in TEXT_RULES:
            for match in pattern.finditer(code):
                name = match.group(1)
                if name in ALLOWED_CALLS.get(source.path, ()):
                    continue
                yield Complaint(source.path, code.count("\n", 0, match.start(1)) + 1,
                                f"{name} {reason}")


def check_objects(objects):
    """`objects`: paths of compiled files, ending in <path in the repository>.o"""
    for path in objects:
        where = re.search(r"\.dir/(?:fixtures/symbols/)?(.+)\.o$", os.path.normpath(path))
        name = where.group(1) if where else Path(path).name
        if not judged(name):
            continue
        listing = subprocess.run(["nm", "--undefined-only", "--just-symbols", path], check=True,
                                 capture_output=True, text=True).stdout
        for symbol in listing.split():
            symbol = symbol.split("@")[0]
            if symbol in ALLOWED_CALLS.get(name, ()):
                continue
            if symbol in SYMBOLS or CLOCK.search(symbol) or re.fullmatch(RING, symbol):
                yield Complaint(name, 1, f"the compiled file calls {symbol}")
