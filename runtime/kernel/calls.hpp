// The calls face of the seam: every system call that is not io_uring's, the clock, and threads for
// calls that block.
//
// A stand-in implements it over a simulated world; linux_calls() makes the calls for real. Each
// function is the system call of its name, with its man page's meaning, restarted on EINTR where
// POSIX allows that, and answers with the value or the errno. Callable from any thread.
#pragma once

#include <pelton/runtime/kernel/running_thread.hpp>
#include <pelton/runtime/outcome/result.hpp>

#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

struct open_how;

namespace pelton::abi {
struct nvme_command;
}

namespace pelton {

struct signal_watch;

// Something that blocks, for a thread of blocking_threads. Must live until finished() is called.
class blocking_job {
public:
    // On the thread.
    virtual void run() noexcept = 0;
    // On the thread, after run(), as the last thing that touches the job there.
    virtual void finished() noexcept = 0;

    blocking_job* next = nullptr;

protected:
    ~blocking_job() = default;
};

// Up to `threads_max` threads, started as needed, joined by the destructor once the queue is empty.
class blocking_threads {
public:
    blocking_threads() = default;
    blocking_threads(const blocking_threads&) = delete;
    blocking_threads& operator=(const blocking_threads&) = delete;
    virtual ~blocking_threads() = default;

    // In order of submission. EAGAIN when no thread runs and none can be started.
    virtual result<void> submit(blocking_job& job) noexcept = 0;

    // How many threads were started.
    virtual unsigned started() const noexcept { return 0; }
};

// How a process is started. What it points to must outlive the call.
struct spawn_how {
    const char* program;           // a path, or a name to look for in PATH
    const char* const* arguments;  // the first is the program's name, the last a null pointer
    const char* const* variables;  // likewise; null for our own environment
    const char* directory;         // null for our own
    std::array<int, 3> standard;   // what it finds as 0, 1 and 2; -1 for our own
};

struct spawned {
    int process;     // its number
    int descriptor;  // pidfd_open(2)'s, close-on-exec
};

// Which of a controller's queues a command goes to, and whether its data is an iovec array.
enum class nvme_way : std::uint8_t { admin, io, io_vector };

class calls_face {
public:
    calls_face() = default;
    calls_face(const calls_face&) = delete;
    calls_face& operator=(const calls_face&) = delete;
    virtual ~calls_face() = default;

    // Time: nanoseconds of CLOCK_MONOTONIC; the coarse one is a few ms late and costs 5 ns.
    virtual std::uint64_t now_ns() noexcept = 0;
    virtual std::uint64_t coarse_now_ns() noexcept = 0;

    // Threads. The caller owns what is returned.
    virtual blocking_threads* make_blocking_threads(unsigned threads_max) = 0;

    // A thread that runs `body(context)` with all signals blocked. Throws std::system_error.
    virtual running_thread* start_thread(void (*body)(void*) noexcept, void* context);
    // One that calls `tick(context)` every `period_ns`. After a tick that says false it dozes until
    // it is nudged. Throws std::system_error.
    virtual ticking_thread* start_ticker(bool (*tick)(void*) noexcept, void* context,
                                         std::uint64_t period_ns);
    // The cores that the calling thread may run on (sched_getaffinity(2)), and to stay on one.
    virtual std::vector<unsigned> cores();
    virtual result<void> pin_this_thread(unsigned core) noexcept;
    // The threads of this process, without io_uring's workers; no value when nobody can tell.
    virtual std::optional<unsigned> threads_of_process() noexcept;

    // Descriptors
    virtual result<int> openat2(int at, const char* path, const open_how& how) noexcept = 0;
    virtual result<void> close(int descriptor) noexcept = 0;
    virtual result<std::size_t> read(int descriptor, std::span<std::byte> into) noexcept = 0;
    virtual result<std::size_t> write(int descriptor, std::span<const std::byte> from) noexcept = 0;
    virtual result<std::size_t> pread(int descriptor, std::span<std::byte> into,
                                      std::uint64_t at) noexcept = 0;
    virtual result<std::size_t> pwrite(int descriptor, std::span<const std::byte> from,
                                       std::uint64_t at) noexcept = 0;
    // SEEK_DATA or SEEK_HOLE; ENXIO when nothing follows.
    virtual result<std::uint64_t> lseek(int descriptor, std::uint64_t at, int whence) noexcept = 0;
    virtual result<std::size_t> copy_file_range(int from, std::uint64_t from_at, int into,
                                                std::uint64_t into_at,
                                                std::size_t bytes) noexcept = 0;
    virtual result<void> clone_file(int from, int into) noexcept = 0;  // ioctl_ficlone(2)
    virtual result<void> ftruncate(int descriptor, std::uint64_t bytes) noexcept = 0;
    virtual result<void> fallocate(int descriptor, int mode, std::uint64_t at,
                                   std::uint64_t bytes) noexcept = 0;
    virtual result<void> fsync(int descriptor, bool data_only) noexcept = 0;
    virtual result<void> syncfs(int descriptor) noexcept = 0;
    virtual result<void> fadvise(int descriptor, std::uint64_t at, std::uint64_t bytes,
                                 int advice) noexcept = 0;
    virtual result<int> status_flags(int descriptor) noexcept = 0;  // fcntl(F_GETFL)
    virtual bool is_terminal(int descriptor) noexcept = 0;
    virtual result<unsigned> terminal_columns(int descriptor) noexcept = 0;
    virtual result<int> eventfd() noexcept = 0;  // close-on-exec, blocking

