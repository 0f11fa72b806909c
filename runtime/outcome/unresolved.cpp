#include <pelton/runtime/outcome/unresolved.hpp>

#include <fmt/format.h>

#include <netdb.h>

#include <string>

namespace pelton {
namespace {

std::string sentence(int code) {
    switch (code) {
        case EAI_NONAME:
            return "the name is not known: no such host or service; check its spelling";
        case EAI_NODATA:
            return "the name is known but has no address; ask whoever runs that domain";
        case EAI_ADDRFAMILY:
            return "the name has no address of the wanted family";
        case EAI_AGAIN:
            return "no name server answered in time; try again, or check the network and "
                   "/etc/resolv.conf";
        case EAI_FAIL:
            return "the name server failed for good; check /etc/resolv.conf";
        case EAI_SERVICE:
            return "the service is not known; give a port number, or a name of /etc/services";
        case EAI_MEMORY:
            return "there was not enough memory to look the name up";
        default:
            return fmt::format("the name could not be looked up (EAI code {}); see getaddrinfo(3)",
                               code);
    }
}

class category final : public std::error_category {
public:
    const char* name() const noexcept override { return "pelton.unresolved"; }

    std::string message(int code) const override { return sentence(code); }
    std::error_condition default_error_condition(int code) const noexcept override {
        switch (code) {
            case EAI_AGAIN:
                return std::errc::resource_unavailable_try_again;
            case EAI_MEMORY:
                return std::errc::not_enough_memory;
            default:
                return {code, *this};
        }
    }
};

}  // namespace

std::error_code unresolved(int code) noexcept {
    static const category one;
    return {code, one};
}

std::error_code unknown_name() noexcept {
    return unresolved(EAI_NONAME);
}

}  // namespace pelton
