// From here on, one system call of this process fails: by seccomp, so there is no way back.
#pragma once

#include "buffers/death.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include <cstddef>
#include <cstdint>
#include <iterator>

namespace pelton::test {

// For a forked child. `number` is a SYS_ constant.
inline void forbid_call(long number, int errno_value) {
    const auto wanted = static_cast<std::uint32_t>(number);
    const auto answer = SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(errno_value);
    sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wanted, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, answer),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{.len = static_cast<unsigned short>(std::size(code)), .filter = code};
    require_call(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "prctl");
    require_call(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0, "prctl");
}

}  // namespace pelton::test