    // From now on `one` hears of its signal, until unwatch_signal(), which restores what the
    // process did before. ENOBUFS after 64 of them; EINVAL for SIGKILL and the like.
    virtual result<void> watch_signal(signal_watch& one) noexcept = 0;
    virtual void unwatch_signal(signal_watch& one) noexcept = 0;

    // Metadata. `flags` are the AT_ flags of the man page.
    virtual result<void> statx(int at, const char* path, int flags, unsigned mask,
                               struct statx& into) noexcept = 0;
    virtual result<void> fstatfs(int descriptor, struct statfs& into) noexcept = 0;
    virtual result<void> fchmod(int descriptor, unsigned mode) noexcept = 0;
    virtual result<void> fchmodat(int at, const char* path, unsigned mode) noexcept = 0;
    virtual result<void> fchownat(int at, const char* path, unsigned owner, unsigned group,
                                  int flags) noexcept = 0;
    virtual result<void> utimensat(int at, const char* path, const timespec (&times)[2],
                                   int flags) noexcept = 0;
    virtual result<std::size_t> flistxattr(int descriptor, std::span<char> names) noexcept = 0;
    virtual result<std::size_t> fgetxattr(int descriptor, const char* name,
                                          std::span<std::byte> value) noexcept = 0;
    virtual result<void> fsetxattr(int descriptor, const char* name,
                                   std::span<const std::byte> value, int flags) noexcept = 0;
    virtual result<void> fremovexattr(int descriptor, const char* name) noexcept = 0;
    virtual result<std::size_t> listxattr(const char* path, std::span<char> names) noexcept = 0;
    virtual result<std::size_t> getxattr(const char* path, const char* name,
                                         std::span<std::byte> value) noexcept = 0;
    virtual result<void> setxattr(const char* path, const char* name,
                                  std::span<const std::byte> value, int flags) noexcept = 0;
    virtual result<void> removexattr(const char* path, const char* name) noexcept = 0;

    // Names
    virtual result<std::size_t> getdents64(int descriptor, std::span<std::byte> into) noexcept = 0;
    virtual result<void> mkdirat(int at, const char* path, unsigned mode) noexcept = 0;
    virtual result<void> mknodat(int at, const char* path, unsigned mode,
                                 std::uint64_t device) noexcept = 0;
    virtual result<void> unlinkat(int at, const char* path, int flags) noexcept = 0;
    virtual result<void> renameat2(int from_at, const char* from, int into_at, const char* into,
                                   unsigned flags) noexcept = 0;
    virtual result<void> linkat(int from_at, const char* from, int into_at, const char* into,
                                int flags) noexcept = 0;
    virtual result<void> symlinkat(const char* target, int at, const char* path) noexcept = 0;
    virtual result<std::size_t> readlinkat(int at, const char* path,
                                           std::span<char> into) noexcept = 0;
    virtual unsigned umask() noexcept = 0;  // reads it, without changing it for good

    // Sockets
    virtual result<int> socket(int family, int type, int protocol) noexcept = 0;
    // Two unix sockets that are connected with each other, close-on-exec.
    virtual result<std::array<int, 2>> socketpair(int type) noexcept = 0;
    virtual result<void> bind(int descriptor, const sockaddr* address,
                              socklen_t bytes) noexcept = 0;
    virtual result<void> listen(int descriptor, int backlog) noexcept = 0;
    virtual result<void> shutdown(int descriptor, int how) noexcept = 0;
    virtual result<void> setsockopt(int descriptor, int level, int option, const void* value,
                                    socklen_t bytes) noexcept = 0;
    virtual result<socklen_t> getsockopt(int descriptor, int level, int option, void* into,
                                         socklen_t room) noexcept = 0;
    virtual result<socklen_t> getsockname(int descriptor, sockaddr* into,
                                          socklen_t room) noexcept = 0;
    virtual result<socklen_t> getpeername(int descriptor, sockaddr* into,
                                          socklen_t room) noexcept = 0;
    virtual result<std::size_t> sendmsg(int descriptor, const msghdr& message,
                                        int flags) noexcept = 0;
    virtual result<std::size_t> recvmsg(int descriptor, msghdr& message, int flags) noexcept = 0;

    // getaddrinfo(3): the addresses of `host`, which may be null, with the port of `service`. May
    // take as long as the name servers do. unresolved() for an EAI_ code.
    virtual result<void> getaddrinfo(const char* host, const char* service,
                                     std::vector<sockaddr_storage>& into) noexcept = 0;

    // SIOCINQ and SIOCOUTQ: bytes that wait to be read, and to be taken by the peer.
    virtual result<std::size_t> socket_bytes(int descriptor, bool outgoing) noexcept = 0;

    // Moving bytes. `flags` are RWF_ and SPLICE_F_ flags; a position of no_position is the
    // descriptor's own.
    static constexpr std::uint64_t no_position = UINT64_MAX;
    virtual result<std::size_t> preadv2(int descriptor, std::span<const iovec> into,
                                        std::uint64_t at, int flags) noexcept = 0;
    virtual result<std::size_t> pwritev2(int descriptor, std::span<const iovec> from,
                                         std::uint64_t at, int flags) noexcept = 0;
    virtual result<std::size_t> splice(int from, std::uint64_t from_at, int into,
                                       std::uint64_t into_at, std::size_t bytes,
                                       unsigned flags) noexcept = 0;
    virtual result<std::size_t> tee(int from, int into, std::size_t bytes,
                                    unsigned flags) noexcept = 0;
    virtual result<std::array<int, 2>> pipe2(int flags) noexcept = 0;
    virtual result<void> sync_file_range(int descriptor, std::uint64_t at, std::uint64_t bytes,
                                         unsigned flags) noexcept = 0;
    virtual result<void> madvise(std::span<std::byte> memory, int advice) noexcept = 0;
    // ioctl(2), BLKDISCARD.
    virtual result<void> block_discard(int descriptor, std::uint64_t at,
                                       std::uint64_t bytes) noexcept = 0;

    // ioctl(2) on an NVMe namespace's device: NVME_IOCTL_ID, its number; and NVME_IOCTL_IO64_CMD
    // and its like, which yield what the controller answered, 0 or a status, and wait for that.
    virtual result<std::uint32_t> nvme_id(int descriptor) noexcept = 0;
    virtual result<std::uint16_t> nvme_command(int descriptor, nvme_way way,
                                               const abi::nvme_command& words) noexcept = 0;

    // futex(2), within this process. Waiting ends with EAGAIN when the word has another value, with
    // ETIMEDOUT after `limit_ns`, and with EINTR by a signal; waking tells how many were woken.
    virtual result<void> futex_wait(const std::uint32_t& word, std::uint32_t expected,
                                    std::uint64_t limit_ns) noexcept = 0;
    virtual result<unsigned> futex_wake(const std::uint32_t& word, unsigned count_max) noexcept = 0;

    // Processes. posix_spawnp(3) and pidfd_open(2): a new process that has the signals' default
    // actions and the descriptors of `how`, but none else of ours that are close-on-exec.
    virtual result<spawned> spawn(const spawn_how& how) noexcept = 0;
    virtual result<void> pidfd_send_signal(int descriptor, int signal) noexcept = 0;
    // waitid(2) for P_PIDFD; `into.si_pid` stays 0 when WNOHANG finds it running.
    virtual result<void> waitid(int descriptor, siginfo_t& into, int options) noexcept = 0;

    // The kernel's release, such as "6.1.0-28-amd64", and RLIMIT_MEMLOCK in bytes.
    virtual std::string_view release() noexcept = 0;
    virtual std::uint64_t memlock_limit() noexcept = 0;
    // RLIMIT_NOFILE, and who asks: geteuid(2).
    virtual std::uint64_t descriptor_limit() noexcept = 0;
    virtual std::uint32_t effective_user() noexcept = 0;
};

// The kernel this program runs on. Lives as long as the process.
calls_face& linux_calls() noexcept;

}  // namespace pelton
